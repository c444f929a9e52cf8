"""Who is woken by what: reads of the latest pass, also those that found nothing."""

import pytest

from flagger_py.refs import DEPLOYMENT, SERVICE, Key, Kind
from flagger_py.runtime.interest import Interest, Reader
from flagger_py.runtime.store import Change, Labels

ME: Reader = ("rollout", Key("apps", "podinfo"))
OTHER: Reader = ("routing", Key("apps", "podinfo"))
WEB = Key("apps", "web")


def changed(
    key: Key = WEB,
    kind: Kind = DEPLOYMENT,
    before: Labels | None = None,
    after: Labels | None = None,
) -> Change:
    return Change(kind, key, 1, before, after, False)


def test_whoever_read_an_object_is_woken_by_its_change() -> None:
    interest = Interest()
    interest.open(ME)
    interest.note(ME, DEPLOYMENT, WEB)

    assert interest.concerned(changed(before={}, after={})) == (ME,)


def test_whoever_looked_for_an_object_in_vain_is_woken_when_it_appears() -> None:
    interest = Interest()
    interest.open(ME)
    interest.note(ME, DEPLOYMENT, WEB)

    assert interest.concerned(changed(before=None, after={})) == (ME,)


def test_an_object_of_the_same_name_and_another_kind_concerns_nobody() -> None:
    interest = Interest()
    interest.open(ME)
    interest.note(ME, DEPLOYMENT, WEB)

    assert interest.concerned(changed(kind=SERVICE, after={})) == ()


def test_a_new_pass_forgets_what_the_last_one_read() -> None:
    interest = Interest()
    interest.open(ME)
    interest.note(ME, DEPLOYMENT, WEB)
    interest.note_select(ME, DEPLOYMENT, "apps", {"app": "web"})
    interest.open(ME)

    assert interest.concerned(changed(after={"app": "web"})) == ()
    assert not interest.wanted(DEPLOYMENT, WEB)


def test_readers_of_one_object_do_not_forget_for_one_another() -> None:
    interest = Interest()
    for reader in (ME, OTHER):
        interest.open(reader)
        interest.note(reader, DEPLOYMENT, WEB)
    interest.open(ME)

    assert interest.concerned(changed(after={})) == (OTHER,)


@pytest.mark.parametrize(
    ("before", "after", "woken"),
    [
        pytest.param(None, {"app": "web", "x": "y"}, True, id="appears"),
        pytest.param({"app": "web"}, None, True, id="goes"),
        pytest.param({"app": "web"}, {"app": "other"}, True, id="loses-the-label"),
        pytest.param({"app": "other"}, {"app": "web"}, True, id="gains-the-label"),
        pytest.param({"app": "other"}, {"app": "other"}, False, id="never-had-it"),
    ],
)
def test_a_selection_is_woken_by_what_enters_or_leaves_it(
    before: Labels | None, after: Labels | None, woken: bool
) -> None:
    interest = Interest()
    interest.open(ME)
    interest.note_select(ME, DEPLOYMENT, "apps", {"app": "web"})

    found = interest.concerned(changed(before=before, after=after))

    assert found == ((ME,) if woken else ())


@pytest.mark.parametrize(
    ("namespace", "woken"), [("apps", True), ("", True), ("other", False)], ids=str
)
def test_a_selection_is_confined_to_its_namespace(namespace: str, woken: bool) -> None:
    interest = Interest()
    interest.open(ME)
    interest.note_select(ME, DEPLOYMENT, namespace, {})

    assert interest.concerned(changed(after={})) == ((ME,) if woken else ())


def test_a_kind_that_can_be_read_at_last_wakes_all_who_tried() -> None:
    interest = Interest()
    interest.open(ME)
    interest.note(ME, SERVICE, WEB)
    interest.open(OTHER)
    interest.note_select(OTHER, SERVICE, "apps", {"app": "web"})

    assert set(interest.readers_of(SERVICE)) == {ME, OTHER}


def test_one_object_that_can_be_read_at_last_wakes_those_who_tried_that_one() -> None:
    interest = Interest()
    interest.open(ME)
    interest.note(ME, SERVICE, WEB)
    interest.open(OTHER)
    interest.note(OTHER, SERVICE, Key("apps", "another"))

    assert interest.readers_of(SERVICE, WEB) == (ME,)


def test_many_readers_of_one_object_come_and_go_each_for_himself() -> None:
    interest = Interest()
    crowd: list[Reader] = [("rollout", Key("apps", str(number))) for number in range(20)]
    for reader in crowd:
        interest.open(reader)
        interest.note(reader, DEPLOYMENT, WEB)
    for reader in crowd[:15]:
        interest.open(reader)

    assert interest.concerned(changed(after={})) == tuple(crowd[15:])
