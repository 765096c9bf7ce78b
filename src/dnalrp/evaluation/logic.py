"""Logic: does the relevance at the motifs follow the rule that made the label?

A map may lie on the motifs and still not say what they do: under ``xor`` each motif speaks for
the label where it is alone and neither does where both are there. So the rule itself is
attributed first. It is a game of two players, the motifs, whose value is 1 where the label is
positive; the contribution of each is its exact Shapley value (Shapley 1953; Lundberg and Lee,
NeurIPS 2017, equation 4) for what the sequence carries, the arrangement taken as it is. What
the contributions are counted from is the reference, the value while both motifs are open:

- ``absent``: an open motif is not there. The contributions of a sequence sum to its label.
- ``mean``: an open motif is there in half of the cases. They sum to the label minus the rule's
  mean over present and absent motifs; a motif may then speak against the label.

====== ============ ====================== ======================
rule   carries      absent: each motif     mean: each motif
====== ============ ====================== ======================
and    both, one    1/2, 0                 3/8, 1/8
or     both, one    1/2, 1                 1/8, 3/8
xor    both, one    0, 1                   -1/4, 1/4
====== ============ ====================== ======================

``spacing`` and ``order`` are as ``and`` where the motifs are arranged right, and 0 where not.
Under ``decoy`` the motif has 1 (absent) or 1/2 (mean), a near-copy 0. Decoys have 0 always. The
relevance of a site is the sum of the map over it, in favour of class 1.
"""

import logging

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.grammar import ARRANGED_RULES, State, holds
from dnalrp.evaluation.judging import Explained
from dnalrp.evaluation.metrics import COLUMNS, long_form

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]

REFERENCES = {"absent": 0.0, "mean": 0.5}
"""How probable a motif is that is open, by reference."""
CHANCE = {"sign_agreement": 0.5, "linear_agreement": 0.0, "rank_agreement": 0.5}


def contributions(rule: str, state: State, reference: str = "absent") -> tuple[float, float]:
    """Exact Shapley values of the first and the second motif in a rule, for what is carried.

    Of a motif that is not there, the value of its absence.
    """
    share = REFERENCES[reference]

    def options(known: bool, own: bool) -> list[tuple[bool, float]]:
        return [(own, 1.0)] if known else [(True, share), (False, 1.0 - share)]

    def value(first_known: bool, second_known: bool) -> float:
        return sum(
            p * q * holds(rule, State(first, second, state.arranged))
            for first, p in options(first_known, state.first)
            for second, q in options(second_known, state.second)
        )

    neither, first, second = value(False, False), value(True, False), value(False, True)
    both = value(True, True)
    return ((first - neither) + (both - second)) / 2, ((second - neither) + (both - first)) / 2


def site_contributions(
    sites: pd.DataFrame, labels: pd.Series, rule: str, reference: str = "absent"
) -> Array:
    """The rule's contribution of every site, (sites,).

    Parameters
    ----------
    sites
        ``id, motif, role`` of sequences that each carry a motif at most once.
    labels
        Label by id. It says whether the motifs of ``spacing`` and ``order`` are arranged right.
    """
    counts = sites["role"].isin(["motif", "partial"])
    if rule == "decoy":
        players = [counts.to_numpy(), (sites["role"] == "near_copy").to_numpy()]
    else:
        # the rules are symmetric: which motif comes first does not matter
        names = sorted(sites.loc[counts, "motif"].unique())
        first = counts & (sites["motif"] == names[0]) if names else counts
        players = [first.to_numpy(), (counts & ~first).to_numpy()]
    present = [pd.Series(own).groupby(sites["id"].to_numpy()).any() for own in players]
    result = np.zeros(len(sites))
    for row, (name, *own) in enumerate(zip(sites["id"], *players, strict=True)):
        arranged = rule not in ARRANGED_RULES or bool(labels[name])
        state = State(bool(present[0][name]), bool(present[1][name]), arranged)
        for player, value in zip(own, contributions(rule, state, reference), strict=True):
            result[row] += value if player else 0.0
    return result


