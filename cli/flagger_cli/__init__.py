"""The command line: composes the four parts for one process, a demo or a person at a terminal."""
