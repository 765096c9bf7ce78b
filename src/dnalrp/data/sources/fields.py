"""Fields that several data sources have, and the contradictions between them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.data.sources.base import DatasetSection, Supply, numbered
from dnalrp.section import (
    ClassName,
    Count,
    Location,
    MotifId,
    Rate,
    Section,
    Seed,
    Share,
    Unique,
)

BACKGROUND = "background"
"""Name of the class of negatives that are made or read beside a class of positives."""

Locations = Annotated[Unique[list[Location]], Field(min_length=1)]
Lengths = Annotated[list[Count], Field(min_length=2, max_length=2)]
"""Shortest and longest sequence that is accepted."""
Fraction = Annotated[float, Field(gt=0, lt=1)]
Chromosomes = Annotated[Unique[list[str]], Field(min_length=1)]
HeldOut = Chromosomes | Fraction
"""Chromosomes, or the share of sequences taken by chance."""


class NamedClass(Section):
    """A class: its name, and the motifs that its sequences should hold."""

    name: ClassName
    motifs: list[MotifId]
    """JASPAR ids; without any no localisation is judged."""


class FastaClass(NamedClass):
    """A class of a data set of FASTA files."""

    fasta: Locations
    """FASTA files of the class's sequences, plain or gzip."""


class BedClass(NamedClass):
    """A class of a data set of intervals."""

    bed: Locations
    """BED or narrowPeak files of the class's intervals, plain or gzip."""


class Splits(Section):
    """What is held out: whole chromosomes, all others train; or shares and a seed."""

    dev: HeldOut
    """Chromosomes, or the share of sequences taken by chance."""
    test: HeldOut
    """Chromosomes, or the share of sequences taken by chance."""
    seed: Seed | None = None
    """Of shares: decides what is drawn."""


class GenomicNegatives(Section):
    """Regions of the genome like the positives in length, GC content and chromosome."""

    kind: Literal["genome"]
    """Where negatives come from."""
    ratio: Count
    """Regions a positive."""
    gc_tolerance: Rate
    """Largest difference of the share of G and C."""
    distance: Annotated[int, Field(ge=0)]
    """Bases that lie between a region and any positive at least."""
    seed: Seed
    """Decides what is drawn."""


class ShuffledNegatives(Section):
    """Dinucleotide shuffles of the positives."""

    kind: Literal["shuffle"]
    """Where negatives come from."""
    ratio: Count
    """Shuffles a positive."""
    seed: Seed
    """Decides what is drawn."""


class ReadNegatives(Section):
    """Other files of the kind that the positives are read from."""

    kind: Literal["peaks"]
    """Where negatives come from."""
    files: Locations
    """FASTA or BED files, as the positives."""


Negatives = Annotated[
    GenomicNegatives | ShuffledNegatives | ReadNegatives, Field(discriminator="kind")
]


class NegativesSection(DatasetSection):
    """A data set of one class or more, whose negatives may be made or read: then class 0."""

    splits: Splits
    """Chromosomes; or shares and a seed."""
    negatives: Negatives | None
    """Made or read, they are class 0; null: the classes are all there is."""
    site_p_value: Share
    """Up to it, a match of a motif is a true site."""

    def class_names(self) -> list[str]:
        """The classes, negatives before them."""
        made = [] if self.negatives is None else [BACKGROUND]
        return made + super().class_names()

    def motifs_by_label(self) -> list[list[str]]:
        """Those of the classes; negatives have none."""
        made: list[list[str]] = [] if self.negatives is None else [[]]
        return made + super().motifs_by_label()

    def true_motifs(self, label: str | None = None) -> dict[str, list[str]]:
        """Negatives have no motifs that could be found."""
        if self.negatives is not None:
            return {"positive": super().motifs_by_label()[0]}
        return super().true_motifs(label)

    def locations(self) -> dict[str, str]:
        """Files of the negatives, where they are read."""
        read = self.negatives.files if isinstance(self.negatives, ReadNegatives) else []
        return numbered("negatives.files", read)

    def class_files(
        self, listed: Mapping[str, Sequence[str]], supply: Supply
    ) -> dict[str, list[Path]]:
        """Files of each class in the order of the labels, from those ``listed`` in the settings."""
        files = {name: supply.paths(locations) for name, locations in listed.items()}
        if self.negatives is None:
            return files
        read = self.negatives.files if isinstance(self.negatives, ReadNegatives) else []
        return {BACKGROUND: supply.paths(read), **files}

    def contradictions(self) -> Iterator[str]:
        """Splits and negatives that cannot be."""
        yield from held_out_contradictions(self.splits.dev, self.splits.test, self.splits.seed)
        yield from negative_contradictions(self.entries(), self.negatives)


def repeated_names(classes: Sequence[NamedClass]) -> Iterator[str]:
    """Two classes of one name."""
    names = [entry.name for entry in classes]
    if len(set(names)) < len(names):
        yield "classes: two have one name; rename one"


def empty_range(key: str, pair: Sequence[int]) -> Iterator[str]:
    """A range whose end is before its start."""
    low, high = pair
    if low > high:
        yield f"{key}: from {low} to {high} is empty; give the smaller first"


def held_out_contradictions(
    dev: list[str] | float, test: list[str] | float, seed: int | None
) -> Iterator[str]:
    """Splits that are empty, overlap or are of two kinds."""
    if isinstance(dev, list) and isinstance(test, list):
        if shared := set(dev) & set(test):
            yield f"splits: {min(shared)} is in dev and test; keep it in one of them"
        if seed is not None:
            yield "splits.seed: chromosomes are not drawn by chance; remove it"
    elif isinstance(dev, list) or isinstance(test, list):
        yield "splits: dev and test must both be lists of chromosomes, or both shares"
    elif dev + test >= 1:
        yield f"splits: dev {dev} and test {test} leave nothing to train on; lower them"
    elif seed is None:
        yield "splits: setting 'seed' is missing; shares are drawn by chance"


def negative_contradictions(
    classes: Sequence[NamedClass], negatives: Negatives | None
) -> Iterator[str]:
    """Negatives that are lacking, or that are there already."""
    count = len(classes)
    if negatives is None and count < 2:
        yield "negatives: one class only; say where negatives come from, or add a class"
    if negatives is not None and count > 1:
        yield f"negatives: there are {count} classes already; set it to null"
    if negatives is not None and classes[0].name == BACKGROUND:
        yield f"classes: {BACKGROUND!r} is the name of the negatives; choose another"
