"""Intervals of every class on a genome; negatives may be drawn from it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dnalrp.data.sources.base import Prepared, Shortest, Source, Supply, numbered
from dnalrp.data.sources.fields import (
    BedClass,
    GenomicNegatives,
    NegativesSection,
    ReadNegatives,
    Splits,
    repeated_names,
)
from dnalrp.section import Location, Unique

if TYPE_CHECKING:
    from dnalrp.data.genome import Genome
    from dnalrp.data.leakage import Cleaned


class IntervalsSection(NegativesSection):
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

    def locations(self) -> dict[str, str]:
        """The genome, the blacklist, files of the negatives, then of the classes."""
        found = {"genome": self.genome, **numbered("blacklist", self.blacklist)}
        found |= super().locations()
        for entry in self.classes:
            found |= numbered(f"classes.{entry.name}.bed", entry.bed)
        return found

    def shortest_sequence(self) -> Shortest:
        """All are of ``length`` bases."""
        return Shortest("length", self.length)

    def contradictions(self) -> Iterator[str]:
        """Names, splits and negatives that cannot be."""
        yield from repeated_names(self.classes)
        yield from super().contradictions()


def prepare(section: IntervalsSection, supply: Supply) -> Prepared:
    """Read intervals of every class, each made ``length`` bases around its summit or middle.

    Windows that leave their chromosome, overlap the blacklist or hold an unknown base are
    dropped: background regions hold none either, and an N must not tell the classes apart. Where
    shares are held out, intervals that overlap stay together. Made negatives are in the splits
    of the peaks that they belong to.

    Raises
    ------
    InputError
        With file and line: an interval past its chromosome's end, or on a chromosome that the
        genome lacks; a class absent from a split; too little background.
    """
    from dnalrp.data.genome import Genome
    from dnalrp.data.prepare import finished

    (path,) = supply.paths([section.genome])
    with Genome(path, supply.folder, section.aliases) as genome:
        cleaned = _on_genome(section, supply, genome)
    return finished(cleaned, section, supply, p_value=section.site_p_value)


def _on_genome(section: IntervalsSection, supply: Supply, genome: "Genome") -> "Cleaned":
    """The windows of all classes, negatives among them."""
    import pandas as pd

    from dnalrp.data.intervals import resized
    from dnalrp.data.leakage import Cleaned, remove_leakage
    from dnalrp.data.negatives import matched_background, shuffled_background
    from dnalrp.data.prepare import in_order, joined, positives, splits_of
    from dnalrp.data.windows import read_blacklist, read_intervals, windows

    splits = _on_chromosomes(section.splits, genome)
    listed = {entry.name: entry.bed for entry in section.classes}
    read = read_intervals(section.class_files(listed, supply), genome)
    banned = read_blacklist(supply.paths(section.blacklist), genome)
    frame, unfit = windows(read, genome, section.length, banned)
    frame["split"] = splits_of(frame, splits)
    frame = in_order(frame)
    if section.negatives is None or isinstance(section.negatives, ReadNegatives):
        cleaned = remove_leakage(frame)
    else:
        positive, dropped = positives(frame)
        if isinstance(section.negatives, GenomicNegatives):
            avoided = pd.concat([read, resized(read, section.length), banned])
            made = matched_background(positive, genome, avoided, section.negatives)
        else:
            made = shuffled_background(positive, section.negatives.ratio, section.negatives.seed)
        cleaned = joined(made, positive, dropped)
    dropped = pd.concat([unfit, cleaned.dropped], ignore_index=True)
    return Cleaned(cleaned.sequences, dropped)


def _on_chromosomes(splits: Splits, genome: "Genome") -> Splits:
    """The same with the genome's names of chromosomes."""
    if not (isinstance(splits.dev, list) and isinstance(splits.test, list)):
        return splits
    named = {
        name: [genome.chromosome(chrom, f"splits.{name}") for chrom in chroms]
        for name, chroms in (("dev", splits.dev), ("test", splits.test))
    }
    return splits.model_copy(update=named)


INTERVALS = Source(
    name="intervals",
    section=IntervalsSection,
    prepare="dnalrp.data.sources.intervals:prepare",
    about="BED or narrowPeak files of every class, and the genome that they lie on",
)
