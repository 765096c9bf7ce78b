"""Settings of the stage ``motifs``: which patterns are found again and again in the maps."""

from typing import Annotated

from pydantic import Field

from dnalrp.section import Count, NucleotideMap, Section, Seed, Share, WholeNotNegative


class Discovery(Section):
    """How patterns are discovered, by TF-MoDISco; all else there is the library's default."""

    window: Annotated[int, Field(ge=5)]
    """Bases in which relevance is summed to find a seqlet."""
    flank: WholeNotNegative
    """Bases on either side of the window that belong to a seqlet."""
    fdr: Share
    """Share of seqlets that may be false."""
    max_seqlets: Annotated[int, Field(ge=100)]
    """Most seqlets that are clustered."""
    leiden_runs: Count
    """Runs of the clustering; the best is kept."""
    seed: Seed
    """Decides what is drawn."""

    def bases(self) -> int:
        """Bases that discovery looks at, at least: no sequence may be shorter."""
        return self.window + 2 * self.flank


class Motifs(Discovery):
    """How motifs are discovered, by TF-MoDISco, and matched to those of JASPAR."""

    map: NucleotideMap
    """The map that is read; of a method without such a map it is `split`."""
    min_information: Annotated[float, Field(ge=0)]
    """In bits; a pattern with less is no motif and is matched to nothing."""
    p_value: Share
    """Below it, TOMTOM's p-value with one matrix, a pattern matches a motif of JASPAR."""
    q_value: Share = 0.05
    """Up to it, the false discovery rate against patterns of shuffled columns, a match counts."""
