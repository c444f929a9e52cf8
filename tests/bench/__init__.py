"""What the controllers cost and how prompt they are, measured: `python -m tests.bench`.

Every measurement is a module with a function; those that need a process or a network of their own
run in one and print their result as JSON. `page` writes what was found.
"""
