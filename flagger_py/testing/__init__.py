"""A World to test controllers in: an in-memory cluster, virtual time, seeded faults."""
