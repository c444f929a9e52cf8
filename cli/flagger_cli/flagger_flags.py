"""Flagger's flags that nothing here acts on: accepted where that changes nothing, else refused."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flagger_py.errors import SpecError
from flagger_py.runtime.options import flag, seconds


@dataclass(frozen=True, slots=True)
class Later:
    """A flag of Flagger's with its default; *why* says what is not there yet, and what to do."""

    name: str
    why: str
    default: str = ""
    variable: str = ""
    """The environment variable that says the same."""


_ALERTS = "this version sends no alerts; remove it, and be told of events by --event-webhook"

LATER = (
    Later("slack-url", _ALERTS, variable="SLACK_URL"),
    Later("slack-token", _ALERTS, variable="SLACK_TOKEN"),
    Later("slack-proxy-url", _ALERTS, variable="SLACK_PROXY_URL"),
    Later("slack-user", _ALERTS, default="flagger"),
    Later("slack-channel", _ALERTS),
    Later("msteams-url", _ALERTS, variable="MSTEAMS_URL"),
    Later("msteams-proxy-url", _ALERTS, variable="MSTEAMS_PROXY_URL"),
    Later("cluster-name", "only alerts would carry it, and this version sends none; remove it"),
    Later(
        "kubeconfig-service-mesh",
        "routes in another cluster than the workloads' are not supported yet; "
        "run the controllers where both are",
    ),
    Later(
        "ingress-annotations-prefix",
        "no router of this version writes annotations of an Ingress; remove it",
        default="nginx.ingress.kubernetes.io",
    ),
)


def add_flagger_flags(parser: argparse.ArgumentParser) -> None:
    """Teach *parser* those flags; a part that has one of them itself adds it afterwards."""
    flag(
        parser,
        "control-loop-interval",
        default=10.0,
        type=seconds,
        dest="control_loop_interval_s",
        help="Accepted; a change is seen when it happens. See --min-interval.",
    )
    for later in LATER:
        flag(
            parser,
            later.name,
            default=later.default,
            dest=_dest(later),
            help=f"Refused unless it says the default: {later.why}.",
        )


def refuse_later(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Raise `SpecError` for everything asked for by flag or variable that nothing would act on."""
    found = tuple(_asked(flags, environ))
    if found:
        raise SpecError("; ".join(found), reason="NotSupported")


def _asked(flags: argparse.Namespace, environ: Mapping[str, str]) -> Iterator[str]:
    for later in LATER:
        value = getattr(flags, _dest(later), None)
        if value is None:
            continue  # A part has this flag itself by now.
        if value and value != later.default:
            yield f"--{later.name}: {later.why}"
        elif later.variable and environ.get(later.variable):
            yield f"the environment variable {later.variable}: {later.why}"


def _dest(later: Later) -> str:
    return "later_" + later.name.replace("-", "_")
