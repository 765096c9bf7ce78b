"""Relevance as arrays and tables: what TF-MoDISco's and Fi-NeMo's command lines read, and TSV."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.nucleotides import NUCLEOTIDES, one_hot, reverse_complement
from dnalrp.errors import InputError
from dnalrp.provenance import written_whole

SHORTEST = 40
"""TF-MoDISco has no null distribution for narrower arrays, and ends in an error."""
Lengths = Sequence[int] | npt.NDArray[np.int64]


class Arrays(NamedTuple):
    """What TF-MoDISco and Fi-NeMo read: a row a sequence, of one even width.

    ``one_hot`` (sequences, 4, width) int8 and ``relevance`` (sequences, width), both zero beyond
    a sequence's end.
    """

    one_hot: npt.NDArray[np.int8]
    relevance: npt.NDArray[np.floating]


def check_finite(
    relevance: npt.NDArray[np.floating], lengths: Lengths, ids: Sequence[str], what: str
) -> None:
    """Refuse maps that hold a value that is no number: readers die of it, or take it for zero.

    Parameters
    ----------
    relevance
        (sequences, longest length); beyond a sequence's end it is not looked at.
    what
        Names the maps in the message: their method.

    Raises
    ------
    InputError
        It names ``what``, the sequence, the nucleotide, counted from 1, and the value.
    """
    inside = np.arange(relevance.shape[1]) < np.asarray(lengths)[:, None]
    wrong = inside & ~np.isfinite(relevance)
    if wrong.any():
        row, position = np.argwhere(wrong)[0]
        count = int(wrong.any(axis=1).sum())
        raise InputError(
            f"{what}: the map of {ids[row]} is {relevance[row, position]} at nucleotide "
            f"{position + 1}"
            f"{f', and so are maps of {count - 1} more' if count > 1 else ''}; nothing is written. "
            "Explain in double precision, or leave the sequence out"
        )


def stacked(
    sequences: Sequence[str],
    relevance: npt.NDArray[np.floating],
    strands: Sequence[str] | None = None,
) -> Arrays:
    """Sequences and their maps as arrays that both programs read rightly.

    The width is even: Fi-NeMo takes no other, and ``modisco motifs -w`` takes a base less than
    an odd width and then refuses. It is ``SHORTEST`` at least. Shorter sequences lie in the
    middle, as both programs count from there. With ``strands``, a sequence of ``-`` is turned to
    the forward strand, as Fi-NeMo places hits without a look at the strand.

    Parameters
    ----------
    relevance
        (sequences, longest length); beyond a sequence's end it is not looked at.
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    width = max(int(lengths.max() + lengths.max() % 2), SHORTEST)
    firsts = (width // 2 - _middle(lengths)).tolist()
    texts, values = [], np.zeros((len(sequences), width), dtype=relevance.dtype)
    for row, (sequence, first) in enumerate(zip(sequences, firsts, strict=True)):
        backwards = strands is not None and strands[row] == "-"
        row_relevance, text = relevance[row, : len(sequence)], sequence
        if backwards:
            row_relevance, text = row_relevance[::-1], reverse_complement(sequence)
        values[row, first : first + len(text)] = row_relevance
        texts.append(("N" * first + text).ljust(width, "N"))
    return Arrays(one_hot(texts), values)


def _middle(length: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Places within sequences of what lies in the middle of the arrays."""
    return np.minimum((length + 1) // 2, length - 1)


def write_modisco_arrays(
    relevance: npt.NDArray[np.floating],
    one_hot: npt.NDArray[np.int8],
    one_hot_path: str | Path,
    scores_path: str | Path,
) -> None:
    """Write what ``modisco motifs -s ONE_HOT -a SCORES -w WIDTH`` and ``finemo`` take.

    Both hold (sequences, 4, width) in ``arr_0``, order ACGT; :func:`stacked` makes them of
    sequences. Finemo wants the width too (``extract-regions-modisco-fmt -w``). Token models have
    no hypothetical scores: the observed nucleotide has the relevance, the others zero, as in the
    project's own motif stage.

    Parameters
    ----------
    relevance
        (sequences, width).
    one_hot
        (sequences, 4, width).

    Raises
    ------
    InputError
        A nucleotide whose relevance is no number.
    """
    scores = np.where(one_hot, relevance[:, None, :], 0).astype(np.float32)
    rows = [f"row {row + 1}" for row in range(len(scores))]
    widths = [scores.shape[2]] * len(rows)
    check_finite(scores.sum(axis=1), widths, rows, str(scores_path))
    for path, array in ((one_hot_path, one_hot.astype(np.int8)), (scores_path, scores)):
        with written_whole(path) as beside, beside.open("wb") as file:
            np.savez_compressed(file, array)


def write_regions(intervals: pd.DataFrame, ids: Sequence[str], path: str | Path) -> None:
    """Write the rows' places as narrowPeak, in the order of the arrays of :func:`stacked`.

    The summit is the base in the middle of the arrays, from which Fi-NeMo (``-p``) counts, and
    the strand is ``+``, that of the arrays.

    Parameters
    ----------
    intervals
        ``chrom, start, end`` of each row.
    """
    length = (intervals["end"] - intervals["start"]).to_numpy()
    table = pd.DataFrame(
        {
            **{name: intervals[name].to_numpy() for name in ("chrom", "start", "end")},
            "name": list(ids),
            "score": 0,
            "strand": "+",
            **dict.fromkeys(("signal", "p_value", "q_value"), -1),
            "peak": _middle(length),
        }
    )
    with written_whole(path) as beside:
        table.to_csv(beside, sep="\t", header=False, index=False)


def write_map_table(
    ids: Sequence[str],
    sequences: Sequence[str],
    relevance: npt.NDArray[np.floating],
    path: str | Path,
) -> None:
    """Write maps as a table, a row a nucleotide: ``id, position, nucleotide, relevance``.

    Positions count from 0. A path that ends in ``.gz`` is compressed.

    Raises
    ------
    InputError
        A nucleotide whose relevance is no number.
    """
    lengths = [len(sequence) for sequence in sequences]
    check_finite(relevance, lengths, ids, str(path))
    letters = np.frombuffer("".join(sequences).encode("ascii"), dtype="S1").astype(str)
    table = pd.DataFrame(
        {
            "id": np.repeat(np.asarray(ids, dtype=object), lengths),
            "position": np.concatenate([np.arange(length) for length in lengths]),
            "nucleotide": pd.Categorical(letters, categories=[*NUCLEOTIDES, "N"]),
            "relevance": np.concatenate(
                [row[:length] for row, length in zip(relevance, lengths, strict=True)]
            ),
        }
    )
    # no time in the file: equal maps give equal files
    packing = {"method": "gzip", "mtime": 0, "compresslevel": 5}
    compression = packing if str(path).endswith(".gz") else None
    with written_whole(path) as beside:
        table.to_csv(beside, sep="\t", index=False, float_format="%.6g", compression=compression)
