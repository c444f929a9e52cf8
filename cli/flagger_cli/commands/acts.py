"""What a person does to a release: approve, pause, resume, promote, roll back."""

from collections.abc import Callable
from typing import Any

import click

from flagger_py.clock import wall_clock
from flagger_py.errors import SpecError
from flagger_py.refs import Key, Kind, key_of
from flagger_py.wire import Manifest

from .. import orders
from ..access import Access, with_access
from ..audit import carry_out
from ..orders import Deed, Order
from ..picture import look
from ..reach import reach_of, reach_options
from ..resources import kind_called

_NAME = "NAMESPACE/NAME"


def _act(
    context: click.Context,
    word: str,
    order_for: Callable[[Manifest], Order | None],
    already: str = "",
) -> None:
    """Carry out what *order_for* says about the Canary named *word*; *already* is why nothing."""
    kind = kind_called("canaries")

    async def act(access: Access) -> None:
        canary = await access.need(kind, access.key(word))
        await _obey(access, kind, canary, order_for(canary), already)

    with_access(reach_of(context), act)


async def _obey(
    access: Access, kind: Kind, manifest: Manifest, order: Order | None, already: str
) -> None:
    what = f"{kind.kind} {key_of(manifest)}"
    if order is None:
        click.echo(f"{what}: nothing to do: {already}")
        return
    await carry_out(access, kind, manifest, order, wall_clock())
    click.echo(f"{what}: {order.sentence}, recorded as done by {access.user}")
    if order.note:
        click.echo(f"note: {order.note}", err=True)


@click.command()
@click.argument("canary", metavar=_NAME)
@reach_options
@click.pass_context
def pause(context: click.Context, canary: str) -> None:
    """Stop a Canary where it is.

    Sets spec.suspend: nothing is asked and nothing changes until `resume`. Traffic stays as it is.
    """
    _act(context, canary, orders.pause, "it is paused already")


@click.command()
@click.argument("canary", metavar=_NAME)
@reach_options
@click.pass_context
def resume(context: click.Context, canary: str) -> None:
    """Let a paused Canary go on."""
    _act(context, canary, orders.resume, "it is not paused")


@click.command()
@click.argument("canary", metavar=_NAME)
@reach_options
@click.pass_context
def promote(context: click.Context, canary: str) -> None:
    """Promote the release under way without further checks.

    The command is about this run of this revision alone: for another one it means nothing.
    """
    _act(context, canary, lambda found: orders.command(found, Deed.PROMOTE))


@click.command()
@click.argument("canary", metavar=_NAME)
@reach_options
@click.pass_context
def rollback(context: click.Context, canary: str) -> None:
    """Roll the release under way back: all requests go to the primary.

    The command is about this run of this revision alone: for another one it means nothing.
    """
    _act(context, canary, lambda found: orders.command(found, Deed.ROLL_BACK))


@click.command()
@click.argument("name", metavar=_NAME)
@click.option("--gate", default="", help="The Gate, or the webhook it is made from.")
@reach_options
@click.pass_context
def approve(context: click.Context, name: str, gate: str) -> None:
    """Answer a Gate that waits for a person.

    NAME is a Canary, whose only waiting Gate is meant unless --gate says which, or a Gate that
    belongs to none. The approval is for the question that stands now. It carries the name of the
    kubeconfig's user, which is a claim: controllers that run with
    --require-authenticated-approval ignore it.
    """
    kind = kind_called("gates")

    async def act(access: Access) -> None:
        found = await _gate(access, kind, access.key(name), gate)
        order = orders.approve(found, access.user)
        await _obey(access, kind, found, order, "it is approved already")

    with_access(reach_of(context), act)


async def _gate(access: Access, kind: Kind, key: Key, wanted: str) -> Manifest:
    canary: Any = await access.client.get(kind_called("canaries"), key)
    if canary is None:
        alone = None if wanted else await access.client.get(kind, key)
        if alone is None:
            nor = "" if wanted else ", nor a Gate"
            raise SpecError(
                f"there is no Canary {key}{nor}; flagger-py get canaries -A lists the Canaries"
            )
        return alone
    picture = await look(access, key)
    gates = [g.manifest for g in picture.gates if g.manifest is not None and g.kind == kind.kind]
    return orders.choose(gates, wanted, key.name)
