"""What a pattern is called: TOMTOM (Gupta et al. 2007; memelite) against JASPAR."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dnalrp.data.jaspar import Motif
from dnalrp.motifs.discovery import Pattern, trimmed

MATCH_COLUMNS = ["pattern", "sign", "seqlets", "consensus", "matrix_id", "name", "families"]
MATCH_COLUMNS += ["p_value"]


def match_patterns(patterns: Sequence[Pattern], targets: Sequence[Motif]) -> pd.DataFrame:
    """Best match of every pattern among ``targets``, both strands.

    P-values depend on the targets: give a whole collection, never the expected motifs alone.

    Returns
    -------
    pandas.DataFrame
        ``pattern, sign, seqlets, consensus, matrix_id, name, families, p_value``, one row a
        pattern; ``families`` are joined by ``;``, the p-value is TOMTOM's for the best match.
    """
    if not patterns:
        return pd.DataFrame(columns=MATCH_COLUMNS)
    from memelite import tomtom

    queries = [trimmed(pattern).frequencies.T for pattern in patterns]
    p_values = tomtom(queries, [target.probabilities for target in targets])[0]
    rows = []
    for pattern, query, p_row in zip(patterns, queries, p_values, strict=True):
        best = int(np.argmin(p_row))
        consensus = "".join("ACGT"[base] for base in query.argmax(axis=0))
        target = targets[best]
        rows.append(
            (pattern.name, pattern.sign, pattern.seqlets, consensus)
            + (target.matrix_id, target.name, ";".join(target.families), float(p_row[best]))
        )
    return pd.DataFrame(rows, columns=MATCH_COLUMNS)


def recovered_motifs(
    matches: pd.DataFrame, truth: dict[str, Sequence[Motif]], p_value: float
) -> pd.DataFrame:
    """Which true motifs were found again.

    A motif counts as recovered if a pattern of its sign has as best match, with a p-value below
    ``p_value``, this motif or one of its families; ``exact`` says that it is this very motif
    (any version of its matrix). Some families are large (zinc fingers): read both.

    Parameters
    ----------
    matches
        From :func:`match_patterns`.
    truth
        Motifs by the sign of relevance with which they should appear, ``positive`` for class 1.

    Returns
    -------
    pandas.DataFrame
        ``motif, name, sign, recovered, exact, pattern, match, p_value, seqlets``, one row a true
        motif; the last four describe the supporting pattern of most seqlets, if there is one.
    """
    rows = []
    for sign, motifs in truth.items():
        candidates = matches[(matches["sign"] == sign) & (matches["p_value"] < p_value)]
        for motif in motifs:
            shares = candidates["families"].map(
                lambda families, motif=motif: bool(set(families.split(";")) & set(motif.families))
            )
            exact = candidates["matrix_id"].str.split(".").str[0] == motif.base_id
            support = candidates[shares.astype(bool) | exact.astype(bool)]
            row = {"motif": motif.matrix_id, "name": motif.name, "sign": sign}
            row |= {"recovered": len(support) > 0, "exact": bool(exact.any())}
            if len(support):
                best = support.sort_values("seqlets", ascending=False).iloc[0]
                row |= {"pattern": best["pattern"], "match": best["name"]}
                row |= {"p_value": best["p_value"], "seqlets": int(support["seqlets"].sum())}
            rows.append(row)
    columns = ["motif", "name", "sign", "recovered", "exact", "pattern", "match", "p_value"]
    return pd.DataFrame(rows, columns=[*columns, "seqlets"])


def precision(matches: pd.DataFrame, truth: dict[str, Sequence[Motif]], p_value: float) -> float:
    """Share of seqlets in patterns that match a true motif or its family; NaN without patterns."""
    if matches.empty:
        return float("nan")
    true_families = {
        (sign, family) for sign, motifs in truth.items() for m in motifs for family in m.families
    }
    right = [
        row.p_value < p_value
        and any((row.sign, family) in true_families for family in row.families.split(";"))
        for row in matches.itertuples()
    ]
    return float(matches.loc[right, "seqlets"].sum() / matches["seqlets"].sum())
