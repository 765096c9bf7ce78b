"""Intervals on chromosomes: reading BED and peak files, fixed-length windows, overlap."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.columns import Form, Lines, form_of, strand_column, summits
from dnalrp.data.genome import Genome
from dnalrp.data.reading import read_text
from dnalrp.errors import InputError

log = logging.getLogger(__name__)
BED_COLUMNS = ["chrom", "start", "end", "strand", "centre", "line"]
LACKING, OVERHANGING = "chromosome not in the genome", "ends after the chromosome"
_HEADERS = ("track", "browser")
Integers = npt.NDArray[np.int64]


class Fitted(NamedTuple):
    """Intervals that a genome has, by its names of chromosomes, and the others with ``reason``."""

    kept: pd.DataFrame
    left_out: pd.DataFrame


def read_bed(path: str | Path) -> pd.DataFrame:
    """Read intervals, plain or gzip: BED, the peak formats of ENCODE, IDR's, MACS's table, SAF.

    What a column is follows from what it holds (:mod:`dnalrp.data.columns`), and the log says
    which was read as what.

    Returns
    -------
    pandas.DataFrame
        ``chrom, start, end, strand, centre, line``, 0-based half-open. ``strand`` is ``+`` where
        the file gives none. ``centre`` is the summit where the file has one (column ten of a
        narrowPeak, not -1; ``abs_summit`` of MACS), else the middle. ``line`` is the line's
        number.

    Raises
    ------
    InputError
        With file and line: too few or another number of columns, coordinates that are not
        whole numbers, negative, or end before they start, a strand or summit that is none.
    """
    path = Path(path)
    rows = list(_rows(path))
    form = form_of(rows[0][1]) if rows else Form("BED")
    if form.has_names:
        rows = rows[1:]
    if not rows:
        raise InputError(f"{path}: no interval; fetch or write it again")
    lines = _lines(path, rows, form)
    strand, centre, said = _named(lines, form) if form.has_names else _judged(lines, path)
    log.info("%s: read as %s: %s", path, form.name, said)
    middle = (lines.start + lines.end) // 2
    return pd.DataFrame(
        {
            "chrom": lines.column(form.chrom),
            "start": lines.start,
            "end": lines.end,
            "strand": ["-" if text == "-" else "+" for text in strand],
            "centre": np.where(centre < 0, middle, centre),
            "line": [number for number, _ in rows],
        },
        columns=BED_COLUMNS,
    )


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of each line that is neither blank nor a comment nor a browser's."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [text.strip() for text in line.split("\t")] if "\t" in line else line.split()
        # a chromosome may have this name too
        placed = len(fields) > 2 and fields[1].isdecimal() and fields[2].isdecimal()
        if placed or line.split(maxsplit=1)[0] not in _HEADERS:
            yield number, fields


def _lines(path: Path, rows: Sequence[tuple[int, list[str]]], form: Form) -> Lines:
    """The lines with their coordinates, 0-based half-open, all of one number of columns."""
    width = len(rows[0][1])
    all_fields, starts, ends, places = [], [], [], []
    for number, given in rows:
        where = f"{path}, line {number}"
        fields = _of_width(given, rows[0][1])
        if len(fields) < form.chrom + 3 or len(fields) != width:
            raise InputError(
                f"{where}: {len(fields)} column(s), line 1 of the intervals has {width}; BED has "
                "at least three (chromosome, start, end) and the same number on every line"
            )
        start, end = (
            _coordinate(field, where) for field in fields[form.chrom + 1 : form.chrom + 3]
        )
        start -= form.first_base
        if start < 0:
            raise InputError(f"{where}: coordinate 0; {form.name} counts from 1")
        if start >= end:
            raise InputError(
                f"{where}: start {start} is not below end {end}; swap them, or remove the line"
            )
        all_fields.append(fields)
        starts.append(start)
        ends.append(end)
        places.append(where)
    return Lines(all_fields, np.array(starts), np.array(ends), places)


def _of_width(fields: list[str], first: Sequence[str]) -> list[str]:
    """The fields, empty ones at the end added or left out as the first line has them."""
    if len(fields) > len(first) and not any(fields[len(first) :]):
        return fields[: len(first)]
    missing = first[len(fields) :]
    return fields if any(missing) else [*fields, *missing]


def _named(lines: Lines, form: Form) -> tuple[list[str], Integers, str]:
    """Strands, summits and what they are, of a file whose first line names its columns."""
    strand = ["+"] * len(lines.start) if form.strand is None else lines.column(form.strand)
    for where, text in zip(lines.where, strand, strict=True):
        if text not in ("+", "-", "."):
            raise InputError(f"{where}: strand {text!r}; it must be +, - or .")
    centre = np.full(len(lines.start), -1)
    if form.summit is not None:
        texts = zip(lines.column(form.summit), lines.where, strict=True)
        centre = np.array([_coordinate(text, where) - form.first_base for text, where in texts])
        outside = (centre < lines.start) | (centre >= lines.end)
        if outside.any():
            number = int(outside.argmax())
            raise InputError(
                f"{lines.where[number]}: abs_summit {centre[number] + form.first_base} is outside "
                "its peak; fetch or write the file again"
            )
    source = "no summit, hence the middle" if form.summit is None else "abs_summit as the summit"
    return strand, centre, f"positions from {form.first_base}; {source}"


def _judged(lines: Lines, path: Path) -> tuple[list[str], Integers, str]:
    """Strands, summits and what they are, of a file that leaves it to the reader."""
    index = strand_column(lines)
    strand = ["+"] * len(lines.start) if index is None else lines.column(index)
    narrow = "narrowpeak" in path.name.lower()
    tops = summits(lines, has_strand=index is not None, narrow_by_name=narrow)
    source = "no strand" if index is None else "column 6 as the strand"
    return strand, tops.positions, f"columns 1 to 3 as the interval; {source}; {tops.said}"


def _coordinate(text: str, where: str) -> int:
    if text.startswith("-") and text[1:].isdecimal():
        raise InputError(f"{where}: coordinate {text} is negative; BED counts from 0")
    if not (text.isascii() and text.isdecimal()):
        raise InputError(
            f"{where}: coordinate {text!r} is not a whole number; columns two and three of BED "
            "are start and end"
        )
    return int(text)


def fit_to_genome(intervals: pd.DataFrame, genome: Genome, path: str | Path) -> Fitted:
    """Sort out intervals on chromosomes that the genome lacks, or that end after theirs.

    Assemblies of one name differ in their contigs, and aligners let a peak overhang: a few such
    intervals are no reason to stop. Most of them mean another assembly.

    Parameters
    ----------
    intervals
        As :func:`read_bed` gives them.
    path
        Their file, for messages.

    Returns
    -------
    Fitted
        ``kept`` with the genome's names of chromosomes; ``left_out`` with the file's and
        ``reason``. Both keep the index of ``intervals``.

    Raises
    ------
    InputError
        More than half of the intervals do not fit; it names the first line that does not.
    """
    names = {name: genome.find(name) for name in intervals["chrom"].unique()}
    chrom = intervals["chrom"].map(names)
    reason = pd.Series(None, index=intervals.index, dtype=object)
    reason[chrom.isna()] = LACKING
    reason[intervals["end"] > chrom.map(genome.lengths)] = OVERHANGING
    bad = reason.notna()
    if bad.any():
        counts = ", ".join(f"{n} {why}" for why, n in reason.value_counts().items())
        if 2 * bad.sum() > len(intervals):
            raise InputError(
                _misfit(intervals[bad].iloc[0], genome, path, counts=counts, total=len(intervals))
            )
        log.warning("%s: %d of %d intervals left out: %s", path, bad.sum(), len(intervals), counts)
    left_out = intervals[bad].assign(reason=reason[bad])
    return Fitted(intervals.assign(chrom=chrom)[~bad], left_out)


def _misfit(row: pd.Series, genome: Genome, path: str | Path, *, counts: str, total: int) -> str:
    where, chrom = f"{path}, line {row['line']}", genome.find(row["chrom"])
    most = f"of {total} intervals {counts}: are they of another assembly?"
    if chrom is not None:
        return (
            f"{where}: {row['chrom']}:{row['start']}-{row['end']} ends after the chromosome, "
            f"which has {genome.lengths[chrom]} bases in {genome.path}; {most}"
        )
    return f"{genome.lacks(row['chrom'], where)}; {most}"


def unique_names(names: pd.Series) -> pd.Series:
    """The names, and ``_2``, ``_3`` and so on behind those that occurred before.

    Callers write a line for each summit of a peak, and two files may hold one interval.
    """
    taken = set(names)
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        unique = name
        if counts[name] > 1:
            while (unique := f"{name}_{counts[name]}") in taken:
                counts[name] += 1
            taken.add(unique)
        result.append(unique)
    return pd.Series(result, index=names.index, dtype=names.dtype)


def resized(intervals: pd.DataFrame, length: int) -> pd.DataFrame:
    """The intervals with ``start`` and ``end`` moved to ``length`` bases around ``centre``.

    An even length has one base more before the centre's base than after it.
    """
    start = intervals["centre"] - length // 2
    return intervals.assign(start=start, end=start + length)


def overlapping(query: pd.DataFrame, target: pd.DataFrame) -> Integers:
    """For each interval of ``query`` the place in ``target`` of one that it overlaps, or -1.

    Both need ``chrom, start, end``, 0-based half-open, of any lengths; rows without a
    chromosome overlap nothing. Strands do not matter. Takes n log n time: of the targets that
    start before a query ends, the one that ends last overlaps it if any does.
    """
    result = np.full(len(query), -1, dtype=np.int64)
    targets = target.groupby("chrom").indices
    for chrom, rows in query.groupby("chrom").indices.items():
        places = targets.get(chrom)
        if places is None:
            continue
        start, end = (target[name].to_numpy()[places].astype(np.int64) for name in ("start", "end"))
        order = np.argsort(start, kind="stable")
        places, start, end = places[order], start[order], end[order]
        reach = np.maximum.accumulate(end)
        is_last = end == reach  # of the intervals so far, the one that ends last
        last = np.maximum.accumulate(np.where(is_last, np.arange(len(end)), 0))
        own_start, own_end = (
            query[name].to_numpy()[rows].astype(np.int64) for name in ("start", "end")
        )
        before = np.searchsorted(start, own_end, side="left") - 1
        overlaps = (before >= 0) & (reach[before] > own_start)
        result[rows[overlaps]] = places[last[before[overlaps]]]
    return result


def clusters(intervals: pd.DataFrame) -> pd.Series:
    """Name of the group of overlapping intervals that each belongs to: ``chrom:first start``."""
    ordered = intervals.sort_values(["chrom", "start"], kind="stable")
    reach = ordered.groupby("chrom")["end"].cummax().groupby(ordered["chrom"]).shift()
    new = reach.isna() | (ordered["start"] >= reach)
    first = ordered["start"].where(new).ffill().astype("int64")
    return (ordered["chrom"].astype(str) + ":" + first.astype(str)).reindex(intervals.index)
