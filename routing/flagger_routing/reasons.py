"""Reasons of the conditions and events of a TrafficRoute, beside those that every kind shares."""

from enum import StrEnum


class Reason(StrEnum):
    """What a TrafficRoute can say for itself."""

    BACKEND_NOT_READY = "BackendNotReady"
    """A share is asked for a Service without ready endpoints; the last split stays."""
    APEX_NOT_READY = "ApexNotReady"
    """`spec.apexReady` is false: apex and route are left alone."""
    ROUTE_REFUSED = "RouteRefused"
    """A Gateway says that it does not follow the route."""
    OWNED_BY_ANOTHER = "OwnedByAnother"
    """An object that we need belongs to another TrafficRoute."""
    DRIFT_REPAIRED = "DriftRepaired"
    ADOPTED = "Adopted"
    HANDED_BACK = "HandedBack"
    LEFT_BEHIND = "LeftBehind"
    FIELDS_IGNORED = "FieldsIgnored"
    NOT_JUDGED = "NotJudged"
