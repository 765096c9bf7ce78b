"""Labelled, split sequences without leakage: from peaks, tables, FASTA and BED files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from dnalrp.data.fasta import read_fasta
from dnalrp.data.genome import Genome
from dnalrp.data.intervals import clusters, overlapping, read_bed, resized
from dnalrp.data.jaspar import Motif
from dnalrp.data.labels import has_label
from dnalrp.data.leakage import Cleaned, canonical, dropped_for, remove_leakage
from dnalrp.data.negatives import (
    BACKGROUND,
    Matching,
    interval_ids,
    matched_background,
    shuffled_background,
    window_sequences,
)
from dnalrp.data.nucleotides import one_hot
from dnalrp.data.scan import SITE_COLUMNS, find_sites
from dnalrp.data.splits import SPLITS, check_splits, split_by_chromosome, split_by_fraction
from dnalrp.data.table import check_length, checked_id, read_table
from dnalrp.errors import InputError

Splits = Mapping[str, Any]
"""``dev`` and ``test``: chromosomes each, or fractions with a ``seed``; or a table's ``column``."""


class PeakClass(NamedTuple):
    """One class: its name, its FASTA files, and the motifs that its sequences should hold."""

    name: str
    fasta: Sequence[Path]
    motifs: Sequence[Motif]


class IntervalClass(NamedTuple):
    """One class: its name, its BED files, and the motifs that its sequences should hold."""

    name: str
    bed: Sequence[Path]
    motifs: Sequence[Motif]


AnyClass = TypeVar("AnyClass", PeakClass, IntervalClass)


class NamedClass(NamedTuple):
    """One class of a table: its name, and the motifs that its sequences should hold."""

    name: str
    motifs: Sequence[Motif]


def prepare_peaks(classes: Sequence[PeakClass], splits: Mapping[str, Sequence[str]]) -> Cleaned:
    """Read the peaks of all classes and split them by whole chromosomes.

    The label of a class is its place in ``classes``. Chromosomes that ``splits`` does not name
    go to ``train``. What is ambiguous or repeated is dropped
    (:func:`~dnalrp.data.leakage.remove_leakage`).

    Returns
    -------
    Cleaned
        ``sequences``: ``id, sequence, label, split, chrom, start, end, strand``.

    Raises
    ------
    InputError
        A header without coordinates, or a class that is absent from a split.
    """
    frame = _read_classes(classes)
    if frame["chrom"].isna().any():
        raise InputError(_without_coordinates(frame))
    frame.insert(3, "split", split_by_chromosome(frame["chrom"], splits))
    return _checked(remove_leakage(frame.drop(columns="where")), classes)


def prepare_table(
    files: Mapping[str, Path],
    splits: Splits | None,
    classes: Sequence[NamedClass],
    lengths: tuple[int, int],
    several_labels: bool = False,
) -> Cleaned:
    """Read tables of labelled sequences (:func:`~dnalrp.data.table.read_table`).

    Parameters
    ----------
    files
        A file for each of ``train``, ``dev`` and ``test``; or one as ``all``, that ``splits``
        divides: by ``column``, which holds the split's name, or by fractions.
    classes
        In the order of their labels.
    lengths
        Shortest and longest sequence that is accepted.
    several_labels
        A sequence may have several labels at once, or none: ``classes`` are these labels.

    Raises
    ------
    InputError
        As for ``read_table``; no such split; an id in two files; a class absent from a split,
        or a label always on or always off.
    """
    names = [own.name for own in classes] if several_labels else []
    column = [splits["column"]] if splits and "column" in splits else []
    parts = []
    for split, path in files.items():
        part = read_table(path, len(classes), lengths, column, names)
        if column:
            part = part.rename(columns={column[0]: "split"})
            _check_split_names(path, column[0], part)
        elif splits is None:
            part["split"] = split
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    if (again := frame["id"].duplicated()).any():
        name = frame.loc[again, "id"].iloc[0]
        raise InputError(f"{', '.join(map(str, files.values()))}: id {name!r} is in two files")
    if "split" not in frame and splits is not None:
        frame["split"] = split_by_fraction(canonical(frame["sequence"]), splits, splits["seed"])
    return _checked(remove_leakage(frame[["id", "sequence", "label", "split"]]), classes)


