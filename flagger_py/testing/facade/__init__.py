"""A World's store behind HTTP: the verbs of the Kubernetes API for real clients, on loopback.

`server.serve` is the way in; `python -m flagger_py.testing.facade` is a process of its own.
"""
