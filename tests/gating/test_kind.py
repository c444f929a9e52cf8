"""What a Gate's manifest may say, in Python and in its CustomResourceDefinition."""

from typing import Any

import pytest

from flagger_gating.api import GateSpec
from flagger_gating.resources import RESOURCES
from flagger_py.crd import definition
from flagger_py.errors import SpecError

from .bench import URL, Bench, gate


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, "found none that is known"),
        ({"horoscope": {}}, "found none that is known"),
        ({"webhook": {"url": URL}, "manual": {}}, "found webhook and manual"),
    ],
    ids=["none", "unknown", "two"],
)
def test_a_gate_asks_exactly_one_question(question: dict[str, Any], found: str) -> None:
    with pytest.raises(SpecError, match="exactly one of webhook, manual, window") as raised:
        GateSpec.read({"question": question}, "spec")

    assert found in raised.value.message
    assert "spec.question" in raised.value.message


@pytest.mark.parametrize(
    "hook",
    [
        {"url": "approvals.test/gate"},
        {"url": "file:///etc/passwd"},
        {"url": URL, "timeout": "soon"},
        {"url": URL, "retries": -1},
        {"url": URL, "headers": {"X-A": "b\r\nX-C: d"}},
        {"url": URL, "headers": {"X A": "b"}},
        {"url": URL, "secretRef": {"name": ""}},
    ],
    ids=[
        "no scheme",
        "no http",
        "timeout",
        "retries",
        "split header",
        "header name",
        "secret",
    ],
)
def test_a_webhook_that_cannot_be_sent_is_refused(hook: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"spec\.question\.webhook"):
        GateSpec.read({"question": {"webhook": hook}}, "spec")


def test_a_refused_gate_is_stalled_closed_and_acknowledged() -> None:
    bench = Bench(gate({"horoscope": {}}, run={"token": "t1"}))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "InvalidSpec")
    assert not bench.gated.open
    assert bench.manifest["status"]["observedGeneration"] == 1


def test_the_definition_names_the_kind_and_refuses_two_questions() -> None:
    (resource,) = RESOURCES

    spec = definition(resource)["spec"]

    names = (spec["group"], spec["names"]["plural"], spec["names"]["kind"])
    assert names == ("gating.flagger.app", "gates", "Gate")
    assert "shortNames" not in spec["names"]
    schema = spec["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    question = schema["spec"]["properties"]["question"]
    assert set(question["properties"]) == {"webhook", "manual", "window"}
    assert "exists_one" in question["x-kubernetes-validations"][0]["rule"]
    assert "disableTLS" in question["properties"]["webhook"]["properties"]
    assert schema["status"]["default"] == {"observedGeneration": -1}
