"""The two built-in metrics of a provider, as query templates."""

from dataclasses import dataclass

SUCCESS_RATE = "request-success-rate"
DURATION = "request-duration"
BUILT_INS = (SUCCESS_RATE, DURATION)

POD_OF_REPLICA_SET = "{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"
POD_OF_CONTROLLER = "{{ target }}-[0-9a-zA-Z]+"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """Templates of Flagger 1.44 (`pkg/metrics/observers`) for the percentage of requests that
    succeeded and for their duration; *seconds* says that the latter comes in seconds, not in
    milliseconds.

    *bare_errors* tells where Flagger passes a provider's error on without `running query failed`.
    """

    success_rate: str
    duration: str
    seconds: bool = False
    bare_errors: bool = False
    clean_names: bool = False
    """Names are written into the labels with every character but letters, digits and `_` as `_`."""

    def query(self, metric: str, kind: str) -> str:
        """Return the template of *metric* for a target of *kind*.

        Pods that a DaemonSet or StatefulSet makes itself have one segment after its name, where a
        ReplicaSet's have two; the longer pattern would match the primary's pods alone.
        """
        text = self.success_rate if metric == SUCCESS_RATE else self.duration
        if kind in ("DaemonSet", "StatefulSet"):
            return text.replace(POD_OF_REPLICA_SET, POD_OF_CONTROLLER)
        return text
