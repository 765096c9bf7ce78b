"""What every metric measures and how to read it, and the long form that all values are kept in."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import LEDGER_TERMS

COLUMNS = ["method", "level", "map", "axis", "metric", "id", "value", "chance"]


class Metric(NamedTuple):
    """How to read a metric.

    ``better`` says which direction is. ``chance`` is what a map scores that knows nothing, where
    a number can be given, each row of a table carries it. ``ceiling`` is the best that a map can
    score; at the level of nucleotides a token map's is lower for localisation, and the method
    ``ceiling`` gives it.
    """

    axis: str
    meaning: str
    better: Literal["higher", "lower", "neither"]
    chance: str
    ceiling: str


_TOKENS = "1; of token maps at nucleotides the method `ceiling`"
_SHARE = "|M| / n"
_RANDOM = "none: the random map's own score"
_UNITS = "none: in units of the model's output"

METRICS: dict[str, Metric] = {
    "auroc": Metric(
        "localisation",
        "chance that a true position ranks above another",
        "higher",
        "0.5",
        _TOKENS,
    ),
    "auprc": Metric(
        "localisation",
        "mean precision at the true positions",
        "higher",
        "its expectation over all orders, somewhat above |M| / n",
        _TOKENS,
    ),
    "auroc_by_information": Metric(
        "localisation",
        "auroc, true positions weighted by their motif's information content",
        "higher",
        "0.5",
        _TOKENS,
    ),
    "auprc_by_information": Metric(
        "localisation",
        "auprc, true positions weighted by their motif's information content",
        "higher",
        "that of auprc",
        _TOKENS,
    ),
    "mass_accuracy": Metric(
        "localisation",
        "share of the positive relevance inside the sites",
        "higher",
        _SHARE,
        "1; a token map's can exceed the method `ceiling`",
    ),
    "rank_accuracy": Metric(
        "localisation",
        "share of the |M| highest positions inside the sites",
        "higher",
        _SHARE,
        _TOKENS,
    ),
    "pointing_game": Metric(
        "localisation",
        "is the highest position inside a site",
        "higher",
        _SHARE,
        _TOKENS,
    ),
    "gini": Metric(
        "sparsity",
        "Gini index of |R|, at equal n only",
        "higher",
        _RANDOM,
        "1 - 1 / n",
    ),
    "entropy": Metric(
        "complexity",
        "entropy of |R| / sum |R| over log n",
        "lower",
        _RANDOM,
        "0",
    ),
    "effective_size": Metric(
        "complexity",
        "smallest share of the positions that holds 90 % of |R|",
        "lower",
        _RANDOM,
        "1 / n",
    ),
    "cosine": Metric("similarity", "cosine of the angle between two maps", "neither", "0", "1"),
    "spearman": Metric("similarity", "rank correlation of two maps", "neither", "0", "1"),
    "jaccard": Metric(
        "similarity",
        "overlap over union of the 10 % highest positions",
        "neither",
        "its expectation for two random sets, about 0.05",
        "1",
    ),
    "lerf_minus_morf": Metric(
        "faithfulness",
        "mean gap between the curves: least and most relevant replaced first",
        "higher",
        "0",
        "that of the best order found; units of the output",
    ),
    "normalised": Metric(
        "faithfulness",
        "lerf_minus_morf in the model's range: random order 0, best found 1",
        "higher",
        "0",
        "1 if no order beats the one found by mutagenesis; not clipped",
    ),
    "comprehensiveness": Metric(
        "faithfulness",
        "mean fall of the output when the most relevant are replaced (ERASER)",
        "higher",
        _UNITS,
        "none known",
    ),
    "sufficiency": Metric(
        "faithfulness",
        "mean fall of the output when only the most relevant stay (ERASER)",
        "lower",
        _UNITS,
        "none known",
    ),
    "morf_output": Metric(
        "faithfulness",
        "mean output while the most relevant are replaced",
        "lower",
        _UNITS,
        "none known",
    ),
    "lerf_output": Metric(
        "faithfulness",
        "mean output while the least relevant are replaced",
        "higher",
        _UNITS,
        "none known",
    ),
    "reverse_complement": Metric(
        "robustness",
        "Spearman with the map of the reverse complement, turned back",
        "higher",
        "0",
        "1",
    ),
    "shift": Metric(
        "robustness",
        "Spearman with the map of the sequence without its first nucleotide",
        "higher",
        "0",
        "1",
    ),
    "randomised": Metric(
        "robustness",
        "size of the Spearman with the map of the model, its parameters permuted so far down",
        "lower",
        "by the number of parts n, about 0.8 / sqrt(n - 1)",
        "1: the map ignores the parameters",
    ),
    "sign_agreement": Metric(
        "logic",
        "share of the contributing sites whose relevance has the sign of the rule's contribution",
        "higher",
        "0.5",
        "1",
    ),
    "linear_agreement": Metric(
        "logic",
        "cosine of relevance and the rule's contribution over a sequence's sites",
        "higher",
        "0",
        "1",
    ),
    "rank_agreement": Metric(
        "logic",
        "share of all pairs of sites that relevance orders as the rule does; pseudo-values",
        "higher",
        "0.5",
        "1",
    ),
    "special_share": Metric("ledger", "share of |R| on special tokens", "neither", "none", "1"),
    "completeness_gap": Metric(
        "ledger",
        "|sum that the method promises - its sum| over the range of the outputs",
        "lower",
        "none",
        "0",
    ),
}
"""Every metric of the tables by name. ``randomised`` stands for ``randomised_1_classifier`` and so
on; the terms of the ledger, in units of the output, are
:data:`dnalrp.attribution.maps.LEDGER_TERMS`."""


def metric_of(name: str) -> Metric:
    """The entry that a metric's name in a table belongs to."""
    name = name.removesuffix("_to_mean")
    return METRICS["randomised" if name.startswith("randomised_") else name]