def prepare_fasta(
    classes: Sequence[PeakClass],
    splits: Splits,
    lengths: tuple[int, int],
    negatives: Mapping[str, Any] | None = None,
) -> Cleaned:
    """Read FASTA files of every class; ids are the class and the header's first word.

    Parameters
    ----------
    classes
        In the order of their labels; one only if ``negatives`` says where others come from.
    splits
        Chromosomes, for headers ``chrom:start-end``, or fractions with a seed: then what is the
        same, also as its reverse complement, and what overlaps stays together.
    lengths
        Shortest and longest sequence that is accepted.
    negatives
        ``kind: shuffle``, dinucleotide shuffles with ``ratio`` and ``seed``, or ``kind: peaks``
        with ``files``; they become class 0.

    Raises
    ------
    InputError
        An id that occurs twice, a sequence of another length, coordinates missing where
        chromosomes are held out, a class absent from a split.
    """
    classes = with_background(classes, negatives)
    frame = _read_classes(classes)
    _check_records(frame, lengths)
    frame["split"] = _splits_of(frame, splits)
    frame = _in_order(frame)
    if negatives is None or negatives["kind"] == "peaks":
        return _checked(remove_leakage(frame), classes)
    positive, dropped = _positives(frame)
    shuffled = shuffled_background(positive, negatives["ratio"], negatives["seed"])
    return _checked(_joined(shuffled, positive, dropped), classes)


def prepare_intervals(
    classes: Sequence[IntervalClass],
    genome: Genome,
    length: int,
    splits: Splits,
    blacklist: Sequence[Path] = (),
    negatives: Mapping[str, Any] | None = None,
) -> Cleaned:
    """Read intervals of every class, each made ``length`` bases around its summit or middle.

    Windows that leave their chromosome, overlap the blacklist or hold an unknown base are
    dropped: background regions hold none either, and an N must not tell the classes apart.

    Parameters
    ----------
    classes
        In the order of their labels; one only if ``negatives`` says where others come from.
    splits
        Chromosomes, or fractions with a seed: then intervals that overlap stay together.
    blacklist
        BED files of regions to leave out.
    negatives
        ``kind: genome``, see :func:`~dnalrp.data.negatives.matched_background`;
        ``kind: shuffle``; or ``kind: peaks``, other BED ``files``. They become class 0, in the
        splits of the peaks that they belong to.

    Raises
    ------
    InputError
        With file and line: an interval past its chromosome's end, or on a chromosome that the
        genome lacks; a class absent from a split; too little background.
    """
    classes = with_background(classes, negatives)
    if isinstance(splits["dev"], list):
        splits = {
            name: [genome.chromosome(chrom, f"splits.{name}") for chrom in splits[name]]
            for name in ("dev", "test")
        }
    read, banned = _read_intervals(classes, genome), _banned(blacklist, genome)
    frame, unfit = _windows(read, genome, length, banned)
    frame["split"] = _splits_of(frame, splits)
    frame = _in_order(frame)
    if negatives is None or negatives["kind"] == "peaks":
        cleaned = remove_leakage(frame)
    else:
        positive, dropped = _positives(frame)
        if negatives["kind"] == "shuffle":
            made = shuffled_background(positive, negatives["ratio"], negatives["seed"])
        else:
            avoided = pd.concat([read, resized(read, length), banned])
            matching = Matching(**{name: negatives[name] for name in Matching._fields})
            made = matched_background(positive, genome, avoided, matching)
        cleaned = _joined(made, positive, dropped)
    dropped = pd.concat([unfit, cleaned.dropped], ignore_index=True)
    return _checked(Cleaned(cleaned.sequences, dropped), classes)


