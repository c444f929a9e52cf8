"""The demo: a good release promoted and a bad one rolled back on this machine, without a cluster.

Real controllers, a real proxy, real processes as pods and real requests; only the API server is
the in-memory one. `story.run` is the way in.
"""
