"""The demo: a release that is promoted and one that is rolled back, with real traffic."""

import click


@click.command()
def demo() -> int:
    """Watch a good release promoted and a bad one rolled back."""
    from ..demo.story import run

    return run()
