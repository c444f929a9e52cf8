"""What an operator of the controllers may choose: the flags of every controller process.

The names are Flux's; where Flagger has another name for the same thing both are understood. A
flag takes one dash or two, as Go's do.
"""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from flagger_py.errors import SpecError
from flagger_py.runtime.election import add_election_flags, check_terms
from flagger_py.runtime.flags import address, flag, port, seconds, switch
from flagger_py.runtime.logs import LEVELS

# With the last three a part adds flags of its own beside these.
__all__ = ["RuntimeOptions", "add_runtime_flags", "flag", "read_options", "seconds", "switch"]


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """The choices a process runs with; durations in seconds, an empty address serves nothing."""

    kubeconfig: str = ""
    context: str = ""
    master: str = ""
    namespace: str = ""
    watch_label_selector: str = ""
    concurrent: int = 16
    min_retry_delay_s: float = 0.75
    max_retry_delay_s: float = 900.0
    requeue_dependency_s: float = 30.0
    interval_jitter_percentage: int = 5
    leader_election: bool = False
    leader_election_namespace: str = ""
    leader_election_release_on_cancel: bool = True
    lease_duration_s: float = 35.0
    renew_deadline_s: float = 30.0
    retry_period_s: float = 5.0
    metrics_addr: str = ""
    health_addr: str = ""
    events_addr: str = ""
    log_level: str = "info"
    log_encoding: str = "json"
    default_service_account: str = ""
    no_cross_namespace_refs: bool = False
    insecure_allow_http: bool = True
    egress_allow_link_local: bool = False
    egress_allow_hosts: tuple[str, ...] = ()
    graceful_shutdown_timeout_s: float = 30.0
    identity: str = ""
    program: str = "flagger-py"
    mesh_provider: str = ""


def add_runtime_flags(parser: argparse.ArgumentParser) -> None:
    """Teach *parser* the flags that every controller has."""
    _cluster_flags(parser)
    _work_flags(parser)
    add_election_flags(parser)
    _surface_flags(parser)
    _safety_flags(parser)


def read_options(args: argparse.Namespace, environ: Mapping[str, str]) -> RuntimeOptions:
    """Collect the options from parsed *args*; raises `SpecError` naming the flag that is wrong."""
    namespace = args.namespace
    if not namespace and not args.watch_all_namespaces:
        namespace = environ.get("RUNTIME_NAMESPACE", "")
        if not namespace:
            raise SpecError("--watch-all-namespaces=false needs RUNTIME_NAMESPACE or --namespace")
    if args.concurrent < 1:
        raise SpecError(f"--concurrent={args.concurrent}: at least one object must be worked on")
    if args.unknown_gates:
        raise SpecError(f"--feature-gates: {args.unknown_gates} is unknown; there are none yet")
    check_terms(args)
    home = environ.get("RUNTIME_NAMESPACE") or namespace or "kube-system"
    return RuntimeOptions(
        **{name: getattr(args, name) for name in _as_parsed()},
        leader_election=args.enable_leader_election,
        namespace=namespace,
        leader_election_namespace=args.leader_election_namespace or home,
        metrics_addr=f":{args.port}" if args.metrics_addr is None else args.metrics_addr,
        egress_allow_hosts=tuple(h for h in args.egress_allow_hosts.split(",") if h),
        identity=environ.get("POD_NAME") or environ.get("HOSTNAME") or os.uname().nodename,
    )


def _as_parsed() -> list[str]:
    """Name the options that are what their flag says."""
    made = (
        "namespace",
        "leader_election",
        "leader_election_namespace",
        "metrics_addr",
        "egress_allow_hosts",
    )
    of_the_process = ("identity", "program", "mesh_provider")
    return [f.name for f in fields(RuntimeOptions) if f.name not in (*made, *of_the_process)]