COMPARED_AXES = ("localisation", "sparsity", "complexity", "faithfulness", "logic")
IN_UNITS_OF_THE_OUTPUT = frozenset(
    {"lerf_minus_morf", "comprehensiveness", "sufficiency", "morf_output", "lerf_output"}
)
"""Metrics that must not be compared between models."""


def direction_of(name: str) -> int:
    """1 for a metric by which methods are compared and of which more is better, -1 for less, or 0.

    ``name`` may end in ``_of_ceiling``: see
    :func:`dnalrp.evaluation.comparison.relative_to_ceiling`.
    """
    name = name.removesuffix("_of_ceiling")
    if name in (*LEDGER_TERMS, "position") or metric_of(name).axis not in COMPARED_AXES:
        return 0
    return {"higher": 1, "lower": -1, "neither": 0}[metric_of(name).better]


class Scores(NamedTuple):
    """Values of one metric for one map of many sequences; ``chance`` is one number or one each."""

    method: str
    level: str
    map: str
    axis: str
    metric: str
    ids: Sequence[str]
    values: npt.NDArray[np.floating]
    chance: npt.NDArray[np.floating] | float = np.nan


def long_form(scores: Iterable[Scores]) -> pd.DataFrame:
    """One row a sequence, map and metric: the columns COLUMNS."""
    scores = list(scores)
    if not scores:
        kinds = dict.fromkeys(COLUMNS, "str") | {"value": "float64", "chance": "float64"}
        return pd.DataFrame({name: [] for name in COLUMNS}).astype(kinds)
    counts = [len(own.ids) for own in scores]
    columns: dict[str, object] = {}
    for name in ("method", "level", "map", "axis", "metric"):
        codes, known = pd.factorize(np.array([getattr(own, name) for own in scores], dtype=object))
        columns[name] = pd.array(known, dtype="str").take(np.repeat(codes, counts))
    columns["id"] = np.concatenate([np.asarray(own.ids, dtype=object) for own in scores])
    columns["value"] = np.concatenate([np.asarray(own.values, dtype=float) for own in scores])
    columns["chance"] = np.concatenate(
        [np.broadcast_to(np.asarray(own.chance, dtype=float), len(own.ids)) for own in scores]
    )
    return pd.DataFrame(columns)[COLUMNS]
