"""The flags by which replicas elect the one that works, and which durations go together."""

import argparse

from flagger_py.errors import SpecError
from flagger_py.runtime.flags import flag, seconds, switch

JITTER = 1.2
"""By which client-go stretches the retry period: `JitterFactor` of its `leaderelection` package."""


def add_election_flags(parser: argparse.ArgumentParser) -> None:
    elected = "Work only while holding a Lease, so that several replicas may run."
    switch(parser, "enable-leader-election", default=False, help=elected)
    flag(
        parser,
        "leader-election-namespace",
        default="",
        help="Namespace of the Lease; RUNTIME_NAMESPACE, --namespace or kube-system if empty.",
    )
    switch(parser, "leader-election-release-on-cancel", default=True, help="Give the Lease back.")
    flag(
        parser,
        "leader-election-lease-duration",
        default=35.0,
        type=seconds,
        dest="lease_duration_s",
        help="How long a Lease that nobody renews keeps other replicas from taking it.",
    )
    flag(
        parser,
        "leader-election-renew-deadline",
        default=30.0,
        type=seconds,
        dest="renew_deadline_s",
        help="How long the holder tries to renew the Lease before it stops working.",
    )
    flag(
        parser,
        "leader-election-retry-period",
        default=5.0,
        type=seconds,
        dest="retry_period_s",
        help="Pause between two attempts to take or to renew the Lease.",
    )


def check_terms(args: argparse.Namespace) -> None:
    """Raise `SpecError` where two replicas would lead at once, or none for long.

    The conditions are those of client-go's `NewLeaderElector`: a holder stops before its Lease
    may be taken, and has tried to renew it by then.
    """
    if not args.enable_leader_election:
        return
    lease_s, deadline_s = args.lease_duration_s, args.renew_deadline_s
    if lease_s <= deadline_s:
        raise SpecError(
            f"--leader-election-lease-duration={lease_s:g}s must be longer than "
            f"--leader-election-renew-deadline={deadline_s:g}s: another replica would begin "
            f"before this one stops"
        )
    if deadline_s <= JITTER * args.retry_period_s:
        raise SpecError(
            f"--leader-election-renew-deadline={deadline_s:g}s must be longer than {JITTER:g} "
            f"times --leader-election-retry-period={args.retry_period_s:g}s: the Lease would be "
            f"lost before it is renewed"
        )
    if args.retry_period_s <= 0:
        raise SpecError("--leader-election-retry-period must be longer than 0s")