def _cluster_flags(parser: argparse.ArgumentParser) -> None:
    flag(parser, "kubeconfig", default="", help="Path to a kubeconfig; in a cluster not needed.")
    flag(parser, "context", default="", help="Context of the kubeconfig; its current one if empty.")
    flag(parser, "master", default="", help="Address of the API server; overrides the kubeconfig.")
    flag(parser, "namespace", default="", help="Watch this namespace alone; all if empty.")
    switch(
        parser,
        "watch-all-namespaces",
        default=True,
        help="If false, watch only the namespace in RUNTIME_NAMESPACE.",
    )
    flag(
        parser,
        "watch-label-selector",
        default="",
        help="Reconcile only objects with these labels (sharding).",
    )
    flag(
        parser,
        "watch-configs-label-selector",
        default="reconcile.fluxcd.io/watch=Enabled",
        help="Accepted; what is tracked is watched by its name, whatever its labels.",
    )
    ignored = "Accepted; the API server's own fairness limits our requests."
    flag(parser, "kube-api-qps", "kubeconfig-qps", default=50.0, type=float, help=ignored)
    flag(parser, "kube-api-burst", "kubeconfig-burst", default=300, type=int, help=ignored)


def _work_flags(parser: argparse.ArgumentParser) -> None:
    flag(
        parser,
        "concurrent",
        default=16,
        type=int,
        help="Objects worked on at once; those waiting for a foreign server do not count.",
    )
    flag(parser, "threadiness", default=2, type=int, help="Accepted; see --concurrent.")
    _duration(
        parser,
        "min-retry-delay",
        0.75,
        "Pause after the first failure of an object; it doubles with each that follows.",
    )
    _duration(parser, "max-retry-delay", 900.0, "Longest pause after a failure of an object.")
    waiting = "Pause before the next look at an object that waits for what it refers to."
    _duration(parser, "requeue-dependency", 30.0, waiting)
    spread = "By how many percent at most an interval is made longer or shorter."
    flag(parser, "interval-jitter-percentage", default=5, type=int, help=spread)
    finishing = "How long passes under way may take to finish after SIGTERM."
    _duration(parser, "graceful-shutdown-timeout", 30.0, finishing)
    none_yet = "Accepted while empty; no gate exists yet."
    flag(parser, "feature-gates", default="", dest="unknown_gates", help=none_yet)


def _surface_flags(parser: argparse.ArgumentParser) -> None:
    flag(parser, "port", default="8080", type=port, help="Port of /metrics and /healthz.")
    flag(
        parser,
        "metrics-addr",
        default=None,
        type=address,
        help="Address of /metrics; overrides --port.",
    )
    flag(parser, "health-addr", default=":9440", type=address, help="Address of /healthz, /readyz.")
    flag(parser, "events-addr", default="", help="Where Flux's notification controller listens.")
    flag(
        parser,
        "log-level",
        default="info",
        choices=tuple(LEVELS),
        help=f"Least severe log lines that are written: {', '.join(LEVELS)}.",
    )
    flag(
        parser,
        *("log-encoding", "zap-encoding"),
        default="json",
        choices=("json", "console"),
        help="How log lines are written: json for programs, console for people.",
    )
    switch(parser, "zap-replace-globals", default=False, help="Accepted; there is only one logger.")


def _safety_flags(parser: argparse.ArgumentParser) -> None:
    flag(
        parser,
        "default-service-account",
        default="",
        help="ServiceAccount to impersonate where an object names none.",
    )
    switch(
        parser,
        "no-cross-namespace-refs",
        default=False,
        help="Refuse every reference into another namespace.",
    )
    switch(parser, "insecure-allow-http", default=True, help="Allow unencrypted HTTP.")
    switch(
        parser,
        "egress-allow-link-local",
        default=False,
        help="Allow link-local and cloud metadata addresses.",
    )
    flag(
        parser,
        "egress-allow-hosts",
        default="",
        help="Comma-separated hosts (with *) that may be called; all if empty.",
    )


def _duration(
    parser: argparse.ArgumentParser, name: str, default_s: float, about: str, option: str = ""
) -> None:
    """Add a flag that takes a Go duration for *option*, else for the option of its own name."""
    dest = option or f"{name.replace('-', '_')}_s"
    flag(parser, name, default=default_s, type=seconds, dest=dest, help=about)
