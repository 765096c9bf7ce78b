"""Pictures of the motifs that each method found, beside their best matches."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from dnalrp.data.jaspar import Motif
from dnalrp.motifs.discovery import Array, Pattern, read_patterns, trimmed
from dnalrp.report.logos import motif_figure
from dnalrp.report.page import Picture, picture

SHOWN = 5


def motif_pictures(
    results: Path, runs: Sequence[str], matrices: Mapping[str, Motif]
) -> list[Picture]:
    """One picture for every run and method: its patterns of most seqlets, at most ``SHOWN``.

    Those without a pattern are left out: see :func:`without_patterns`. ``runs`` are
    ``dataset/model/seed``; ``matrices`` are by matrix id.
    """
    pictures = []
    for run in runs:
        for path in _match_tables(results, run):
            patterns = {p.name: trimmed(p) for p in read_patterns(path.with_name("patterns.h5"))}
            rows = [
                _row(patterns[name], match, matrices) for name, match in _shown(path).iterrows()
            ]
            if rows:
                title = f"{run.replace('/', ', ')}, {path.parent.name}"
                pictures.append(picture(title, motif_figure(rows), dpi=90))
    return pictures


def without_patterns(results: Path, runs: Sequence[str]) -> list[str]:
    """Methods in whose maps no pattern was found: a text for every run that has such."""
    by_run = {
        run: [path.parent.name for path in _match_tables(results, run) if _shown(path).empty]
        for run in runs
    }
    return [
        f"{run.replace('/', ', ')}: {', '.join(methods)}"
        for run, methods in by_run.items()
        if methods
    ]


def matched_matrices(results: Path, runs: Sequence[str]) -> set[str]:
    """Ids of the matrices that :func:`motif_pictures` draws."""
    tables = [_shown(path) for run in runs for path in _match_tables(results, run)]
    return {name for matches in tables for name in matches["matrix_id"].dropna()}


def _match_tables(results: Path, run: str) -> list[Path]:
    return sorted((results / "motifs" / run).glob("*/matches.tsv"))


def _shown(path: Path) -> pd.DataFrame:
    matches = pd.read_csv(path, sep="\t").set_index("pattern")
    return matches.sort_values("seqlets", ascending=False, kind="stable").head(SHOWN)


def _row(
    pattern: Pattern, match: pd.Series, matrices: Mapping[str, Motif]
) -> tuple[str, Array, str, Array | None]:
    text = f"{pattern.name}: {pattern.seqlets} seqlets, {match.information:.0f} bits"
    if pd.isna(match.matrix_id):
        return text, pattern.contributions, "too little information for a motif", None
    target = matrices[match.matrix_id]
    matched = f"{target.matrix_id} {target.name}, {match.strand} strand, {_significance(match)}"
    matrix = target.probabilities
    return (
        text,
        pattern.contributions,
        matched,
        matrix if match.strand == "+" else matrix[::-1, ::-1],
    )


def _significance(match: pd.Series) -> str:
    """How sure a match is, in words; results of earlier versions know TOMTOM's p-value alone."""
    words = f"TOMTOM p = {match.p_value:.1e}"
    if not pd.isna(match.get("shuffled_q")):
        words += f", shuffled q = {match.shuffled_q:.3f}"
    kind = match.get("low_complexity")
    return words if pd.isna(kind) else f"{words}, {kind}"
