"""What must not be in two splits, or under two labels: found, reported and removed."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.intervals import overlapping
from dnalrp.data.labels import as_text
from dnalrp.data.nucleotides import reverse_complement

DROPPED_COLUMNS = ["id", "label", "split", "reason", "other", "other_split"]
PRIORITY = ("test", "dev", "train")
"""Of two sequences that may not both stay, the one in the first of these splits does."""


class Cleaned(NamedTuple):
    """The sequences that stay, and the others: ``id, label, split, reason, other, other_split``.

    ``other`` is the id of the sequence, dropped itself or not, that is the reason.
    """

    sequences: pd.DataFrame
    dropped: pd.DataFrame


def canonical(sequences: pd.Series) -> pd.Series:
    """Each sequence or its reverse complement, whichever sorts first."""
    return sequences.map(lambda sequence: min(sequence, reverse_complement(sequence)))


def remove_leakage(frame: pd.DataFrame) -> Cleaned:
    """Drop what is ambiguous, repeated, or overlaps a held-out interval.

    - ``ambiguous``: the sequence, or its reverse complement, also occurs under another label,
      or another set of labels, or its interval overlaps one of another label; all of them are
      dropped.
    - ``repeated``: the sequence or its reverse complement occurs again, in whatever split; one
      is kept, in the split that comes first in PRIORITY.
    - ``overlapping``: the interval overlaps one of a split that comes before in PRIORITY.

    Sequences that are merely alike (repeats, paralogues) are not found: to hold those out, hold
    out whole chromosomes.

    Parameters
    ----------
    frame
        ``id, sequence, label, split`` and, where known, ``chrom, start, end``. Of lists of
        labels, ``dropped`` has the text, as in ``0;2``.
    """
    frame = frame.reset_index(drop=True)
    key = canonical(frame["sequence"])
    other = np.full(len(frame), -1, dtype=np.int64)
    reason = np.full(len(frame), "", dtype=object)

    def drop(others: npt.NDArray[np.int64], why: str) -> None:
        new = (others >= 0) & (reason == "")
        reason[new], other[new] = why, others[new]

    drop(_other_label(frame, key), "ambiguous")
    drop(_first_of_its_kind(frame, key), "repeated")
    if "chrom" in frame:
        drop(_held_out_overlap(frame, reason == ""), "overlapping")
    gone = reason != ""
    dropped = frame.loc[gone, ["id", "label", "split"]].assign(
        label=frame.loc[gone, "label"].map(as_text),
        reason=reason[gone],
        other=frame["id"].to_numpy()[other[gone]],
        other_split=frame["split"].to_numpy()[other[gone]],
    )
    return Cleaned(frame[~gone].reset_index(drop=True), dropped.reset_index(drop=True))


def dropped_for(frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Rows of a table of dropped sequences for a reason that lies in each sequence alone."""
    rows = frame.reindex(columns=DROPPED_COLUMNS)
    return rows.assign(reason=reason).astype({"other": object, "other_split": object})


def _other_label(frame: pd.DataFrame, key: pd.Series) -> npt.NDArray[np.int64]:
    """Place of a sequence of another label that is the same or overlaps, or -1."""
    labels = pd.factorize(frame["label"].map(as_text))[0]  # lists have no order to compare by
    places = pd.Series(np.arange(len(frame)))
    first = places.groupby(key.to_numpy()).transform("min").to_numpy("int64")
    differs = labels != labels[first]
    second = places.where(differs).groupby(key.to_numpy()).transform("min").fillna(-1)
    other = np.where(differs, first, second.astype("int64"))
    if "chrom" not in frame:
        return other
    for label in np.unique(labels):
        members, others = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        if len(others):
            near = overlapping(frame.iloc[members], frame.iloc[others])
            other[members] = np.where(
                (other[members] < 0) & (near >= 0), others[near], other[members]
            )
    return other


def _first_of_its_kind(frame: pd.DataFrame, key: pd.Series) -> npt.NDArray[np.int64]:
    """Place of the sequence kept in this one's stead, or -1 where it is kept itself."""
    rank = frame["split"].map({split: order for order, split in enumerate(PRIORITY)})
    order = np.argsort(rank.to_numpy(), kind="stable")
    kept = np.full(len(frame), -1, dtype=np.int64)
    for values in (frame["id"], key):
        first = pd.Series(order, index=values.to_numpy()[order])
        first = first[~first.index.duplicated()].reindex(values.to_numpy()).to_numpy()
        kept = np.where(first != np.arange(len(frame)), first, kept)
    return kept


def _held_out_overlap(frame: pd.DataFrame, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Place of an overlapping interval in a split of higher priority, or -1."""
    overlapped = np.full(len(frame), -1, dtype=np.int64)
    split = frame["split"].to_numpy()
    for rank in range(1, len(PRIORITY)):
        members = np.flatnonzero(kept & (split == PRIORITY[rank]))
        before = np.flatnonzero(kept & (overlapped < 0) & np.isin(split, PRIORITY[:rank]))
        if len(members) and len(before):
            near = overlapping(frame.iloc[members], frame.iloc[before])
            overlapped[members] = np.where(near >= 0, before[near], -1)
    return overlapped
