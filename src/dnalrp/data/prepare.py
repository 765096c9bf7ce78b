"""From what was read to a data set: splits, order of columns, background, ground truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from dnalrp.data.fasta import read_fasta
from dnalrp.data.intervals import clusters
from dnalrp.data.leakage import Cleaned, canonical, dropped_for, remove_leakage
from dnalrp.data.sources.base import DatasetSection, Prepared, Supply
from dnalrp.data.sources.fields import Splits
from dnalrp.data.splits import check_splits, split_by_chromosome, split_by_fraction
from dnalrp.data.table import check_length, checked_id
from dnalrp.data.truth import motif_sites, scan_difference
from dnalrp.errors import InputError


def finished(
    cleaned: Cleaned, section: DatasetSection, supply: Supply, *, p_value: float
) -> Prepared:
    """A data set with its ground truth: the sites of each class's motifs in its sequences.

    Raises
    ------
    InputError
        A class is absent from a split, or a label always on or always off.
    """
    names = section.class_names()
    check_splits(cleaned.sequences, names)
    motifs = [supply.motifs(ids) for ids in section.motifs_by_label()]
    sites = motif_sites(cleaned.sequences, motifs, p_value)
    scan = scan_difference(cleaned.sequences, motifs)
    return Prepared(cleaned.sequences, sites, scan, cleaned.dropped, names)


def read_records(files: Mapping[str, Sequence[Path]]) -> pd.DataFrame:
    """All records of FASTA files, by name of the class and in the order of the labels.

    Returns
    -------
    pandas.DataFrame
        ``id, sequence, label, chrom, start, end, strand, where``; an id is the class and the
        header's first word, ``where`` the file and the name, for error messages.
    """
    rows = []
    for label, (name, paths) in enumerate(files.items()):
        for path in paths:
            for record in read_fasta(path):
                where = f"{path}, record {record.name}"
                rows.append((f"{name}_{record.name}", record.sequence, label, *record[2:], where))
    columns = ["id", "sequence", "label", "chrom", "start", "end", "strand", "where"]
    return pd.DataFrame(rows, columns=columns)


def without_coordinates(frame: pd.DataFrame) -> str:
    """What to say of the first record without a place on a chromosome."""
    where = frame.loc[frame["chrom"].isna(), "where"].iloc[0]
    return (
        f"{where}: has no coordinates; write headers as 'chrom:start-end', they are needed to "
        "hold out whole chromosomes"
    )


def check_records(frame: pd.DataFrame, lengths: Sequence[int]) -> None:
    """Refuse records of a name or length that cannot be, and a name that occurs twice."""
    for row in frame.itertuples():
        checked_id(row.id, row.where)
        check_length(row.sequence, lengths, row.where)
    if (again := frame["id"].duplicated()).any():
        raise InputError(f"{frame.loc[again, 'where'].iloc[0]}: the name occurs twice; rename one")


def splits_of(frame: pd.DataFrame, splits: Splits) -> pd.Series:
    """Split of each row: by chromosome, or by chance for all that overlap or are the same."""
    placed = frame["chrom"].notna()
    if isinstance(splits.dev, list) and isinstance(splits.test, list):
        if not placed.all():
            raise InputError(without_coordinates(frame))
        return split_by_chromosome(frame["chrom"], {"dev": splits.dev, "test": splits.test})
    keys = canonical(frame["sequence"])
    if placed.any():
        keys[placed] = clusters(frame[placed].astype({"start": "int64", "end": "int64"}))
    assert splits.seed is not None  # the section says so
    return split_by_fraction(keys, {"dev": splits.dev, "test": splits.test}, splits.seed)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
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


def positives(frame: pd.DataFrame) -> Cleaned:
    """Positives that background can be made for: without leakage and unknown bases."""
    unknown = frame["sequence"].str.contains("N").astype(bool)
    cleaned = remove_leakage(frame[~unknown])
    if cleaned.sequences.empty:
        raise InputError("negatives: every positive sequence holds an N; give others")
    unfit = dropped_for(frame[unknown], "unknown bases")
    return Cleaned(cleaned.sequences, pd.concat([unfit, cleaned.dropped], ignore_index=True))


def joined(background: pd.DataFrame, positive: pd.DataFrame, dropped: pd.DataFrame) -> Cleaned:
    """Made background, class 0, before the positives it was made for."""
    both = pd.concat([background.assign(label=0), positive], ignore_index=True)
    if "start" in both:
        both = _with_whole_numbers(both)
    cleaned = remove_leakage(both[positive.columns])
    return Cleaned(cleaned.sequences, pd.concat([dropped, cleaned.dropped], ignore_index=True))
