"""What a pattern is called: TOMTOM (Gupta et al. 2007; memelite) against JASPAR."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dnalrp.data.jaspar import Motif
from dnalrp.data.nucleotides import NUCLEOTIDES
from dnalrp.motifs.discovery import Pattern, information, trimmed

MATCH_COLUMNS = ["pattern", "sign", "seqlets", "consensus", "information"]
MATCH_COLUMNS += ["matrix_id", "name", "families", "strand", "p_value"]


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
        ``pattern, sign, seqlets, consensus, information, matrix_id, name, families, strand,
        p_value``, one row a pattern; ``families`` are joined by ``;``, ``strand`` is that of the
        matrix, the p-value is TOMTOM's. The last five are missing where nothing was matched.
    """
    cores = [trimmed(pattern) for pattern in patterns]
    bits = [float(information(core).sum()) for core in cores]
    motifs = [core for core, total in zip(cores, bits, strict=True) if total >= min_information]
    best = _best_matches(motifs, targets)
    rows = []
    for core, total in zip(cores, bits, strict=True):
        consensus = "".join(NUCLEOTIDES[base] for base in core.frequencies.argmax(axis=1))
        match = best.get(core.name, (None, None, None, None, np.nan))
        rows.append((core.name, core.sign, core.seqlets, consensus, total, *match))
    return pd.DataFrame(rows, columns=MATCH_COLUMNS).astype({"p_value": float})


def _best_matches(
    patterns: Sequence[Pattern], targets: Sequence[Motif]
) -> dict[str, tuple[str, str, str, str, float]]:
    """Matrix id, name, families, strand and p-value of each pattern's best match, by pattern."""
    if not patterns:
        return {}
    from memelite import tomtom

    queries = [np.ascontiguousarray(pattern.frequencies.T) for pattern in patterns]
    p_values, _, _, _, strands = tomtom(queries, [target.probabilities for target in targets])
    best = {}
    for row, pattern in enumerate(patterns):
        column = int(np.argmin(p_values[row]))
        target, strand = targets[column], "-" if strands[row, column] else "+"
        names = (target.matrix_id, target.name, ";".join(target.families), strand)
        best[pattern.name] = (*names, float(p_values[row, column]))
    return best


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
) -> pd.DataFrame:
    """Which true motifs were found again.

    A motif counts as recovered if a pattern of its sign has as best match, with a p-value below
    ``p_value``, this motif or one of its :func:`kin`; ``exact`` says that some pattern's best
    match is this very motif, in any version of its matrix.

    Parameters
    ----------
    matches
        From :func:`match_patterns`, against ``targets``.
    truth
        Motifs by the sign of relevance with which they should appear, ``positive`` for class 1.

    Returns
    -------
    pandas.DataFrame
        ``motif, name, sign, recovered, exact, patterns, seqlets, match, p_value, precision``, one
        row a true motif: how many patterns support it with how many seqlets, and match and
        p-value of the best of them. ``precision``, equal for all motifs of a sign, is the share
        of seqlets of that sign in patterns that support some true motif.
    """
    rows: list[dict[str, object]] = []
    for sign, motifs in truth.items():
        own = matches[matches["sign"] == sign]
        sure = own[own["p_value"] < p_value]
        families = kin(motifs, targets, p_value)
        right = sure["matrix_id"].isin(set().union(*families))
        total = own["seqlets"].sum()
        precision = sure.loc[right, "seqlets"].sum() / total if total else np.nan
        for motif, family in zip(motifs, families, strict=True):
            support = sure[sure["matrix_id"].isin(family)].sort_values("p_value")
            exact = support["matrix_id"].astype(str).str.startswith(f"{motif.base_id}.")
            row: dict[str, object] = {"motif": motif.matrix_id, "name": motif.name, "sign": sign}
            row |= {"recovered": len(support) > 0, "exact": bool(exact.any())}
            row |= {"patterns": len(support), "seqlets": int(support["seqlets"].sum())}
            if len(support):
                best = support.iloc[0]
                row |= {"match": best["name"], "p_value": best["p_value"]}
            rows.append(row | {"precision": precision})
    columns = ["motif", "name", "sign", "recovered", "exact", "patterns", "seqlets", "match"]
    return pd.DataFrame(rows, columns=[*columns, "p_value", "precision"])


def compile_matcher() -> None:
    """Have TOMTOM compiled now, once for the machine: the first call takes a minute or two."""
    uniform = np.full((8, 4), 0.25)
    pattern = Pattern("positive_0", "positive", 100, uniform, uniform)
    motif = Motif("MA0000", "MA0000.1", "uniform", (), uniform.T)
    _best_matches([pattern], [motif] * 30)