def sign_agreement(relevance: Array, contribution: Array) -> float:
    """Share of the sites with a contribution whose relevance has its sign; chance level 0.5.

    Both are (sites,), of one sequence. Relevance 0 counts half. NaN where no site contributes.
    Chance is that of a map whose signs are random: one that is positive everywhere scores 1
    where all contributions are positive.
    """
    agreement = np.sign(relevance) * np.sign(contribution)
    return _mean_of((1 + agreement[contribution != 0]) / 2)


def linear_agreement(relevance: Array, contribution: Array) -> float:
    """Cosine of relevance and contribution over the sites of one sequence; chance level 0.

    1 where they are proportional. NaN where no site contributes or all relevance is 0.
    """
    norm = np.linalg.norm(relevance) * np.linalg.norm(contribution)
    return float(relevance @ contribution / norm) if norm > 0 else float("nan")


def rank_agreement(
    relevance: Array, contribution: Array, sequence: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Share of all pairs of sites that relevance orders as the rule does; chance level 0.5.

    The pairs are those of unequal contribution, across all sequences: so a site that should
    contribute nothing is judged too. Equal relevance counts half.

    Parameters
    ----------
    relevance, contribution
        (sites,).
    sequence
        The number of each site's sequence, (sites,), from 0 on without a gap.

    Returns
    -------
    (sequences,); their mean is the share. A pair belongs to two sequences, so that these are
    jackknife pseudo-values, to first order: one may lie outside 0 and 1, and an interval made
    from them has the width that it should have. NaN where all contributions are equal.
    """
    ordered, pairs = np.zeros(len(relevance)), np.zeros(len(relevance))
    for level in np.unique(contribution):
        others, rows = np.sort(relevance[contribution == level]), contribution != level
        sides = (np.searchsorted(others, relevance[rows], side) for side in ("left", "right"))
        below = sum(sides) / 2
        ordered[rows] += np.where(contribution[rows] > level, below, len(others) - below)
        pairs[rows] += len(others)
    own_ordered, own_pairs = np.bincount(sequence, ordered), np.bincount(sequence, pairs)
    if not pairs.any():
        return np.full(len(own_pairs), np.nan)
    share = own_ordered.sum() / own_pairs.sum()
    weight = 2 * len(own_pairs) / own_pairs.sum()
    return share + weight * (own_ordered - share * own_pairs)


def judge_logic(explained: Explained, sites: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Agreement of every map with the rule, in the long form of :mod:`dnalrp.evaluation.judging`.

    ``sites`` are all planted sites: ``id, start, end, motif, role``. Metrics against the
    reference ``mean`` end in ``_to_mean``.
    """
    place = {name: row for row, name in enumerate(explained.ids)}
    sites = sites[sites["id"].isin(place.keys())].sort_values(["id", "start"])
    if sites.empty:
        log.warning("no explained sequence has a planted site: logic is left out")
        return long_form([])
    names, sequence = np.unique(sites["id"], return_inverse=True)
    rows = sites["id"].map(place).to_numpy()
    labels = pd.Series(explained.labels, index=explained.ids)
    parts = []
    for reference in REFERENCES:
        suffix = "" if reference == "absent" else f"_to_{reference}"
        contribution = site_contributions(sites, labels, rule, reference)
        for (method, how), maps in explained.nucleotides.items():
            sums = np.cumsum(np.pad(maps.relevance, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
            relevance = sums[rows, sites["end"]] - sums[rows, sites["start"]]
            for metric, values in _scores(relevance, contribution, sequence).items():
                part = pd.DataFrame({"id": names, "value": values})
                part = part.assign(method=method, level="nucleotide", map=how, axis="logic")
                parts.append(part.assign(metric=metric + suffix, chance=CHANCE[metric]))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _scores(
    relevance: Array, contribution: Array, sequence: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float64]]:
    """Every metric of this module by name, (sequences,) each; ``sequence`` ascends."""
    borders = np.flatnonzero(np.diff(sequence)) + 1
    own = list(zip(np.split(relevance, borders), np.split(contribution, borders), strict=True))
    return {
        "sign_agreement": np.array([sign_agreement(*pair) for pair in own]),
        "linear_agreement": np.array([linear_agreement(*pair) for pair in own]),
        "rank_agreement": rank_agreement(relevance, contribution, sequence),
    }


def _mean_of(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
