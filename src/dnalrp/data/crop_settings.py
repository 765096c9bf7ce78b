"""Which crops of genomes are drawn: settings, which are checked before anything is read."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from dnalrp.section import CheckedSection, Count, Rate


class CropSettings(CheckedSection):
    """Random windows of the genomes."""

    length: Annotated[list[Count], Field(min_length=2, max_length=2)]
    """Shortest and longest, in bases."""
    max_n_share: Rate
    """A crop with a larger share of N is drawn anew."""
    reverse_complement: Rate
    """The chance that a crop is read from the other strand."""

    def contradictions(self) -> Iterator[str]:
        """A range whose end is before its start."""
        shortest, longest = self.length
        if shortest > longest:
            yield f"length: from {shortest} to {longest} is empty; give the smaller first"
