"""Intervals on chromosomes: reading BED and narrowPeak, fixed-length windows, overlap."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.reading import read_text
from dnalrp.errors import InputError

BED_COLUMNS = ["chrom", "start", "end", "strand", "centre", "line"]
_NARROW_PEAK = 10
_NOT_INTERVALS = ("#", "track", "browser")
Integers = npt.NDArray[np.int64]


def read_bed(path: str | Path) -> pd.DataFrame:
    """Read a BED or narrowPeak file, plain or gzip.

    Returns
    -------
    pandas.DataFrame
        ``chrom, start, end, strand, centre, line``, 0-based half-open. ``strand`` is ``+`` where
        the file gives none. ``centre`` is the summit of a narrowPeak file (ten columns, the
        tenth not -1), else the middle. ``line`` is the line's number.

    Raises
    ------
    InputError
        With file and line: too few or another number of columns, coordinates that are not
        whole numbers, negative, or end before they start, a strand or summit that is none.
    """
    path = Path(path)
    rows, width = [], None
    for number, fields in _bed_lines(path):
        where = f"{path}, line {number}"
        width = width or len(fields)
        if len(fields) < 3 or len(fields) != width:
            raise InputError(
                f"{where}: {len(fields)} column(s), line 1 of the intervals has {width}; BED has "
                "at least three (chromosome, start, end) and the same number on every line"
            )
        start, end = (_coordinate(field, where) for field in fields[1:3])
        if start >= end:
            raise InputError(
                f"{where}: start {start} is not below end {end}; swap them, or remove the line"
            )
        strand = fields[5] if width >= 6 else "."
        if strand not in ("+", "-", "."):
            raise InputError(f"{where}: strand {strand!r}; the sixth column must be +, - or .")
        summit = _summit(fields[9], end - start, where) if width == _NARROW_PEAK else None
        centre = (start + end) // 2 if summit is None else start + summit
        rows.append((fields[0], start, end, "-" if strand == "-" else "+", centre, number))
    if not rows:
        raise InputError(f"{path}: no interval; fetch or write it again")
    return pd.DataFrame(rows, columns=BED_COLUMNS)


def _bed_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip() and not line.startswith(_NOT_INTERVALS):
            yield number, line.rstrip().split("\t") if "\t" in line else line.split()


def _coordinate(text: str, where: str) -> int:
    if text.startswith("-") and text[1:].isdecimal():
        raise InputError(f"{where}: coordinate {text} is negative; BED counts from 0")
    if not (text.isascii() and text.isdecimal()):
        raise InputError(
            f"{where}: coordinate {text!r} is not a whole number; columns two and three of BED "
            "are start and end"
        )
    return int(text)


def _summit(text: str, length: int, where: str) -> int | None:
    if text == "-1":
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) >= length:
        raise InputError(
            f"{where}: summit {text!r}; the tenth column of narrowPeak counts bases from the "
            f"start of the peak, 0 to {length - 1}, or is -1"
        )
    return int(text)


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
