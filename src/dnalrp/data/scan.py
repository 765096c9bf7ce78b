"""Where known motif matrices match: sites for ground truth, scores as a reference classifier."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logsumexp

from dnalrp.data.jaspar import Motif

LOWEST = -100.0
SITE_COLUMNS = ["id", "start", "end", "strand", "motif", "role"]


def find_sites(
    ids: Sequence[str],
    one_hot: npt.NDArray[np.int8],
    motifs: Sequence[Motif],
    p_value: float,
    *,
    role: str,
) -> pd.DataFrame:
    """Sites of ``motifs`` in sequences, by FIMO (Grant et al. 2011, memelite).

    Parameters
    ----------
    ids
        One identifier a sequence.
    one_hot
        (sequences, 4, longest length), order ACGT, zero where a base is unknown or beyond the
        end: no site covers such a position.
    p_value
        Matches up to this p-value count, on both strands.
    role
        Written into the column of that name.

    Returns
    -------
    pandas.DataFrame
        ``id, start, end, strand, motif, role``, 0-based half-open. Of overlapping matches in
        one sequence only the one with the lowest p-value is kept.
    """
    from memelite import fimo

    matrices = {motif.matrix_id: motif.probabilities for motif in motifs}
    hits = pd.concat(fimo(matrices, one_hot, threshold=p_value, reverse_complement=True))
    hits = hits.sort_values(["sequence_name", "p-value", "start"], kind="stable")
    unknown = np.cumsum(np.pad(one_hot.sum(axis=1) == 0, ((0, 0), (1, 0))), axis=1)
    rows = []
    for sequence, group in hits.groupby("sequence_name", sort=True):
        taken: list[tuple[int, int]] = []
        for hit in group.itertuples():
            known = unknown[sequence, hit.end] == unknown[sequence, hit.start]
            if known and all(hit.end <= start or hit.start >= end for start, end in taken):
                taken.append((hit.start, hit.end))
                rows.append((ids[sequence], hit.start, hit.end, hit.strand, hit.motif_name, role))
    sites = pd.DataFrame(rows, columns=SITE_COLUMNS)
    return sites.astype({"start": "int64", "end": "int64"})


def scan_scores(one_hot: npt.NDArray[np.int8], motifs: Sequence[Motif]) -> npt.NDArray[np.float64]:
    """Log-likelihood ratio of 'one site of any of the motifs' to uniform background, (sequences,).

    The log of the mean over all motifs, strands and positions of known bases of the matrix's
    likelihood ratio: the score of a classifier that knows the true matrices and nothing else.
    LOWEST where no motif fits.
    """
    scores = []
    known = one_hot.any(axis=1)
    for motif in motifs:
        log_odds = np.log(motif.probabilities / 0.25)
        inside = np.lib.stride_tricks.sliding_window_view(known, motif.width, axis=1).all(axis=2)
        for matrix in (log_odds, log_odds[::-1, ::-1]):
            windows = np.lib.stride_tricks.sliding_window_view(one_hot, motif.width, axis=2)
            scores.append(np.einsum("nalw,aw->nl", windows, matrix, optimize=True))
            scores[-1][~inside] = -np.inf
    stacked = np.concatenate(scores, axis=1)
    count = np.maximum(np.isfinite(stacked).sum(axis=1), 1)
    return np.maximum(logsumexp(stacked, axis=1) - np.log(count), LOWEST)


def compile_scanner() -> None:
    """Have FIMO compiled now, once for the machine: the first call takes half a minute."""
    uniform = Motif("MA0000", "MA0000.1", "uniform", (), np.full((4, 8), 0.25))
    one_hot = np.zeros((1, 4, 20), dtype=np.int8)
    one_hot[:, 0] = 1
    find_sites(["a"], one_hot, [uniform], 0.5, role="motif")
