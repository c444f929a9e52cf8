"""Specs of Canaries as users write them, valid but for what a test changes."""

from typing import Any


def canary(**spec: Any) -> dict[str, Any]:
    return {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
        "analysis": {"interval": "1m", "threshold": 5, "stepWeight": 10},
        **spec,
    }


def analysed(**analysis: Any) -> dict[str, Any]:
    return canary(analysis={"interval": "1m", "threshold": 5, **analysis})


def stepped(**analysis: Any) -> dict[str, Any]:
    return analysed(stepWeight=10, **analysis)


def served(**service: Any) -> dict[str, Any]:
    return canary(service={"port": 80, **service})
