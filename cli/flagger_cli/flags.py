"""How `run` reads the flags of controllers: as they do themselves, with click's errors."""

from typing import NoReturn

import click

from flagger_py.runtime import flags


class FlagParser(flags.FlagParser):
    """Reports what is wrong as click does."""

    def error(self, message: str) -> NoReturn:
        raise click.UsageError(flags.plain(message))
