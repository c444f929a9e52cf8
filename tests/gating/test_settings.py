"""Which flags the gating part adds to its process and what they mean."""

from argparse import ArgumentParser

import pytest

from flagger_gating.controller import add_flags, parts, settings_from
from flagger_py.runtime.options import RuntimeOptions


@pytest.mark.parametrize(
    ("argv", "required"),
    [
        ([], False),
        (["--require-authenticated-approval"], True),
        (["-require-authenticated-approval=true"], True),
        (["--require-authenticated-approval=false"], False),
    ],
)
def test_proof_of_identity_is_required_only_when_asked_for(argv: list[str], required: bool) -> None:
    parser = ArgumentParser()
    add_flags(parser)

    settings = settings_from(RuntimeOptions(), parser.parse_args(argv))

    assert settings.require_authenticated_approval is required


def test_the_part_acts_as_the_default_account_of_its_process() -> None:
    parser = ArgumentParser()
    add_flags(parser)

    (gating,) = parts(RuntimeOptions(default_service_account="tenant"), parser.parse_args([]))

    assert (gating.name, gating.default_account) == ("gating", "tenant")
