"""The lab: the real control plane with a real edge, a real Prometheus, servers, and users."""
