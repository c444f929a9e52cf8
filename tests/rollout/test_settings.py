"""Which flags the rollout part adds to its process and what they mean."""

from argparse import ArgumentParser

import pytest

from flagger_py.runtime.options import RuntimeOptions
from flagger_rollout.controller import add_flags, parts, settings_from
from flagger_rollout.settings import RolloutSettings


def chosen(*argv: str) -> RolloutSettings:
    parser = ArgumentParser()
    add_flags(parser)
    return settings_from(RuntimeOptions(), parser.parse_args(argv))


def test_without_flags_the_settings_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENT_WEBHOOK_URL", raising=False)

    assert chosen() == RolloutSettings()


def test_lists_are_separated_by_commas() -> None:
    settings = chosen("--selector-labels=app, tier,", "-include-label-prefix=team/")

    assert settings.selector_labels == ("app", "tier")
    assert settings.include_label_prefixes == ("team/",)


@pytest.mark.parametrize(
    ("variable", "used"),
    [("http://env.test", "http://env.test"), ("", "http://flag.test")],
    ids=["set", "empty"],
)
def test_a_variable_wins_over_the_flag_unless_it_is_empty(
    monkeypatch: pytest.MonkeyPatch, variable: str, used: str
) -> None:
    monkeypatch.setenv("EVENT_WEBHOOK_URL", variable)

    assert chosen("--event-webhook=http://flag.test").event_webhook == used


def test_the_part_acts_as_the_default_account_of_its_process() -> None:
    parser = ArgumentParser()
    add_flags(parser)

    (rollout,) = parts(RuntimeOptions(default_service_account="tenant"), parser.parse_args([]))

    assert (rollout.name, rollout.default_account) == ("rollout", "tenant")
