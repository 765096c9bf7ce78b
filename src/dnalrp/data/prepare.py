"""Labelled sequences with chromosome hold-out, from FASTA files of peaks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dnalrp.data.fasta import read_fasta
from dnalrp.data.jaspar import Motif
from dnalrp.data.nucleotides import one_hot, reverse_complement
from dnalrp.data.scan import find_sites
from dnalrp.errors import InputError


class PeakClass(NamedTuple):
    """One class of peaks: its name, FASTA files, and the motifs that its sequences should hold."""

    name: str
    fasta: Sequence[Path]
    motifs: Sequence[Motif]


class Prepared(NamedTuple):
    """Sequences, and how many records were dropped and why."""

    sequences: pd.DataFrame
    dropped: dict[str, int]


def prepare_peaks(classes: Sequence[PeakClass], splits: Mapping[str, Sequence[str]]) -> Prepared:
    """Read the peaks of all classes and split them by whole chromosomes.

    The label of a class is its place in ``classes``. Chromosomes that ``splits`` does not name
    go to ``train``. A sequence that occurs twice in one class, also as its reverse complement,
    is kept once; one that occurs in several classes is dropped, as are intervals that overlap
    an interval of another class, since their label is not known.

    Returns
    -------
    Prepared
        ``sequences``: ``id, sequence, label, split, chrom, start, end, strand``.

    Raises
    ------
    InputError
        A header without coordinates, or a class that is absent from a split.
    """
    frame = pd.concat(
        [_read_class(label, peak_class) for label, peak_class in enumerate(classes)],
        ignore_index=True,
    )
    read = len(frame)
    canonical = frame["sequence"].map(lambda sequence: min(sequence, reverse_complement(sequence)))
    labels = frame.groupby(canonical)["label"].transform("nunique")
    ambiguous = (labels > 1) | _overlaps_other_class(frame)
    repeated = canonical.duplicated() | frame["id"].duplicated()
    frame = frame[~ambiguous & ~repeated].reset_index(drop=True)
    chromosome_split = {chrom: split for split, chroms in splits.items() for chrom in chroms}
    frame.insert(3, "split", frame["chrom"].map(chromosome_split).fillna("train"))
    _check_classes(frame, [peak_class.name for peak_class in classes])
    ambiguous_count = int(ambiguous.sum())
    dropped = {"ambiguous": ambiguous_count, "repeated": read - len(frame) - ambiguous_count}
    return Prepared(frame, dropped)


def motif_sites(
    sequences: pd.DataFrame, classes: Sequence[PeakClass], p_value: float
) -> pd.DataFrame:
    """Ground truth: in each class's sequences, the sites of that class's own motifs."""
    found = []
    for label, peak_class in enumerate(classes):
        own = sequences[sequences["label"] == label]
        if len(own) and peak_class.motifs:
            ids, encoded = own["id"].tolist(), one_hot(own["sequence"].tolist())
            found.append(find_sites(ids, encoded, peak_class.motifs, p_value, role="motif"))
    if not found:
        raise InputError("classes: no class names a motif; list JASPAR ids under 'motifs'")
    return pd.concat(found, ignore_index=True)


def _read_class(label: int, peak_class: PeakClass) -> pd.DataFrame:
    rows = []
    for path in peak_class.fasta:
        for record in read_fasta(path):
            if record.chrom is None:
                raise InputError(
                    f"{path}: record {record.name!r} has no coordinates; write headers as "
                    "'chrom:start-end', they are needed to hold out whole chromosomes"
                )
            name = f"{peak_class.name}_{record.name}"
            rows.append((name, record.sequence, label, *record[2:]))
    columns = ["id", "sequence", "label", "chrom", "start", "end", "strand"]
    return pd.DataFrame(rows, columns=columns)


def _overlaps_other_class(frame: pd.DataFrame) -> pd.Series:
    """Whether an interval overlaps an interval of another class on its chromosome."""
    overlapping = pd.Series(False, index=frame.index)
    for _, group in frame.groupby("chrom"):
        reach: list[tuple[int, int, int]] = []
        for row in group.sort_values("start").itertuples():
            reach = [other for other in reach if other[0] > row.start]
            for _, label, index in reach:
                if label != row.label:
                    overlapping[[index, row.Index]] = True
            reach.append((row.end, row.label, row.Index))
    return overlapping


def _check_classes(frame: pd.DataFrame, names: Sequence[str]) -> None:
    for split in ("train", "dev", "test"):
        present = set(frame.loc[frame["split"] == split, "label"])
        for label, name in enumerate(names):
            if label not in present:
                raise InputError(
                    f"class {name!r} has no sequence in the {split} split; give it peaks there "
                    "or choose other chromosomes under 'splits'"
                )
