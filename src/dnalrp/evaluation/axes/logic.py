"""Logic: does the relevance at the motifs follow the grammar that made the label?

A map may lie on the motifs and still not say what they do: under ``xor`` each motif speaks for
the label where it is alone and neither does where both are there. So the grammar itself is
attributed first. It is a game of two players, the motifs, whose value is 1 where the label is
positive; the contribution of each is its exact Shapley value (Shapley 1953; Lundberg and Lee,
NeurIPS 2017, equation 4) for what the sequence carries, the arrangement taken as it is. What
the contributions are counted from is the reference, the value while both motifs are open:

- ``absent``: an open motif is not there. The contributions of a sequence sum to its label.
- ``mean``: an open motif is there in half of the cases. They sum to the label minus the
  grammar's mean over present and absent motifs; a motif may then speak against the label.

======= ============ ====================== ======================
grammar carries      absent: each motif     mean: each motif
======= ============ ====================== ======================
and     both, one    1/2, 0                 3/8, 1/8
or      both, one    1/2, 1                 1/8, 3/8
xor     both, one    0, 1                   -1/4, 1/4
======= ============ ====================== ======================

``spacing`` and ``order`` are as ``and`` where the motifs are arranged right, and 0 where not.
Under ``decoy`` the motif has 1 (absent) or 1/2 (mean), a near-copy 0. Decoys have 0 always. The
relevance of a site is the sum of the map over it, in favour of class 1.

A score is given the relevance and the contribution of every site, (sites,), and the number of each
site's sequence, and returns (sequences,).
"""

import logging
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.catalogue import resolve
from dnalrp.data.grammar import ARRANGED_GRAMMARS, State, holds
from dnalrp.evaluation.catalogue import Axis, Metric
from dnalrp.evaluation.levels import Explained
from dnalrp.evaluation.scores import Scores

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

NOTE = (
    "Where the grammar that made the labels is known: do maps find the motifs (to the "
    "right), and do they say what the motifs do (high)? A map may do one without the other."
)
REFERENCES = {"absent": 0.0, "mean": 0.5}
"""How probable a motif is that is open, by reference."""


def contributions(grammar: str, state: State, reference: str = "absent") -> tuple[float, float]:
    """Exact Shapley values of the first and the second motif in a grammar, for what is carried.

    Of a motif that is not there, the value of its absence.
    """
    share = REFERENCES[reference]

    def options(known: bool, carried: bool) -> list[tuple[bool, float]]:
        return [(carried, 1.0)] if known else [(True, share), (False, 1.0 - share)]

    def value(first_known: bool, second_known: bool) -> float:
        return sum(
            p * q * holds(grammar, State(first, second, state.arranged))
            for first, p in options(first_known, state.first)
            for second, q in options(second_known, state.second)
        )

    neither, first, second = value(False, False), value(True, False), value(False, True)
    both = value(True, True)
    return ((first - neither) + (both - second)) / 2, ((second - neither) + (both - first)) / 2


def site_contributions(
    sites: pd.DataFrame, labels: pd.Series, grammar: str, reference: str = "absent"
) -> Array:
    """The grammar's contribution of every site, (sites,).

    Parameters
    ----------
    sites
        ``id, motif, role`` of sequences that each carry a motif at most once.
    labels
        Label by id. It says whether the motifs of ``spacing`` and ``order`` are arranged right.
    """
    counts = sites["role"].isin(["motif", "partial"])
    if grammar == "decoy":
        players = [counts.to_numpy(), (sites["role"] == "near_copy").to_numpy()]
    else:
        # the grammars are symmetric: which motif comes first does not matter
        names = sorted(sites.loc[counts, "motif"].unique())
        first = counts & (sites["motif"] == names[0]) if names else counts
        players = [first.to_numpy(), (counts & ~first).to_numpy()]
    present = [pd.Series(player).groupby(sites["id"].to_numpy()).any() for player in players]
    result = np.zeros(len(sites))
    for row, (name, *plays) in enumerate(zip(sites["id"], *players, strict=True)):
        arranged = grammar not in ARRANGED_GRAMMARS or bool(labels[name])
        state = State(bool(present[0][name]), bool(present[1][name]), arranged)
        for player, value in zip(plays, contributions(grammar, state, reference), strict=True):
            result[row] += value if player else 0.0
    return result


def sign_agreement(relevance: Array, contribution: Array) -> float:
    """Share of the sites with a contribution whose relevance has its sign; chance level 0.5.

    Both are (sites,), of one sequence. Relevance 0 counts half. NaN where no site contributes.
    Chance is that of a map whose signs are random: one that is positive everywhere scores 1
    where all contributions are positive.
    """
    agreement = np.sign(relevance) * np.sign(contribution)
    shares = (1 + agreement[contribution != 0]) / 2
    return float(shares.mean()) if len(shares) else float("nan")


