"""Relevance as arrays and tables: what TF-MoDISco's and Fi-NeMo's command lines read, and TSV."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.nucleotides import NUCLEOTIDES
from dnalrp.provenance import written_whole


def write_modisco_arrays(
    relevance: npt.NDArray[np.floating],
    one_hot: npt.NDArray[np.int8],
    one_hot_path: str | Path,
    scores_path: str | Path,
) -> None:
    """Write what ``modisco motifs -s ONE_HOT -a SCORES`` and ``finemo`` take.

    Both hold (sequences, 4, length) in ``arr_0``, order ACGT; shorter sequences end in zeros.
    Token models have no hypothetical scores: the observed nucleotide has the relevance, the
    others zero, as in the project's own motif stage.

    Parameters
    ----------
    relevance
        (sequences, length).
    one_hot
        (sequences, 4, length).
    """
    scores = one_hot * relevance[:, None, :].astype(np.float32)
    for path, array in ((one_hot_path, one_hot.astype(np.int8)), (scores_path, scores)):
        with written_whole(path) as beside, beside.open("wb") as file:
            np.savez_compressed(file, array)


def write_regions(intervals: pd.DataFrame, ids: Sequence[str], path: str | Path) -> None:
    """Write the rows' places as narrowPeak, the summit in the middle, in the arrays' order.

    ``intervals`` are ``chrom, start, end, strand`` of each row; Fi-NeMo reads them by ``-p``.
    """
    middle = (intervals["end"] - intervals["start"]) // 2
    table = pd.DataFrame(
        {
            **{name: intervals[name].to_numpy() for name in ("chrom", "start", "end")},
            "name": list(ids),
            "score": 0,
            "strand": intervals["strand"].to_numpy(),
            **dict.fromkeys(("signal", "p_value", "q_value"), -1),
            "peak": middle.to_numpy(),
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
    """
    lengths = [len(sequence) for sequence in sequences]
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
