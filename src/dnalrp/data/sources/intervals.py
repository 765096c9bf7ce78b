"""Intervals of every class on a genome; negatives may be drawn from it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.data.sources.base import DatasetSection, Shortest, Source, numbered
from dnalrp.data.sources.fields import (
    BACKGROUND,
    BedClass,
    Negatives,
    ReadNegatives,
    Splits,
    held_out_contradictions,
    negative_contradictions,
    repeated_names,
)
from dnalrp.section import Location, Share, Unique


class IntervalsSection(DatasetSection):
    """BED or narrowPeak files of every class, and the genome that they lie on."""

    source: Literal["intervals"]
    """What the data set is read from."""
    genome: Location
    """FASTA: plain, gzip or bgzip."""
    aliases: dict[str, Annotated[str, Field(min_length=1)]]
    """Name of a chromosome in the genome to its name in all else, where chr- is not all."""
    length: Annotated[int, Field(ge=20)]
    """Bases around the summit (narrowPeak) or the middle (BED)."""
    blacklist: Unique[list[Location]]
    """BED files of regions to leave out."""
    classes: Annotated[list[BedClass], Field(min_length=1)]
    """In the order of their labels."""
    negatives: Negatives | None
    """Made or read, they are class 0; null: the classes are all there is."""
    splits: Splits
    """Chromosomes; or shares and a seed."""
    site_p_value: Share
    """Up to it, a match of a motif is a true site."""

    def class_names(self) -> list[str]:
        """The classes, negatives before them."""
        made = [] if self.negatives is None else [BACKGROUND]
        return made + [entry.name for entry in self.classes]

    def locations(self) -> dict[str, str]:
        """The genome, the blacklist, files of the negatives, then of the classes."""
        read = self.negatives.files if isinstance(self.negatives, ReadNegatives) else []
        found = {"genome": self.genome, **numbered("blacklist", self.blacklist)}
        found |= numbered("negatives.files", read)
        for entry in self.classes:
            found |= numbered(f"classes.{entry.name}.bed", entry.bed)
        return found

    def shortest_sequence(self) -> Shortest:
        """All are of ``length`` bases."""
        return Shortest("length", self.length)

    def contradictions(self) -> Iterator[str]:
        """Names, splits and negatives that cannot be."""
        yield from repeated_names(self.classes)
        splits = self.splits
        yield from held_out_contradictions(splits.dev, splits.test, splits.seed)
        yield from negative_contradictions(self.classes, self.negatives)


INTERVALS = Source(
    name="intervals",
    section=IntervalsSection,
    prepare="dnalrp.data.sources.intervals:prepare",
    about="BED or narrowPeak files of every class, and the genome that they lie on",
)
