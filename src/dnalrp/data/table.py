"""Tables of labelled sequences: ``sequence,label`` as CSV or TSV, as benchmarks publish them."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from dnalrp.data.nucleotides import checked_sequence
from dnalrp.data.reading import read_blocks, read_text
from dnalrp.errors import InputError

_LABEL = re.compile(r"^\d+$")
_ID = re.compile(r"^[^\s<>&\"'`$\\]+$")


def read_table(
    path: str | Path,
    labels: int,
    lengths: Sequence[int],
    columns: Sequence[str] = (),
    *,
    several_labels: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a table of labelled sequences, strictly.

    The first line names the columns: ``sequence`` and ``label``, in any order and case, and
    ``id`` where there are ids; others are left out. Tabs separate columns if the first line
    holds one, else commas.

    Parameters
    ----------
    labels
        How many classes there are: labels run from 0 to ``labels - 1``.
    lengths
        Shortest and longest sequence that is accepted.
    columns
        Names of further columns, in any case, kept as text under the name that is given.
    several_labels
        Where a sequence may have several labels at once, or none: their names, in the order of
        their numbers. ``label`` then lists those that are on, ``0;2``; or there is no such
        column, but one of 0 and 1 for each label, named as it is.

    Returns
    -------
    pandas.DataFrame
        ``id, sequence, label`` and ``columns``; without ids in the file, ``id`` is the file's
        name without endings and the line's number. Of several labels ``label`` holds lists of
        numbers in ascending order.

    Raises
    ------
    InputError
        With file and line: a missing column, a row of another length, a label that is no class,
        a label that is listed twice or is neither 0 nor 1 in its column, a sequence that is not
        DNA or not of an accepted length, an id that occurs twice.
    """
    path = Path(path)
    rows = _rows(path)
    _, header = next(rows)
    names = [name.strip().lower() for name in header]
    needed = _needed(path, names, columns, several_labels)
    index = {name: names.index(name) for name in needed}
    stem = path.name.split(".")[0]
    records: list[tuple[object, ...]] = []
    seen: dict[str, int] = {}
    for number, row in rows:
        where = f"{path}, line {number}"
        if len(row) != len(header):
            raise InputError(
                f"{where}: {len(row)} column(s) where the first line names {len(header)}; "
                "correct the line"
            )
        name = checked_id(row[index["id"]], where) if "id" in index else f"{stem}_{number}"
        if name in seen:
            raise InputError(f"{where}: id {name!r} is that of line {seen[name]} too; rename one")
        seen[name] = number
        sequence = checked_sequence(row[index["sequence"]].strip(), where)
        check_length(sequence, lengths, where)
        cells = {column: row[place] for column, place in index.items()}
        label = _label_of(cells, labels, several_labels, where)
        records.append((name, sequence, label, *(cells[column.lower()] for column in columns)))
    if not records:
        raise InputError(f"{path}: no sequence after the first line; fetch or write it again")
    return pd.DataFrame(records, columns=["id", "sequence", "label", *columns])


def _label_of(
    cells: Mapping[str, str], labels: int, several_labels: Sequence[str], where: str
) -> int | list[int]:
    """The label of a row, or the labels that are on."""
    if not several_labels:
        return _label(cells["label"], labels, where)
    if "label" in cells:
        return _listed(cells["label"], labels, where)
    return _marked({name: cells[name.lower()] for name in several_labels}, where)


def check_header(
    path: str | Path, columns: Sequence[str] = (), several_labels: Sequence[str] = ()
) -> None:
    """Refuse a table whose first line lacks a column; the rest is not looked at.

    Raises
    ------
    InputError
        As for :func:`read_table`.
    """
    start = next(read_blocks(path)).decode("utf-8-sig", errors="replace")
    first = next((line for line in start.splitlines() if line.strip()), "")
    names = next(csv.reader([first], delimiter="\t" if "\t" in first else ","), [])
    _needed(Path(path), [name.strip().lower() for name in names], columns, several_labels)


def holds_several_labels(path: str | Path, names: Sequence[str]) -> bool:
    """Whether a table is one of several labels a sequence, by its own look.

    So it is where no column is named ``label`` but one as each of ``names``, and where a label
    is a list such as ``0;2``. A table of lists that all hold one label cannot be told from one
    of classes.
    """
    rows = _rows(Path(path))
    _, header = next(rows)
    columns = [name.strip().lower() for name in header]
    if "label" not in columns:
        return {name.lower() for name in names} <= {*columns}
    index = columns.index("label")
    return any(";" in row[index] for _, row in rows if len(row) > index)