def with_background(
    classes: Sequence[AnyClass], negatives: Mapping[str, Any] | None
) -> list[AnyClass]:
    """The classes in the order of their labels: where there are ``negatives``, they come first."""
    if negatives is None:
        return list(classes)
    kind = "fasta" if isinstance(classes[0], PeakClass) else "bed"
    made = {"name": BACKGROUND, "motifs": [], kind: negatives.get("files", [])}
    result = list(classes)
    result.insert(0, classes[0]._replace(**made))
    return result


def motif_sites(
    sequences: pd.DataFrame,
    classes: Sequence[PeakClass | IntervalClass | NamedClass],
    p_value: float,
) -> pd.DataFrame:
    """Ground truth: in each class's sequences, the sites of that class's own motifs.

    Of several labels, in the sequences where a label is on.

    No class needs to have motifs; then there is no ground truth, and the table is empty.
    """
    empty = pd.DataFrame(columns=SITE_COLUMNS).astype({"start": "int64", "end": "int64"})
    found = []
    for label, own_class in enumerate(classes):
        own = sequences[has_label(sequences["label"], label)]
        if len(own) and own_class.motifs:
            ids, encoded = own["id"].tolist(), one_hot(own["sequence"].tolist())
            found.append(find_sites(ids, encoded, own_class.motifs, p_value, role="motif"))
    return pd.concat(found, ignore_index=True) if found else empty


def _read_classes(classes: Sequence[PeakClass]) -> pd.DataFrame:
    """All records; ``where`` is the file and the name, for error messages."""
    rows = []
    for label, own in enumerate(classes):
        for path in own.fasta:
            for record in read_fasta(path):
                where = f"{path}, record {record.name}"
                rows.append((f"{own.name}_{record.name}", *record[1:2], label, *record[2:], where))
    columns = ["id", "sequence", "label", "chrom", "start", "end", "strand", "where"]
    return pd.DataFrame(rows, columns=columns)


def _without_coordinates(frame: pd.DataFrame) -> str:
    where = frame.loc[frame["chrom"].isna(), "where"].iloc[0]
    return (
        f"{where}: has no coordinates; write headers as 'chrom:start-end', they are needed to "
        "hold out whole chromosomes"
    )


def _check_records(frame: pd.DataFrame, lengths: tuple[int, int]) -> None:
    for row in frame.itertuples():
        checked_id(row.id, row.where)
        check_length(row.sequence, lengths, row.where)
    if (again := frame["id"].duplicated()).any():
        raise InputError(f"{frame.loc[again, 'where'].iloc[0]}: the name occurs twice; rename one")


def _check_split_names(path: Path, column: str, frame: pd.DataFrame) -> None:
    for name in frame["split"].unique():
        if name not in SPLITS:
            raise InputError(
                f"{path}: column {column!r} holds {name!r}; write one of {', '.join(SPLITS)}"
            )


def _read_intervals(classes: Sequence[IntervalClass], genome: Genome) -> pd.DataFrame:
    frames = [
        _on_genome(read_bed(path), path, genome).assign(label=label, class_name=own.name)
        for label, own in enumerate(classes)
        for path in own.bed
    ]
    return pd.concat(frames, ignore_index=True)


def _on_genome(bed: pd.DataFrame, path: Path, genome: Genome) -> pd.DataFrame:
    """The intervals with the genome's names of chromosomes, all inside them."""
    first = bed.drop_duplicates("chrom")
    names = {
        row.chrom: genome.chromosome(row.chrom, f"{path}, line {row.line}")
        for row in first.itertuples()
    }
    bed = bed.assign(chrom=bed["chrom"].map(names))
    beyond = bed[bed["end"] > bed["chrom"].map(genome.lengths)]
    if len(beyond):
        row = beyond.iloc[0]
        raise InputError(
            f"{path}, line {row['line']}: {row['chrom']}:{row['start']}-{row['end']} ends after "
            f"the chromosome, which has {genome.lengths[row['chrom']]} bases in {genome.path}; "
            "is the file of another assembly?"
        )
    return bed


