"""What a pattern is called: TOMTOM (Gupta et al. 2007; memelite) against JASPAR."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dnalrp.data.jaspar import Motif
from dnalrp.data.nucleotides import NUCLEOTIDES
from dnalrp.motifs.discovery import Pattern, information, trimmed
from dnalrp.motifs.significance import best_matches, low_complexity, q_values, shuffled_p_value

MATCH_COLUMNS = ["pattern", "sign", "seqlets", "consensus", "information"]
MATCH_COLUMNS += ["matrix_id", "name", "families", "strand", "p_value"]
MATCH_COLUMNS += ["shuffled_p", "shuffled_q", "low_complexity"]
P_VALUES = ["p_value", "shuffled_p", "shuffled_q"]
LEVEL = 0.05


class Match(NamedTuple):
    """The best match of a pattern: a matrix and what speaks for it."""

    matrix_id: str | None = None
    name: str | None = None
    families: str | None = None
    strand: str | None = None
    p_value: float = np.nan
    shuffled_p: float = np.nan


def match_patterns(
    patterns: Sequence[Pattern], targets: Sequence[Motif], min_information: float
) -> pd.DataFrame:
    """Best match of every pattern among ``targets``, both strands.

    P-values depend on the targets: give a whole collection, never the expected motifs alone. A
    pattern of less than ``min_information`` bits is no motif and is matched to nothing: TOMTOM
    gives such patterns p-values as low as 1e-10 with the longest matrices.

    Returns
    -------
    pandas.DataFrame
        One row a pattern, ``pattern, sign, seqlets, consensus, information`` and its best match:
        ``matrix_id, name, families`` joined by ``;``, and ``strand``, that of the matrix.
        ``p_value`` is TOMTOM's with this one matrix, lower for some matrix than it seems for
        almost any pattern. ``shuffled_p`` is the share of shuffles of the pattern's columns
        that have as low a p-value with any matrix, and ``shuffled_q`` the false discovery rate
        at which it counts among the patterns of this table: see
        :mod:`dnalrp.motifs.significance`. All of these are missing where nothing was matched.
        ``low_complexity`` says what a pattern is that is no more than a composition or a short
        repeat, and is missing for all others.
    """
    cores = [trimmed(pattern) for pattern in patterns]
    rows = []
    for core in cores:
        bits = float(information(core).sum())
        consensus = "".join(NUCLEOTIDES[base] for base in core.frequencies.argmax(axis=1))
        match = _best_match(core, targets) if bits >= min_information else Match()
        columns = (*match, np.nan, low_complexity(core.frequencies.T))
        rows.append((core.name, core.sign, core.seqlets, consensus, bits, *columns))
    matches = pd.DataFrame(rows, columns=MATCH_COLUMNS)
    matches = matches.astype({"p_value": float, "shuffled_p": float, "low_complexity": object})
    matches["shuffled_q"] = q_values(matches["shuffled_p"].to_numpy())
    return matches


def _best_match(pattern: Pattern, targets: Sequence[Motif]) -> Match:
    matrices = [target.probabilities for target in targets]
    p_value, reverse, index = best_matches([pattern.frequencies.T], matrices)[0]
    target = targets[int(index)]
    return Match(
        target.matrix_id,
        target.name,
        ";".join(target.families),
        "-" if reverse else "+",
        float(p_value),
        shuffled_p_value(pattern.frequencies.T, float(p_value), matrices),
    )


def kin(motifs: Sequence[Motif], targets: Sequence[Motif], p_value: float) -> list[set[str]]:
    """For each motif the matrix ids that count as it: its own, and its family's that are alike.

    Alike is a TOMTOM p-value below ``p_value`` between the matrices: some families (zinc
    fingers) hold a fifth of JASPAR, with motifs that have nothing in common.
    """
    if not motifs:
        return []
    from memelite import tomtom

    matrices = [np.ascontiguousarray(motif.probabilities) for motif in motifs]
    p_values = tomtom(matrices, [target.probabilities for target in targets])[0]
    return [
        {
            target.matrix_id
            for target, p in zip(targets, row, strict=True)
            if target.base_id == motif.base_id
            or (p < p_value and set(target.families) & set(motif.families))
        }
        for motif, row in zip(motifs, p_values, strict=True)
    ]


def recovered_motifs(
    matches: pd.DataFrame,
    truth: dict[str, Sequence[Motif]],
    targets: Sequence[Motif],
    p_value: float,
    *,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Which true motifs were found again.

    A motif counts as recovered if a pattern of its sign has as best match this motif or one of
    its :func:`kin`, with TOMTOM's p-value below ``p_value`` and a false discovery rate against
    shuffled patterns of at most ``level``. A pattern of low complexity supports only a motif
    that is of low complexity too, as SP1's. ``exact`` says that some such pattern's best match
    is this very motif, in any version of its matrix.

    Parameters
    ----------
    matches
        From :func:`match_patterns`, against ``targets``.
    truth
        Motifs by the sign of relevance with which they should appear, ``positive`` for class 1.

    Returns
    -------
    pandas.DataFrame
        ``motif, name, sign, recovered, exact, patterns, seqlets, match, p_value, precision,
        shuffled_p, shuffled_q``, one row a true motif: how many patterns support it with how
        many seqlets, and match, TOMTOM's p-value, p-value and false discovery rate against
        shuffled patterns of the best of them. ``precision``, equal for all motifs of a sign, is
        the share of seqlets of that sign in patterns that support some true motif.
    """
    rows: list[dict[str, object]] = []
    for sign, motifs in truth.items():
        signed = matches[matches["sign"] == sign]
        sure = signed[(signed["p_value"] < p_value) & (signed["shuffled_q"] <= level)]
        supports = [
            _support(sure, motif, family)
            for motif, family in zip(motifs, kin(motifs, targets, p_value), strict=True)
        ]
        right = sure["pattern"].isin({name for support in supports for name in support["pattern"]})
        total = signed["seqlets"].sum()
        precision = sure.loc[right, "seqlets"].sum() / total if total else np.nan
        for motif, support in zip(motifs, supports, strict=True):
            exact = support["matrix_id"].astype(str).str.startswith(f"{motif.base_id}.")
            row: dict[str, object] = {"motif": motif.matrix_id, "name": motif.name, "sign": sign}
            row |= {"recovered": len(support) > 0, "exact": bool(exact.any())}
            row |= {"patterns": len(support), "seqlets": int(support["seqlets"].sum())}
            if len(support):
                best = support.iloc[0]
                row |= {"match": best["name"], **best[P_VALUES].to_dict()}
            rows.append(row | {"precision": precision})
    columns = ["motif", "name", "sign", "recovered", "exact", "patterns", "seqlets", "match"]
    columns += ["p_value", "precision", "shuffled_p", "shuffled_q"]
    return pd.DataFrame(rows, columns=columns)


def _support(sure: pd.DataFrame, motif: Motif, family: set[str]) -> pd.DataFrame:
    """The sure matches that speak for a motif, the best first."""
    support = sure[sure["matrix_id"].isin(family)]
    if low_complexity(motif.probabilities) is None:
        support = support[support["low_complexity"].isna()]
    return support.sort_values("p_value")


def compile_matcher() -> None:
    """Have TOMTOM compiled now, once for the machine: the first call takes a minute or two."""
    uniform = np.full((8, 4), 0.25)
    pattern = Pattern("positive_0", "positive", 100, uniform, uniform)
    motif = Motif("MA0000", "MA0000.1", "uniform", (), uniform.T)
    best_matches([pattern.frequencies.T], [motif.probabilities] * 30)
