"""What a user reads about values that are not what their fields want."""

from enum import StrEnum
from typing import Any

import pytest
from pydantic import Field

from flagger_py.errors import SpecError
from flagger_py.wire import Wire


class _Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class _Item(Wire):
    interval: str = "1m"
    label: str = Field(default="a", min_length=1)
    count: int = 0
    url: str = Field(default="http://a", pattern=r"^https?://[^\s]+$")
    colour: _Colour = _Colour.RED
    on: bool = True


class _Thing(Wire):
    name: str
    items: tuple[_Item, ...] = ()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({}, "spec.name: is required"),
        ({"interval": 30}, 'spec.items[0].interval: must be text; quote it, with a unit: "30s"'),
        ({"interval": True}, "spec.items[0].interval: must be text; put it in quotes"),
        ({"label": 30}, "spec.items[0].label: must be text; put it in quotes"),
        ({"label": ["a"]}, "spec.items[0].label: must be text"),
        ({"label": ""}, "spec.items[0].label: must not be empty"),
        ({"count": "x"}, "spec.items[0].count: must be a whole number"),
        ({"count": 1.5}, "spec.items[0].count: must be a whole number"),
        ({"url": "a"}, "spec.items[0].url: must be a URL that begins with http:// or https://"),
        ({"colour": "green"}, "spec.items[0].colour: must be 'red' or 'blue'"),
        ({"on": "perhaps"}, "spec.items[0].on: must be true or false"),
        ("a", "spec.items[0]: must be a map of fields"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_is_refused_in_the_words_of_manifests(value: Any, sentence: str) -> None:
    given = {"name": "a", "items": [value]} if value else {}

    with pytest.raises(SpecError) as refused:
        _Thing.read(given, "spec")

    assert refused.value.message == sentence
    assert refused.value.reason == "InvalidSpec"


def test_a_list_is_asked_for_where_there_is_none() -> None:
    with pytest.raises(SpecError, match=r"spec\.items: must be a list"):
        _Thing.read({"name": "a", "items": "b"}, "spec")


def test_what_was_given_is_not_repeated() -> None:
    with pytest.raises(SpecError) as refused:
        _Thing.read({"name": "a", "items": [{"url": "s3cret", "label": 5}]}, "spec")

    assert "s3cret" not in refused.value.message
