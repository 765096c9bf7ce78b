"""Peaks of two classes in FASTA files with coordinates, split by whole chromosomes."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from dnalrp.data.sources.base import DatasetSection, Prepared, Source, Supply, numbered
from dnalrp.data.sources.fields import NamedClass, held_out_contradictions, repeated_names
from dnalrp.section import Section, Sha256, Share

Package = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+$")]


class Archive(Section):
    """A wheel on PyPI that holds the files."""

    package: Package
    """Name and version, as in ``janggu==0.10.2``."""
    sha256: Sha256
    """Checksum of the wheel."""
    local: str | None
    """A copy of the wheel, to work without a network."""


class PeakClass(NamedClass):
    """A class of peaks."""

    fasta: Annotated[list[str], Field(min_length=1)]
    """FASTA files whose headers are ``chrom:start-end``; inside the archive, if there is one."""


class PeakSplits(Section):
    """Whole chromosomes that are held out; all others train."""

    dev: Annotated[list[str], Field(min_length=1)]
    """Chromosomes that training is watched on."""
    test: Annotated[list[str], Field(min_length=1)]
    """Chromosomes that nothing of training sees."""


class PeaksSection(DatasetSection):
    """Peaks of two classes, each with the motifs that it should hold."""

    source: Literal["peaks"]
    """What the data set is read from."""
    archive: Archive | None
    """A wheel that holds the files; null where they lie here."""
    classes: Annotated[list[PeakClass], Field(min_length=2, max_length=2)]
    """In the order of their labels: 0, 1."""
    splits: PeakSplits
    """Whole chromosomes; all others train."""
    site_p_value: Share
    """Up to it, a match of a motif is a true site."""

    def locations(self) -> dict[str, str]:
        """The archive's copy, or the FASTA files; what lies in an archive is no file of its own."""
        if self.archive is not None:
            return {} if self.archive.local is None else {"archive.local": self.archive.local}
        return {
            key: location
            for entry in self.classes
            for key, location in numbered(f"classes.{entry.name}.fasta", entry.fasta).items()
        }

    def contradictions(self) -> Iterator[str]:
        """Names, motifs and splits that cannot be."""
        yield from repeated_names(self.classes)
        if not any(entry.motifs for entry in self.classes):
            yield "classes: no class names a motif; list JASPAR ids under 'motifs'"
        yield from held_out_contradictions(self.splits.dev, self.splits.test, None)


def prepare(section: PeaksSection, supply: Supply) -> Prepared:
    """Read the peaks of all classes and split them by whole chromosomes.

    Chromosomes that ``splits`` does not name train. What is ambiguous or repeated is dropped
    (:func:`~dnalrp.data.leakage.remove_leakage`).

    Raises
    ------
    InputError
        A header without coordinates, or a class that is absent from a split.
    """
    from dnalrp.data.fetch import extract
    from dnalrp.data.leakage import remove_leakage
    from dnalrp.data.prepare import finished, read_records, without_coordinates
    from dnalrp.data.splits import split_by_chromosome
    from dnalrp.errors import InputError

    files = {
        entry.name: extract(supply.archive, entry.fasta, supply.folder)
        if supply.archive
        else supply.paths(entry.fasta)
        for entry in section.classes
    }
    frame = read_records(files)
    if frame["chrom"].isna().any():
        raise InputError(without_coordinates(frame))
    splits = {"dev": section.splits.dev, "test": section.splits.test}
    frame.insert(3, "split", split_by_chromosome(frame["chrom"], splits))
    cleaned = remove_leakage(frame.drop(columns="where"))
    return finished(cleaned, section, supply, p_value=section.site_p_value)


PEAKS = Source(
    name="peaks",
    section=PeaksSection,
    prepare="dnalrp.data.sources.peaks:prepare",
    about="peaks of two classes, FASTA files with coordinates, split by whole chromosomes",
)
