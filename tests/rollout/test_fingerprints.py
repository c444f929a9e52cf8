import pytest

from flagger_rollout.fingerprints import config_checksum, revision_of, webhook_checksum


@pytest.mark.parametrize(
    ("configs", "applied", "expected"),
    [
        (None, "", "758df7c9fc"),
        (None, "5f8fd5d546", "5d96c65fd8"),
        ({}, "5f8fd5d546", "5bfc8bcc9c"),
        ({"configmap/a": "aaaa", "secret/b": "bbbb"}, "5f8fd5d546", "5b64dd67f6"),
    ],
    ids=["nothing", "no-configs", "empty-configs", "configs"],
)
def test_the_webhook_checksum_is_flaggers(
    configs: dict[str, str] | None, applied: str, expected: str
) -> None:
    assert webhook_checksum(applied, configs) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"color": "red"}, "241889ca0604e333"),
        ({"a": "<x>&", "b": "2"}, "bb7eb360cac96978"),
        (None, "74234e98afe7498f"),
        ({}, "44136fa355b3678a"),
        ({"apiKey": "dGVzdA==", "username": "dGVzdA=="}, "a55ffd9095ef2828"),
    ],
    ids=["plain", "escaped", "none", "empty", "secret"],
)
def test_a_config_checksum_is_flaggers(data: dict[str, str] | None, expected: str) -> None:
    assert config_checksum(data) == expected


def test_a_revision_does_not_depend_on_the_order_of_keys() -> None:
    assert revision_of({"a": 1, "b": 2}) == revision_of({"b": 2, "a": 1})


def test_a_changed_config_is_a_new_revision() -> None:
    template: dict[str, object] = {"spec": {}}

    assert revision_of(template, {"configmap/a": "1"}) != revision_of(
        template, {"configmap/a": "2"}
    )
