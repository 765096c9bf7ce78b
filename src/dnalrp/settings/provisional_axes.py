"""Stands for ``dnalrp.evaluation.catalogue`` until that is there."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.catalogue import Catalogue
from dnalrp.section import Count, MapName, Section, Seed, Share

NotNegative = Annotated[int, Field(ge=0)]


class FaithfulnessSettings(Section):
    """Does the output fall as nucleotides of high relevance are replaced?"""

    map: MapName
    """The map that is judged; of a method without such a map it is split."""
    sequences: Count
    """How many are judged."""
    range_sequences: NotNegative
    """Of the sequences, those on which the best order is looked for; 0 looks for none."""
    substitutions: Literal[1, 2, 3]
    """Of each nucleotide, in that search."""
    shares: Annotated[list[Share], Field(min_length=1)]
    """Shares of the nucleotides that are replaced."""
    draws: Count
    """Of what they are replaced by."""
    filler: Literal["background", "dinucleotide"]
    """What nucleotides are replaced by."""
    seed: Seed
    """Decides what is drawn."""


class RobustnessSettings(Section):
    """Does a map change with the model, and stay where the question does?"""

    sequences: NotNegative
    """How many are judged; 0 judges none."""
    draws: Count
    """Of permuted parameters."""
    seed: Seed
    """Decides what is drawn."""


@dataclass(frozen=True)
class Axis:
    """A question that metrics answer."""

    name: str
    settings: type[Section] | None = None


AXES: Catalogue[Axis] = Catalogue(
    "axis", Axis("faithfulness", FaithfulnessSettings), Axis("robustness", RobustnessSettings)
)
