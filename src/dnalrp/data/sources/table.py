"""Tables of labelled sequences, as benchmarks publish them: CSV or TSV."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dnalrp.data.local import is_url
from dnalrp.data.sources.base import DatasetSection, Prepared, Shortest, Source, Supply
from dnalrp.data.sources.fields import (
    Fraction,
    Lengths,
    NamedClass,
    empty_range,
    held_out_contradictions,
    repeated_names,
)
from dnalrp.errors import InputError
from dnalrp.section import Location, Section, Seed, Share

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "dev", "test")


class TableFiles(Section):
    """CSV or TSV files, plain or gzip: one for each split, or one for all."""

    train: Location | None = None
    """Sequences to train on."""
    dev: Location | None = None
    """Sequences that training is watched on."""
    test: Location | None = None
    """Sequences that nothing of training sees."""
    all: Location | None = None
    """One file, which ``splits`` divides."""

    def named(self) -> dict[str, str]:
        """The files that are given, by name."""
        files = {name: getattr(self, name) for name in (*SPLITS, "all")}
        return {name: location for name, location in files.items() if location is not None}


class TableSplits(Section):
    """How one table is divided: by a column of its own, or by chance."""

    column: Annotated[str, Field(min_length=1)] | None = None
    """The column that holds train, dev or test."""
    dev: Fraction | None = None
    """The share of sequences that training is watched on."""
    test: Fraction | None = None
    """The share of sequences that nothing of training sees."""
    seed: Seed | None = None
    """Of shares: decides what is drawn."""

    def shares(self) -> tuple[float | None, float | None, int | None]:
        """What a column stands in place of."""
        return self.dev, self.test, self.seed


class TableSection(DatasetSection):
    """Sequences and labels of tables; a sequence has one class, or several labels or none."""

    source: Literal["table"]
    """What the data set is read from."""
    files: TableFiles
    """CSV or TSV, plain or gzip."""
    several_labels: bool = False
    """True: a sequence may have several labels at once, or none; `classes` names them, `label`
    lists those that are on (0;2), or each has a column of 0 and 1 named as it is; after training
    each is a data set of its own, named `DATASET.LABEL`."""
    classes: Annotated[list[NamedClass], Field(min_length=2)]
    """In the order of their labels."""
    splits: TableSplits | None
    """A column of the table, or shares and a seed; null where the files are the splits."""
    lengths: Lengths
    """Shortest and longest sequence that is accepted."""
    site_p_value: Share
    """Up to it, a match of a motif is a true site."""

    def label_names(self) -> list[str]:
        """The classes, where a sequence may have several of them."""
        return self.class_names() if self.several_labels else []

    def locations(self) -> dict[str, str]:
        """The tables."""
        return {f"files.{name}": location for name, location in self.files.named().items()}

    def shortest_sequence(self) -> Shortest:
        """The shortest of ``lengths``."""
        return Shortest("lengths", self.lengths[0])

    def check_files(self) -> None:
        """Refuse a table whose first line lacks a column that is needed."""
        from dnalrp.data.table import check_header  # here: it imports pandas

        column = self.splits.column if self.splits else None
        for key, location in self.locations().items():
            if not is_url(location):
                try:
                    check_header(location, [column] if column else [], self.label_names())
                except InputError as error:
                    raise InputError(f"{key}: {error}") from error

    def contradictions(self) -> Iterator[str]:
        """Names of classes or columns, lengths, files and splits that cannot be."""
        yield from repeated_names(self.classes)
        if self.several_labels:
            yield from _label_contradictions(self.class_names(), self.splits)
        yield from empty_range("lengths", self.lengths)
        yield from _split_contradictions(set(self.files.named()), self.splits)


def _label_contradictions(names: Sequence[str], splits: TableSplits | None) -> Iterator[str]:
    """Names of labels that columns of a table, read in any case, could not have."""
    column = splits.column if splits else None
    taken = {"sequence", "label", "id", (column or "id").lower()}
    for index, name in enumerate(names):
        if name.lower() in {other.lower() for other in names[:index]}:
            yield f"classes: two are named {name!r}, in whatever case; rename one"
        if name.lower() in taken:
            yield f"classes: {name!r} is the name of another column of the table; rename it"


def _split_contradictions(files: set[str], splits: TableSplits | None) -> Iterator[str]:
    if files not in ({"all"}, set(SPLITS)):
        yield f"files: name train, dev and test, or one file as 'all'; not {sorted(files)}"
    if splits is None:
        if files == {"all"}:
            yield "splits: one file must be divided; give 'column', or dev, test and seed"
        return
    if len(files) > 1:
        yield "splits: the files are the splits already; set it to null"
    dev, test, seed = splits.shares()
    if splits.column is not None:
        if (dev, test, seed) != (None, None, None):
            yield "splits: give 'column' alone, or dev, test and seed"
    elif dev is None or test is None or seed is None:
        yield "splits: give 'column' alone, or all of dev, test and seed"
    else:
        yield from held_out_contradictions(dev, test, seed)


def prepare(section: TableSection, supply: Supply) -> Prepared:
    """Read tables of labelled sequences (:func:`~dnalrp.data.table.read_table`).

    Raises
    ------
    InputError
        As for ``read_table``; no such split; an id in two files; a class absent from a split,
        or a label always on or always off.
    """
    import pandas as pd

    from dnalrp.data.leakage import canonical, remove_leakage
    from dnalrp.data.prepare import finished
    from dnalrp.data.splits import split_by_fraction

    named, splits = section.files.named(), section.splits
    files = dict(zip(named, supply.paths(list(named.values())), strict=True))
    parts = [_read(section, path, split) for split, path in files.items()]
    frame = pd.concat(parts, ignore_index=True)
    if (again := frame["id"].duplicated()).any():
        name = frame.loc[again, "id"].iloc[0]
        raise InputError(f"{', '.join(map(str, files.values()))}: id {name!r} is in two files")
    if splits is not None and splits.column is None:
        assert splits.dev and splits.test and splits.seed is not None  # the section says so
        shares = {"dev": splits.dev, "test": splits.test}
        frame["split"] = split_by_fraction(canonical(frame["sequence"]), shares, splits.seed)
    cleaned = remove_leakage(frame[["id", "sequence", "label", "split"]])
    return finished(cleaned, section, supply, p_value=section.site_p_value)


def _read(section: TableSection, path: Path, split: str) -> "pd.DataFrame":
    """One table; with a column ``split`` unless its rows are to be divided by chance."""
    from dnalrp.data.table import read_table

    column = section.splits.column if section.splits else None
    columns = [] if column is None else [column]
    table = read_table(
        path,
        len(section.classes),
        section.lengths,
        columns=columns,
        several_labels=section.label_names(),
    )
    if column is None:
        return table.assign(split=split) if section.splits is None else table
    table = table.rename(columns={column: "split"})
    for name in table["split"].unique():
        if name not in SPLITS:
            raise InputError(
                f"{path}: column {column!r} holds {name!r}; write one of {', '.join(SPLITS)}"
            )
    return table


TABLE = Source(
    name="table",
    section=TableSection,
    prepare="dnalrp.data.sources.table:prepare",
    about="tables of labelled sequences, CSV or TSV",
)
