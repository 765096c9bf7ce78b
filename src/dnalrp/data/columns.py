"""Which columns of a file of intervals are what, judged by all that the columns hold.

Peak callers and ``bedtools`` write BED with columns of many kinds behind the third, without a
word on which: ten columns may be a narrowPeak, or two BED files side by side. A summit that is
none moves every window, so each column must look like what it is read as in every line.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.errors import InputError

Integers = npt.NDArray[np.int64]
MISSING = ("", ".")
_REGION = re.compile(r"^\S+:\d+-\d+$")
_SUMMIT = re.compile(r"^(-1|\d+)(\.0)?$")
_NARROW_PEAK = 10
_MACS = ["chr", "start", "end", "length"]
_SAF = ["geneid", "chr", "start", "end", "strand"]


class Form(NamedTuple):
    """Where a file holds coordinates, by columns from 0, and the number of its first base."""

    name: str
    chrom: int = 0
    first_base: int = 0
    strand: int | None = None
    summit: int | None = None

    @property
    def has_names(self) -> bool:
        """Whether the first line names the columns, so that nothing is to be judged."""
        return self.name != "BED"


class Lines(NamedTuple):
    """All lines of a file of one form."""

    fields: Sequence[Sequence[str]]
    start: Integers
    end: Integers
    where: Sequence[str]

    def column(self, index: int) -> list[str]:
        return [row[index] for row in self.fields]


class Summits(NamedTuple):
    """Summits as positions, -1 where a line has none, and a sentence on where they are from."""

    positions: Integers
    said: str


def form_of(first: Sequence[str]) -> Form:
    """Form of a file by its first line: MACS's table and SAF name their columns, BED does not."""
    names = [name.lower() for name in first]
    if names[:4] == _MACS:
        summit = names.index("abs_summit") if "abs_summit" in names else None
        return Form("the table of MACS", first_base=1, summit=summit)
    if names[:5] == _SAF:
        return Form("SAF", chrom=1, first_base=1, strand=4)
    return Form("BED")


def strand_column(lines: Lines) -> int | None:
    """Place of BED's strand, or None where the sixth column holds something else throughout.

    That is a number in each line (two BED files side by side), a region (SEACR), or the
    chromosome of a second interval. Numbers that may stand for strands are not passed over.

    Raises
    ------
    InputError
        A line with a strand that is none.
    """
    if len(lines.fields[0]) < 6:
        return None
    values = lines.column(5)
    if not (set(values) <= {"+", "-", *MISSING}) and _no_strands(lines, values):
        return None
    for where, value in zip(lines.where, values, strict=True):
        if value not in ("+", "-", *MISSING):
            raise InputError(f"{where}: strand {value!r}; the sixth column must be +, - or .")
    return 5


def _no_strands(lines: Lines, values: Sequence[str]) -> bool:
    if all(_REGION.match(value) for value in values):
        return True
    if all(map(_is_number, values)):
        return not set(values) <= {"1", "-1", "0", "+1"}
    return values == lines.column(0) and _holds_intervals(lines, 6, overlapping=False)


def summits(lines: Lines, *, has_strand: bool, narrow_by_name: bool) -> Summits:
    """Summits of a BED-like file: the tenth column, where it is that of a narrowPeak.

    Parameters
    ----------
    has_strand
        Whether the sixth column is the strand's.
    narrow_by_name
        Whether the file's name says that it is a narrowPeak.

    Raises
    ------
    InputError
        A narrowPeak with a summit that is no whole number, or outside its peak.
    """
    if reason := _no_summits(lines, has_strand, narrow_by_name):
        return Summits(np.full(len(lines.start), -1), f"no summit ({reason}), hence the middle")
    texts = ["-1" if value in MISSING else value for value in lines.column(9)]
    values = np.array([int(text.removesuffix(".0")) for text in texts], dtype=np.int64)
    inside = values < lines.end - lines.start
    if not inside.all() and _is_idr(lines) and _are_positions(lines, values):
        return Summits(values, "column 10 as the summit, a position")
    if not inside.all():
        number = int((~inside).argmax())
        raise _bad_summit(lines, number)
    positions = np.where(values < 0, -1, lines.start + values)
    return Summits(positions, "column 10 as the summit, counted from the start")


def _no_summits(lines: Lines, has_strand: bool, narrow_by_name: bool) -> str | None:
    """Why the tenth column is no summit, or None where it is one."""
    width = len(lines.fields[0])
    if width < _NARROW_PEAK:
        return f"{width} columns"
    if not has_strand:
        return "column 6 is no strand"
    scores = [lines.column(index) for index in (4, 6, 7, 8)]
    if not all(value in MISSING or _is_number(value) for column in scores for value in column):
        return "columns 5 and 7 to 9 are not the numbers of a narrowPeak"
    if _holds_blocks(lines):
        return "columns 10 to 12 are the blocks of BED12 or gappedPeak"
    if _holds_thick_ends(lines):
        return "columns 7 to 9 are thickStart, thickEnd and colour of BED9"
    if _holds_second_interval(lines):
        return "columns 7 to 9 are a second interval"
    if width == 17 and _holds_intervals(lines, 11) and _holds_intervals(lines, 14):
        return "columns 10 to 17 are IDR's of a broadPeak"
    return _no_whole_numbers(lines) or _no_narrow_peak(lines, scores[1:], narrow_by_name)


