"""Which labels a selector selects."""

import re
from collections.abc import Mapping

Selector = str | Mapping[str, str]
"""A map of labels that must all be there, or the text of a Kubernetes label selector."""

_SET = re.compile(r"\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*")


def selected(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Tell whether *labels* are what *selector* asks for; an empty one asks for nothing."""
    if isinstance(selector, str):
        terms = re.split(r",(?![^(]*\))", selector)
        return all(_holds(term, labels) for term in terms if term.strip())
    return selector.items() <= labels.items()


def _holds(term: str, labels: Mapping[str, str]) -> bool:
    if found := _SET.fullmatch(term):
        name, how, values = found.groups()
        wanted = {value.strip() for value in values.split(",")}
        return (labels.get(name) in wanted) is (how == "in")
    if "!=" in term:
        name, _, value = term.partition("!=")
        return labels.get(name.strip()) != value.strip()
    if "=" in term:
        name, _, value = term.replace("==", "=").partition("=")
        return labels.get(name.strip()) == value.strip()
    name = term.strip()
    return name[1:].strip() not in labels if name.startswith("!") else name in labels