def _banned(blacklist: Sequence[Path], genome: Genome) -> pd.DataFrame:
    """Blacklisted intervals; those on chromosomes that the genome lacks do not matter."""
    frames = [pd.DataFrame({"chrom": pd.Series(dtype=str), "start": 0, "end": 0})]
    for path in blacklist:
        bed = read_bed(path)
        names = {name: genome.find(name) for name in bed["chrom"].unique()}
        frames.append(bed.assign(chrom=bed["chrom"].map(names)).dropna(subset="chrom"))
    return pd.concat(frames)[["chrom", "start", "end"]].astype({"start": int, "end": int})


def _windows(
    intervals: pd.DataFrame, genome: Genome, length: int, banned: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Windows with their sequences, and those that cannot be used, with the reason."""
    frame = resized(intervals, length)
    ids = [interval_ids(name, own) for name, own in frame.groupby("class_name", sort=False)]
    frame = frame.assign(id=pd.concat(ids))
    outside = (frame["start"] < 0) | (frame["end"] > frame["chrom"].map(genome.lengths))
    listed = ~outside & (overlapping(frame, banned) >= 0)
    usable = frame[~outside & ~listed]
    usable = usable.assign(sequence=window_sequences(usable, genome))
    unknown = np.array(["N" in sequence for sequence in usable["sequence"]], dtype=bool)
    unfit = [
        dropped_for(frame[outside], "beyond the chromosome"),
        dropped_for(frame[listed], "blacklisted"),
        dropped_for(usable[unknown], "unknown bases"),
    ]
    if unknown.all():
        raise InputError(
            f"{genome.path}: none of {len(frame)} intervals gives a window of {length} known bases "
            f"outside the blacklist ({outside.sum()} leave their chromosome, {listed.sum()} are "
            "blacklisted); correct 'length', 'genome' or 'blacklist'"
        )
    return usable[~unknown].reset_index(drop=True), pd.concat(unfit, ignore_index=True)


def _splits_of(frame: pd.DataFrame, splits: Splits) -> pd.Series:
    """Split of each row: by chromosome, or by chance for all that overlap or are the same."""
    placed = frame["chrom"].notna()
    if isinstance(splits["dev"], list):
        if not placed.all():
            raise InputError(_without_coordinates(frame))
        return split_by_chromosome(frame["chrom"], splits)
    keys = canonical(frame["sequence"])
    if placed.any():
        keys[placed] = clusters(frame[placed].astype({"start": "int64", "end": "int64"}))
    return split_by_fraction(keys, splits, splits["seed"])


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a table of sequences; those of intervals only where there are any."""
    columns = ["id", "sequence", "label", "split"]
    if frame["chrom"].notna().any():
        columns += ["chrom", "start", "end", "strand"]
        frame = _with_whole_numbers(frame)
    return frame[columns]


def _with_whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Starts and ends as integers also where some are missing."""
    kind = "Int64" if frame["start"].isna().any() else "int64"
    return frame.astype({"start": kind, "end": kind})


def _positives(frame: pd.DataFrame) -> Cleaned:
    """Positives that background can be made for: without leakage and unknown bases."""
    unknown = frame["sequence"].str.contains("N").astype(bool)
    cleaned = remove_leakage(frame[~unknown])
    if cleaned.sequences.empty:
        raise InputError("negatives: every positive sequence holds an N; give others")
    unfit = dropped_for(frame[unknown], "unknown bases")
    return Cleaned(cleaned.sequences, pd.concat([unfit, cleaned.dropped], ignore_index=True))


def _joined(background: pd.DataFrame, positive: pd.DataFrame, dropped: pd.DataFrame) -> Cleaned:
    """Made background, class 0, before the positives it was made for."""
    both = pd.concat([background.assign(label=0), positive], ignore_index=True)
    if "start" in both:
        both = _with_whole_numbers(both)
    cleaned = remove_leakage(both[positive.columns])
    return Cleaned(cleaned.sequences, pd.concat([dropped, cleaned.dropped], ignore_index=True))


def _checked(
    cleaned: Cleaned, classes: Sequence[PeakClass | IntervalClass | NamedClass]
) -> Cleaned:
    check_splits(cleaned.sequences, [own.name for own in classes])
    return cleaned
