"""FASTA files of every class, with or without coordinates; negatives may be made from them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.data.sources.base import DatasetSection, Shortest, Source, numbered
from dnalrp.data.sources.fields import (
    BACKGROUND,
    FastaClass,
    GenomicNegatives,
    Lengths,
    Negatives,
    ReadNegatives,
    Splits,
    empty_range,
    held_out_contradictions,
    negative_contradictions,
    repeated_names,
)
from dnalrp.section import Share


class FastaSection(DatasetSection):
    """FASTA files of every class; of one class only, negatives are made or read."""

    source: Literal["fasta"]
    """What the data set is read from."""
    classes: Annotated[list[FastaClass], Field(min_length=1)]
    """In the order of their labels."""
    splits: Splits
    """Chromosomes, for headers ``chrom:start-end``; or shares and a seed."""
    lengths: Lengths
    """Shortest and longest sequence that is accepted."""
    negatives: Negatives | None
    """Made or read, they are class 0; null: the classes are all there is."""
    site_p_value: Share
    """Up to it, a match of a motif is a true site."""

    def class_names(self) -> list[str]:
        """The classes, negatives before them."""
        made = [] if self.negatives is None else [BACKGROUND]
        return made + [entry.name for entry in self.classes]

    def locations(self) -> dict[str, str]:
        """Files of the negatives, then of the classes."""
        read = self.negatives.files if isinstance(self.negatives, ReadNegatives) else []
        found = dict(numbered("negatives.files", read))
        for entry in self.classes:
            found |= numbered(f"classes.{entry.name}.fasta", entry.fasta)
        return found

    def shortest_sequence(self) -> Shortest:
        """The shortest of ``lengths``."""
        return Shortest("lengths", self.lengths[0])

    def contradictions(self) -> Iterator[str]:
        """Names, lengths, splits and negatives that cannot be."""
        yield from repeated_names(self.classes)
        yield from empty_range("lengths", self.lengths)
        splits = self.splits
        yield from held_out_contradictions(splits.dev, splits.test, splits.seed)
        yield from negative_contradictions(self.classes, self.negatives)
        if isinstance(self.negatives, GenomicNegatives):
            yield (
                "negatives.kind: a FASTA file names no genome; choose shuffle or peaks, or "
                "give the intervals and 'source: intervals'"
            )


FASTA = Source(
    name="fasta",
    section=FastaSection,
    prepare="dnalrp.data.sources.fasta:prepare",
    about="FASTA files of every class, with or without coordinates",
)
