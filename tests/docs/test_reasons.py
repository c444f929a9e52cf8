"""Reasons of conditions and events are said on their page, and no page names one that is none."""

import re

import pytest

from .blocks import ROOT
from .reasons import COMPUTED, SECTIONS, page_rows, reasons_in, reasons_of, unused

PAGE = ROOT / "docs" / "reference" / "conditions-and-events.md"
TROUBLES = ROOT / "docs" / "troubleshooting.md"
CALM = {
    *("ReconciliationSucceeded", "Progressing", "ProgressingWithRetry"),
    *("MetricsProvidersAvailable", "NewRevision", "AnalysisStarted", "AnalysisRestarted"),
    *("RevisionTakenBack", "GateOpen", "Advanced", "Copied", "PrimaryAdvanced", "Promoted"),
    *("RoutedToPrimary", "RollingBack", "RollbackAsked", "RollbackNotAsked", "Suspended"),
    *("Terminating", "Terminated", "Adopted", "HandedBack", "Passed", "Pending", "Approved"),
    *COMPUTED["Canary"],
    *COMPUTED["Command line"],
}
"""Reasons about which nobody has to do anything."""


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_lists_what_the_code_can_write(section: str) -> None:
    rows = list(page_rows(PAGE))
    said = {reason for where, reason in rows if where in (section, "Every kind")}
    own = {reason for where, reason in rows if where == section}

    missing = reasons_of(section) - said - unused()
    assert not missing, f"{PAGE.name} has no row in {section!r} for {sorted(missing)}"
    shared = reasons_of("Every kind")
    invented = own - reasons_of(section) - shared
    assert not invented, f"no code of {section!r} writes {sorted(invented)}"


def test_troubleshooting_knows_every_reason_that_asks_for_somebody() -> None:
    text = TROUBLES.read_text(encoding="utf-8")
    every = {reason for section in SECTIONS for reason in reasons_of(section)} - unused() - CALM

    assert sorted(reason for reason in every if f"`{reason}`" not in text) == []


def test_every_reason_is_one_camel_case_word() -> None:
    every = {reason for section in SECTIONS for reason in reasons_of(section)}

    assert [r for r in sorted(every) if not re.fullmatch(r"[A-Z][A-Za-z]+", r)] == []


SOURCE = """
class Reason(StrEnum):
    ONE = "One"
class Late(Unavailable):
    reason = "TooLate"
def decide():
    stalled(message, "Two" if lost else THREE)
    raise SpecError("what", reason="Four")
    Emit("Five", "A sentence")
    Condition(type="Open", reason=computed)
"""


def test_reasons_are_found_where_they_are_written() -> None:
    found = set(reasons_in(SOURCE, {"THREE": "Three"}))

    assert found == {"One", "TooLate", "Two", "Three", "Four", "Five"}
