"""The commands, one module each; `flagger_cli.program` loads the one that is asked for."""
