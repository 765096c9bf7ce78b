"""Which figures a report has, by the settings of its run."""

from collections.abc import Mapping
from typing import Any

from dnalrp.data.grammar import GRAMMAR_RULES

TABLES = ("metrics", "overall", "comparisons", "controls", "performance", "recovery")
"""Tables that a report is made from."""


def figure_names(settings: Mapping[str, Any]) -> list[str]:
    """Names of the figures, in the order of the page; each is a section of it."""
    names = ["localisation", "concentration", "faithfulness", "robustness", "similarity", "ledger"]
    if any(own["architecture"] == "dnabert2" for own in settings["models"].values()):
        names.append("positional")
    if any(own.get("rule") in GRAMMAR_RULES for own in settings["datasets"].values()):
        names.append("logic")
    return names