def checked_id(name: str, where: str) -> str:
    """``name``, refused unless it can stand in every table and page: no space, no markup."""
    name = name.strip()
    if not _ID.match(name):
        raise InputError(
            f"{where}: id {name!r} is empty or holds space or markup; ids may hold letters, "
            "digits and signs such as . : / _ - |"
        )
    return name


def check_length(sequence: str, lengths: Sequence[int], where: str) -> None:
    """Refuse a sequence that is shorter or longer than the settings say."""
    if not lengths[0] <= len(sequence) <= lengths[1]:
        raise InputError(
            f"{where}: the sequence has {len(sequence)} bases and 'lengths' says {lengths[0]} to "
            f"{lengths[1]}; leave it out, cut it, or correct 'lengths'"
        )


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every line that is not empty, the first one included."""
    lines = read_text(path).split("\n")
    first = next(line for line in lines if line.strip())
    reader = csv.reader(lines, delimiter="\t" if "\t" in first else ",", strict=True)
    try:
        for row in reader:
            if len(row) > 1 or "".join(row).strip():
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(
            f'{path}, line {reader.line_num}: {error}; quote fields by " on both sides or not'
        ) from error


def _needed(
    path: Path, names: Sequence[str], columns: Sequence[str], several_labels: Sequence[str]
) -> list[str]:
    """Names of the columns that are read, each there once; those of labels in lower case."""
    label_columns = [name.lower() for name in several_labels]
    marked = [name for name in label_columns if name in names]
    if "label" in names and marked:
        raise InputError(
            f"{path}, line 1: has a column 'label' and one named {marked[0]!r}, as a label is; "
            "leave out the former, or rename the latter"
        )
    columns_of_labels = label_columns if marked else ["label"]
    needed = ["sequence", *columns_of_labels, *(column.lower() for column in columns)]
    cure = "where a sequence may have several labels, set several_labels: true"
    if label_columns:
        cure = "or, in place of 'label', one column of 0 and 1 for each label"
    for name in needed:
        if names.count(name) != 1:
            raise InputError(
                f"{path}, line 1: {names.count(name)} columns are named {name!r} among "
                f"{', '.join(names)[:80]!r}; the first line must name {', '.join(needed)} once, "
                f"separated by a comma or a tab; {cure}"
            )
    return [*needed, *(["id"] if "id" in names else [])]


def _label(text: str, labels: int, where: str) -> int:
    text = text.strip()
    if not text:
        raise InputError(f"{where}: the label is missing; write 0 to {labels - 1}")
    if re.fullmatch(r"\d+([;,| ]+\d+)+", text):
        raise InputError(
            f"{where}: label {text!r} names several; where a sequence may have several labels, "
            "set several_labels: true, and write them as 0;2"
        )
    if not _LABEL.match(text):
        raise InputError(
            f"{where}: label {text!r} is not a whole number; write the place of the class in "
            f"'classes', 0 to {labels - 1}"
        )
    return _below(int(text), labels, where)


def _listed(text: str, labels: int, where: str) -> list[int]:
    """Labels that are on, from a list such as ``0;2``; an empty one is none."""
    parts = [part.strip() for part in text.split(";")] if text.strip() else []
    if not all(map(_LABEL.match, parts)):
        raise InputError(
            f"{where}: label {text!r} is no list of whole numbers; write those that are on, 0 to "
            f"{labels - 1}, as in 0;1, and nothing for none"
        )
    numbers = [_below(int(part), labels, where) for part in parts]
    if len(set(numbers)) < len(numbers):
        raise InputError(f"{where}: label {text!r} names one twice; leave one out")
    return sorted(numbers)


def _marked(marks: Mapping[str, str], where: str) -> list[int]:
    """Labels that are on, from a mark of 0 or 1 for each, by name and in order."""
    for name, mark in marks.items():
        if mark.strip() not in ("0", "1"):
            raise InputError(
                f"{where}: column {name!r} holds {mark!r}; write 1 where the label is on and 0 "
                "where it is off"
            )
    return [number for number, mark in enumerate(marks.values()) if mark.strip() == "1"]


def _below(label: int, labels: int, where: str) -> int:
    if label >= labels:
        raise InputError(
            f"{where}: label {label} but 'classes' names {labels}; name another class or correct "
            "the label"
        )
    return label