def _no_whole_numbers(lines: Lines) -> str | None:
    for number, value in enumerate(lines.column(9)):
        if value in MISSING or _SUMMIT.match(value):
            continue
        if _is_number(value) and value[0] != "-":
            return f"column 10 holds {value}, which is no whole number"
        if len(lines.fields[0]) > _NARROW_PEAK:
            return f"column 10 holds {value!r}"
        raise _bad_summit(lines, number)
    return None


def _no_narrow_peak(
    lines: Lines, scores: Sequence[Sequence[str]], narrow_by_name: bool
) -> str | None:
    """Of more than ten columns the first ten are a narrowPeak only if more speaks for it.

    Callers write floating point numbers, or -1 for what they lack; counts of reads are whole.
    """
    if len(lines.fields[0]) == _NARROW_PEAK or narrow_by_name or _is_idr(lines):
        return None
    if all(value.isdecimal() for column in scores for value in column):
        return "columns 7 to 9 hold counts only"
    values = [value.removesuffix(".0") for value in lines.column(9)]
    lengths = (lines.end - lines.start).tolist()
    fitting = sum(v in MISSING or int(v) < n for v, n in zip(values, lengths, strict=True))
    if 2 * fitting <= len(values):
        return "column 10 lies outside most intervals"
    return None


def _bad_summit(lines: Lines, number: int) -> InputError:
    length = lines.end[number] - lines.start[number]
    return InputError(
        f"{lines.where[number]}: summit {lines.fields[number][9]!r}; the tenth column of "
        f"narrowPeak counts bases from the start of the peak, 0 to {length - 1}, or is -1"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _whole(values: Sequence[str]) -> Integers | None:
    if not all(value.isascii() and value.isdecimal() for value in values):
        return None
    return np.array(values, dtype=object).astype(np.int64)


def _holds_intervals(lines: Lines, index: int, overlapping: bool = True) -> bool:
    """Whether column ``index`` and the next are starts and ends, which overlap the line's own."""
    if len(lines.fields[0]) < index + 2:
        return False
    start, end = _whole(lines.column(index)), _whole(lines.column(index + 1))
    if start is None or end is None or not (start < end).all():
        return False
    return not overlapping or bool(((start < lines.end) & (end > lines.start)).all())


def _is_idr(lines: Lines) -> bool:
    """Whether columns 13 and 14, and 17 and 18, are the peaks of two replicates."""
    return _holds_intervals(lines, 12) and _holds_intervals(lines, 16)


def _are_positions(lines: Lines, values: Integers) -> bool:
    return bool(((values < 0) | ((values >= lines.start) & (values < lines.end))).all())


def _holds_blocks(lines: Lines) -> bool:
    if len(lines.fields[0]) < 12:
        return False
    several, whole = False, True
    for row, length in zip(lines.fields, (lines.end - lines.start).tolist(), strict=True):
        sizes, starts = (row[index].rstrip(",").split(",") for index in (10, 11))
        if not all(text.isdecimal() for text in (*sizes, *starts, row[9])):
            return False
        if not len(sizes) == len(starts) == int(row[9]):
            return False
        several |= len(sizes) > 1
        whole &= int(starts[0]) == 0 and int(starts[-1]) + int(sizes[-1]) == length
    return several or whole


def _holds_thick_ends(lines: Lines) -> bool:
    first, last = _whole(lines.column(6)), _whole(lines.column(7))
    if first is None or last is None or not set(lines.column(8)) <= {"0", *MISSING}:
        return False
    inside = (lines.start <= first) & (first <= last) & (last <= lines.end)
    drawn = (first == lines.start) | (last == lines.end) | (first == last)
    return bool((inside & drawn).all())


def _holds_second_interval(lines: Lines) -> bool:
    """Whether columns 7 to 10 are what ``bedtools`` puts beside an interval of chromosome 1.

    These are another interval of that chromosome and the bases shared or between.
    """
    holds_one = False
    for row, own_start, own_end in zip(
        lines.fields, lines.start.tolist(), lines.end.tolist(), strict=True
    ):
        if row[6] in (*MISSING, "-1") and row[7:9] == ["-1", "-1"]:
            continue
        if row[6] != row[0] or not (row[7].isdecimal() and row[8].isdecimal()):
            return False
        start, end = int(row[7]), int(row[8])
        shared = min(end, own_end) - max(start, own_start)
        if start >= end or row[9].lstrip("-") not in {str(max(shared, 0)), str(1 - shared)}:
            return False
        holds_one = True
    return holds_one
