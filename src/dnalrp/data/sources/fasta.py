"""FASTA files of every class, with or without coordinates; negatives may be made from them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.data.sources.base import Prepared, Shortest, Source, Supply, numbered
from dnalrp.data.sources.fields import (
    FastaClass,
    GenomicNegatives,
    Lengths,
    NegativesSection,
    ShuffledNegatives,
    empty_range,
    repeated_names,
)


class FastaSection(NegativesSection):
    """FASTA files of every class; of one class only, negatives are made or read."""

    source: Literal["fasta"]
    """What the data set is read from."""
    classes: Annotated[list[FastaClass], Field(min_length=1)]
    """In the order of their labels."""
    lengths: Lengths
    """Shortest and longest sequence that is accepted."""

    def locations(self) -> dict[str, str]:
        """Files of the negatives, then of the classes."""
        found = super().locations()
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
        yield from super().contradictions()
        if isinstance(self.negatives, GenomicNegatives):
            yield (
                "negatives.kind: a FASTA file names no genome; choose shuffle or peaks, or "
                "give the intervals and 'source: intervals'"
            )


def prepare(section: FastaSection, supply: Supply) -> Prepared:
    """Read FASTA files of every class; ids are the class and the header's first word.

    Where shares are held out, what is the same, also as its reverse complement, and what overlaps
    stays together.

    Raises
    ------
    InputError
        An id that occurs twice, a sequence of another length, coordinates missing where
        chromosomes are held out, a class absent from a split.
    """
    from dnalrp.data.leakage import remove_leakage
    from dnalrp.data.negatives import shuffled_background
    from dnalrp.data.prepare import (
        check_records,
        finished,
        in_order,
        joined,
        positives,
        read_records,
        splits_of,
    )

    listed = {entry.name: entry.fasta for entry in section.classes}
    frame = read_records(section.class_files(listed, supply))
    check_records(frame, section.lengths)
    frame["split"] = splits_of(frame, section.splits)
    frame = in_order(frame)
    if isinstance(section.negatives, ShuffledNegatives):
        positive, dropped = positives(frame)
        made = shuffled_background(positive, section.negatives.ratio, section.negatives.seed)
        cleaned = joined(made, positive, dropped)
    else:
        cleaned = remove_leakage(frame)
    return finished(cleaned, section, supply, p_value=section.site_p_value)


FASTA = Source(
    name="fasta",
    section=FastaSection,
    prepare="dnalrp.data.sources.fasta:prepare",
    about="FASTA files of every class, with or without coordinates",
)
