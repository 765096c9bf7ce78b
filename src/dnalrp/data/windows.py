"""Windows of a genome around intervals, and those that cannot be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dnalrp.data.genome import Genome
from dnalrp.data.intervals import overlapping, read_bed, resized
from dnalrp.data.leakage import Cleaned, dropped_for
from dnalrp.data.negatives import interval_ids, window_sequences
from dnalrp.errors import InputError


def read_intervals(files: Mapping[str, Sequence[Path]], genome: Genome) -> pd.DataFrame:
    """All intervals of BED files, by name of the class and in the order of the labels.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`~dnalrp.data.intervals.read_bed`, ``label`` and ``class_name``;
        chromosomes have the genome's names.

    Raises
    ------
    InputError
        With file and line: an interval past its chromosome's end, or on a chromosome that the
        genome lacks.
    """
    frames = [
        _on_genome(read_bed(path), path, genome).assign(label=label, class_name=name)
        for label, (name, paths) in enumerate(files.items())
        for path in paths
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


def read_blacklist(blacklist: Sequence[Path], genome: Genome) -> pd.DataFrame:
    """Blacklisted intervals; those on chromosomes that the genome lacks do not matter."""
    frames = [pd.DataFrame({"chrom": pd.Series(dtype=str), "start": 0, "end": 0})]
    for path in blacklist:
        bed = read_bed(path)
        names = {name: genome.find(name) for name in bed["chrom"].unique()}
        frames.append(bed.assign(chrom=bed["chrom"].map(names)).dropna(subset="chrom"))
    return pd.concat(frames)[["chrom", "start", "end"]].astype({"start": int, "end": int})


def windows(intervals: pd.DataFrame, genome: Genome, length: int, banned: pd.DataFrame) -> Cleaned:
    """Windows of ``length`` bases with their sequences, and those that cannot be used.

    Those that leave their chromosome, overlap a ``banned`` region or hold an unknown base are
    dropped, with the reason.

    Raises
    ------
    InputError
        None can be used.
    """
    frame = resized(intervals, length)
    ids = [interval_ids(name, part) for name, part in frame.groupby("class_name", sort=False)]
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
    fit = usable[~unknown].reset_index(drop=True)
    return Cleaned(fit, pd.concat(unfit, ignore_index=True))
