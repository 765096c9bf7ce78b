"""Settings of the stage ``tracks``: maps for browsers and other programs, made on request."""

from typing import Annotated, Literal

from pydantic import Field

from dnalrp.section import Section
from dnalrp.settings.project import Projection


class Tracks(Section):
    """How maps are written for browsers: `snakemake tracks`."""

    map: Projection
    """The map that is written; it must be projected."""
    signs: Literal["signed", "separate"]
    """One track of both signs, or one of each."""
    assembly: Annotated[str, Field(min_length=1)]
    """The genome, as the browser IGV names it."""
    chromosome_sizes: str | None
    """A chrom.sizes or .fai file; null: chromosomes end where the tracks do."""
