"""The surroundings of a simulated cluster: servers that answer, and the four parts composed."""
