"""The demo: a release that is promoted and one that is rolled back, with real traffic."""

import click


@click.command()
def demo() -> int:
    """Watch a good release promoted and a bad one rolled back.

    On a terminal of at least 60 columns and 16 rows it is a live picture, elsewhere plain lines.
    It needs Traefik and takes half a minute. What it started ends with it; the folder of its logs
    stays when something went wrong, and is named.
    """
    from ..demo.story import run

    return run()
