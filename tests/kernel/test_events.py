"""What an Event carries, so that Flux's notification controller tells it from another."""

from dataclasses import replace
from typing import Any

from flagger_py.clock import wall_clock
from flagger_py.decision import Emit
from flagger_py.runtime.events import event_for
from flagger_py.runtime.flux_events import payload
from flagger_py.subject import Subject
from flagger_py.wire import Manifest
from tests.kernel.toy import BELLS, BellSpec, BellStatus, a_bell

META = {"name": "big", "namespace": "test", "uid": "u-1", "resourceVersion": "7"}


def event(manifest: Manifest, emit: Emit) -> dict[str, Any]:
    subject = Subject(manifest, BellSpec(), BellStatus(), wall_clock())
    return event_for(subject, emit, BELLS, "pod-1")


def bell(**spec: Any) -> dict[str, Any]:
    return {**a_bell(**spec), "metadata": META}


def test_an_event_has_the_revision_and_the_token_under_its_kinds_group() -> None:
    found = event(bell(revision="main@sha1:abc"), Emit("Rang", "It rang", token="step-2"))

    wanted = {"toy.flagger.app/revision": "main@sha1:abc", "toy.flagger.app/token": "step-2"}
    assert found["metadata"]["annotations"] == wanted
    assert payload(found)["metadata"] == wanted


def test_an_event_of_an_object_without_a_revision_has_a_token_all_the_same() -> None:
    """Without it the same words about the next release would be dropped as a duplicate."""
    found = event(bell(), Emit("Rang", "It rang"))

    assert found["metadata"]["annotations"] == {"toy.flagger.app/token": "7"}


def test_what_flux_carries_into_every_event_is_kept_beside() -> None:
    manifest = bell()
    manifest["metadata"] = {**META, "annotations": {"event.toolkit.fluxcd.io/team": "a", "b": "c"}}

    found = event(manifest, Emit("Rang", "It rang", token="t"))

    assert found["metadata"]["annotations"] == {
        "event.toolkit.fluxcd.io/team": "a",
        "toy.flagger.app/token": "t",
    }


def test_an_event_of_an_object_whose_spec_is_no_spec_can_be_written() -> None:
    subject = replace(Subject(bell(), BellSpec(), BellStatus(), wall_clock()))
    broken = replace(subject, manifest={**bell(), "spec": {"revision": 7}})

    found = event_for(broken, Emit("Rang", "It rang", token="t"), BELLS, "pod-1")

    assert found["metadata"]["annotations"] == {"toy.flagger.app/token": "t"}
