"""The shell: the only place that knows kopf, kubernetes, HTTP servers, leases and signals."""
