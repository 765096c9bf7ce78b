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
            row: dict[str, object] = {"motif": motif.matrix_id, "name": motif.name, "sign": sign}
            row |= {"recovered": len(support) > 0, "exact": bool(exact.any())}
            if len(support):
                best = support.sort_values("seqlets", ascending=False).iloc[0]
                row |= {"pattern": best["pattern"], "match": best["name"]}
                row |= {"p_value": best["p_value"], "seqlets": int(support["seqlets"].sum())}
            rows.append(row)
    columns = ["motif", "name", "sign", "recovered", "exact", "pattern", "match", "p_value"]
    return pd.DataFrame(rows, columns=[*columns, "seqlets"])


def precision(matches: pd.DataFrame, truth: dict[str, Sequence[Motif]], p_value: float) -> float:
    """Share of seqlets in patterns that match a true motif or its family; NaN without patterns.

    Patterns that are no motif count as wrong. Patterns of a sign for which no truth is known,
    as the negative ones of simulated data, which may be decoys, do not count.
    """
    matches = matches[matches["sign"].isin(truth.keys())]
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


def compile_matcher() -> None:
    """Have TOMTOM compiled now, once for the machine: the first call takes a minute or two."""
    uniform = np.full((8, 4), 0.25)
    pattern = Pattern("positive_0", "positive", 100, uniform, uniform)
    motif = Motif("MA0000", "MA0000.1", "uniform", (), uniform.T)
    _best_matches([pattern], [motif] * 30)