def linear_agreement(relevance: Array, contribution: Array) -> float:
    """Cosine of relevance and contribution over the sites of one sequence; chance level 0.

    1 where they are proportional. NaN where no site contributes or all relevance is 0.
    """
    norm = np.linalg.norm(relevance) * np.linalg.norm(contribution)
    return float(relevance @ contribution / norm) if norm > 0 else float("nan")


def of_each_sequence(
    score: Callable[[Array, Array], float],
) -> Callable[[Array, Array, Integers], Array]:
    """A score of the sites of one sequence, as one of the sites of all: (sequences,)."""

    def of_all(relevance: Array, contribution: Array, sequence: Integers) -> Array:
        borders = np.flatnonzero(np.diff(sequence)) + 1  # ``sequence`` ascends
        parts = zip(np.split(relevance, borders), np.split(contribution, borders), strict=True)
        return np.array([score(values, expected) for values, expected in parts])

    return of_all


def rank_agreement(relevance: Array, contribution: Array, sequence: Integers) -> Array:
    """Share of all pairs of sites that relevance orders as the grammar does; chance level 0.5.

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
    ordered_in, pairs_in = np.bincount(sequence, ordered), np.bincount(sequence, pairs)
    if not pairs.any():
        return np.full(len(pairs_in), np.nan)
    share = ordered_in.sum() / pairs_in.sum()
    weight = 2 * len(pairs_in) / pairs_in.sum()
    return share + weight * (ordered_in - share * pairs_in)


METRICS = (
    Metric(
        name="sign_agreement",
        pattern="sign_agreement_to_mean",
        meaning="share of the contributing sites whose relevance has the sign of the grammar's "
        "contribution",
        better="higher",
        chance="0.5",
        chance_level=0.5,
        ceiling="1",
        score=of_each_sequence(sign_agreement),
    ),
    Metric(
        name="linear_agreement",
        pattern="linear_agreement_to_mean",
        meaning="cosine of relevance and the grammar's contribution over a sequence's sites",
        better="higher",
        chance="0",
        chance_level=0.0,
        ceiling="1",
        score=of_each_sequence(linear_agreement),
    ),
    Metric(
        name="rank_agreement",
        pattern="rank_agreement_to_mean",
        meaning="share of all pairs of sites that relevance orders as the grammar does; "
        "pseudo-values",
        better="higher",
        chance="0.5",
        chance_level=0.5,
        ceiling="1",
        score=rank_agreement,
        shown=True,
        column="rank agreement",
    ),
)


def judge(axis: Axis, explained: Explained) -> list[Scores]:
    """Agreement of every map with the grammar that made the labels, where one did.

    Metrics against the reference ``mean`` end in ``_to_mean``.
    """
    if explained.grammar is None or explained.sites is None:
        return []
    rows = {name: row for row, name in enumerate(explained.ids)}
    sites = explained.sites
    sites = sites[sites["id"].isin(rows.keys())].sort_values(["id", "start"])
    if sites.empty:
        log.warning("no explained sequence has a planted site: logic is left out")
        return []
    labels = pd.Series(explained.labels, index=explained.ids)
    contributions_by_suffix = {
        "" if reference == "absent" else f"_to_{reference}": site_contributions(
            sites, labels, explained.grammar, reference
        )
        for reference in REFERENCES
    }
    return list(_agreements(axis, explained, sites, contributions_by_suffix))


def _agreements(
    axis: Axis, explained: Explained, sites: pd.DataFrame, contributions: dict[str, Array]
) -> Iterator[Scores]:
    """Scores of every map against contributions of the sites, by the suffix of the metrics."""
    names, sequence = np.unique(sites["id"], return_inverse=True)
    rows = sites["id"].map({name: row for row, name in enumerate(explained.ids)}).to_numpy()
    level = explained.nucleotide_level
    for suffix, contribution in contributions.items():
        for (method, projection), maps in level.maps.items():
            sums = np.cumsum(np.pad(maps, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
            relevance = sums[rows, sites["end"]] - sums[rows, sites["start"]]
            for card in axis.cards:
                yield Scores(
                    method=method,
                    level=level.name,
                    map=projection,
                    axis=card.axis,
                    metric=card.name + suffix,
                    ids=names.tolist(),
                    values=resolve(card.score)(relevance, contribution, sequence),
                    chance=card.chance_number,
                )
