"""A request to look again now, as `flux reconcile` makes it."""

import asyncio

import click

from flagger_py.clock import rfc3339_micro, wall_clock
from flagger_py.errors import SpecError, Unavailable
from flagger_py.quantities import duration_s, duration_text
from flagger_py.refs import Key, Kind

from ..access import Access, with_access
from ..kind_names import KindName
from ..reach import reach_of, reach_options
from ..reconciling import Request, Rest, handled, request, rest, until
from ..rows import standing


@click.command()
@click.argument("kind", type=KindName())
@click.argument("name", metavar="NAMESPACE/NAME", is_eager=True)
@click.option("--force", is_flag=True, help="Try a revision again that was rolled back.")
@click.option("--reset", is_flag=True, help="Set the failed checks of a release to zero.")
@click.option(
    "--no-wait", is_flag=True, help="Only wait until it was looked at, not until it is at rest."
)
@click.option("--timeout", default="5m", show_default=True, help="How long to wait at most.")
@reach_options
def reconcile(
    kind: Kind, name: str, *, force: bool, reset: bool, no_wait: bool, timeout: str
) -> int:
    """Ask the controller of an object to look at it now, and wait until it has.

    Writes Flux's annotation reconcile.fluxcd.io/requestedAt, as `flux reconcile` does. Then it
    waits until the object is at rest, for a Canary under way until its release has ended. Exits
    with 1 when that did not come in time, or all is not well then.
    """
    try:
        limit_s = duration_s(timeout, "--timeout")
    except SpecError as error:
        raise click.UsageError(error.message) from error
    wanted = Request(rfc3339_micro(wall_clock()), force, reset)

    async def asked(access: Access) -> int:
        key = access.key(name)
        await request(access, kind, key, wanted)
        click.echo(f"{kind.kind} {key}: asked for a reconciliation")
        try:
            async with asyncio.timeout(limit_s):
                return await _answered(access, kind, key, wanted.token, no_wait=no_wait)
        except TimeoutError:
            raise await _late(access, kind, key, wanted.token, limit_s) from None

    return with_access(reach_of(click.get_current_context()), asked)


async def _answered(access: Access, kind: Kind, key: Key, token: str, *, no_wait: bool) -> int:
    """Say what came of the request; returns the exit code."""
    found = await until(access, kind, key, lambda now: handled(now, token))
    status, message = standing(found)
    if no_wait:
        click.echo(f"{kind.kind} {key}: looked at; Ready is {status}: {message}")
        return 0
    if rest(found) is None:
        click.echo(f"{kind.kind} {key}: looked at, it is under way: {message}")
        found = await until(access, kind, key, lambda now: rest(now) is not None)
    ended = rest(found) or Rest(well=False, sentence=message)
    click.echo(f"{kind.kind} {key}: {'ready' if ended.well else 'not ready'}: {ended.sentence}")
    return 0 if ended.well else 1


async def _late(access: Access, kind: Kind, key: Key, token: str, limit_s: float) -> Unavailable:
    """Say what the request still waits for."""
    found, what = await access.need(kind, key), f"{kind.kind} {key}"
    within = duration_text(limit_s)
    if handled(found, token):
        return Unavailable(
            f"{what} was looked at and is under way after {within}: {standing(found)[1]}; "
            f"--timeout waits longer, --no-wait not at all"
        )
    return Unavailable(
        f"nobody looked at {what} within {within}; see whether its controller runs, and watches "
        f"this namespace"
    )
