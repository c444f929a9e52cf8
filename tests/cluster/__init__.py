"""The real control plane as local processes, and what is claimed against it."""
