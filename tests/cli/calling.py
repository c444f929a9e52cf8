"""The command line as a person calls it."""

from click.testing import CliRunner, Result

from flagger_cli.program import cli


def call(*args: str, text: str | None = None) -> Result:
    """Run the command line as a person would, without a cluster."""
    return CliRunner().invoke(cli, list(args), input=text, prog_name="flagger-py")
