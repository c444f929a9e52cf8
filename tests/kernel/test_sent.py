"""What is read of an object that the API server sent, and what of it is kept."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.runtime.sent import LAST_APPLIED, UnreadableError, event_of, page_of, sent

OURS = {"manager": "flagger-rollout", "operation": "Apply", "fieldsV1": {"f:spec": {}}}
STATUS = {**OURS, "subresource": "status", "fieldsV1": {"f:status": {}}}
THEIRS = {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:x": {}}}}
DEEP = b"[" * 3000 + b"]" * 3000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=10,
)


def an_object(**meta: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web", "namespace": "apps", **meta}, "spec": {"replicas": 2}}


def kept(manifest: dict[str, Any]) -> Any:
    return orjson.loads(sent(manifest).slim())


@settings(max_examples=50)
@given(spec=st.dictionaries(st.text(), VALUES), labels=st.dictionaries(st.text(), st.text()))
def test_whatever_an_object_says_is_kept(spec: dict[str, Any], labels: dict[str, str]) -> None:
    manifest = {**an_object(labels=labels, uid="u-1"), "spec": spec}

    found = sent(manifest)

    assert orjson.loads(found.slim()) == manifest
    assert found.manifest() == manifest
    assert (found.key, found.uid, found.labels) == (Key("apps", "web"), "u-1", labels)


@pytest.mark.parametrize(
    ("entries", "left"),
    [([THEIRS, OURS, STATUS], [OURS]), ([OURS], [OURS])],
    ids=["others-too", "ours-alone"],
)
def test_the_fields_that_we_apply_are_kept(entries: list[Any], left: list[Any]) -> None:
    assert kept(an_object(managedFields=entries))["metadata"]["managedFields"] == left


@pytest.mark.parametrize(
    "entries",
    [[THEIRS], [STATUS], [{"manager": None}], [], None],
    ids=["others", "a-status", "nobody", "empty", "null"],
)
def test_fields_that_nobody_reads_are_not(entries: list[Any] | None) -> None:
    assert kept(an_object(managedFields=entries)) == an_object()


def test_kubectls_copy_of_the_object_is_not_kept() -> None:
    both = an_object(annotations={"a": "b", LAST_APPLIED: "{}"})
    alone = an_object(annotations={LAST_APPLIED: "{}"})

    assert kept(both) == an_object(annotations={"a": "b"})
    assert kept(alone) == an_object(annotations={})


def test_items_of_a_list_learn_their_kind() -> None:
    body = {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [an_object()]}

    page = page_of(orjson.dumps(body), DEPLOYMENT)

    assert (page.version, page.token) == ("7", "more")
    assert page.items[0].manifest() == {
        **an_object(),
        "apiVersion": "apps/v1",
        "kind": "Deployment",
    }


@pytest.mark.parametrize("items", [None, []], ids=["null", "empty"])
def test_a_list_may_have_no_items(items: list[Any] | None) -> None:
    body = {"metadata": {"resourceVersion": "7"}, "items": items}

    assert page_of(orjson.dumps(body), DEPLOYMENT).items == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"[]",
        b'{"items":[]}',
        b'{"metadata":{},"items":[{"metadata":{}}]}',
        b'{"metadata":{},"items":[{"metadata":{"name":7}}]}',
        b'{"metadata":{},"items":[{"metadata":{"name":"a","labels":{"b":7}}}]}',
        b'{"metadata":{},"items":[{"metadata":{"name":"a"},"spec":"\xff"}]}',
        b'{"metadata":{},"items":[{"metadata":{"name":"a"},"spec":' + DEEP + b"}]}",
    ],
    ids=[
        "html",
        "nothing",
        "an-array",
        "no-metadata",
        "no-name",
        "a-number-for-a-name",
        "a-number-for-a-label",
        "no-utf-8",
        "too-deep",
    ],
)
def test_what_is_no_list_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        page_of(body, DEPLOYMENT)


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","obj',
        b'{"type":"ADDED","object":{"metadata":{}}}',
        b'{"type":"ADDED","object":{"metadata":{"name":7}}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":"\xff"}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":' + DEEP + b"}}",
        b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}',
    ],
    ids=[
        "array",
        "bare",
        "half",
        "no-name",
        "a-number-for-a-name",
        "no-utf-8",
        "too-deep",
        "a-number-for-a-version",
    ],
)
def test_what_is_no_event_is_unreadable(line: bytes) -> None:
    with pytest.raises(UnreadableError):
        event_of(line)


def test_an_error_is_told_by_its_status() -> None:
    event = event_of(b'{"type":"ERROR","object":{"kind":"Status","code":410}}')

    assert (event.type, event.item, event.status) == (
        "ERROR",
        None,
        {"kind": "Status", "code": 410},
    )


def test_a_bookmark_has_nothing_but_a_version() -> None:
    line = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"12746"}}}'

    event = event_of(line)

    assert (event.type, event.version) == ("BOOKMARK", "12746")


@pytest.mark.parametrize(("text", "version"), [("12", 12), ("", 0), ("abc", 0)])
def test_a_version_that_is_no_number_counts_as_none(text: str, version: int) -> None:
    found = sent(an_object(resourceVersion=text))

    assert (found.resource_version, found.version) == (text, version)
