"""Does a map stay where it should, and change where it must? Its cards and its settings.

A score is given a method as a function of model and sequences, the model, the sequences and their
maps as they are, (sequences, positions), and returns (sequences,): see
:mod:`dnalrp.evaluation.robustness`. This module imports neither numpy nor torch: settings are read
before libraries are.
"""

from pydantic import Field

from dnalrp.evaluation.catalogue import Metric
from dnalrp.section import Count, Section, Seed

_MODULE = "dnalrp.evaluation.robustness"

NOTE = (
    "Does a map stay where it should, under reverse complement and a shift by one "
    "nucleotide, and fall where it must, when the parameters are permuted from the classifier "
    "down? All are rank correlations with the map as it was; where parameters are permuted their "
    "size, since a layer often turns the sign of a whole map. Dotted is chance: that of two "
    "unrelated maps, whose size is above 0, and the higher the fewer parts they have."
)


class RobustnessSettings(Section):
    """On how many sequences, and on how many models, maps are made anew."""

    sequences: int = Field(ge=0)
    """A seeded sample of this size is explained anew; 0: none."""
    draws: Count
    """Of permuted parameters."""
    seed: Seed
    """Decides what is drawn."""


_PERMUTED = "size of the Spearman with the map of the model, its parameters permuted so far down"
_BY_CHANCE = "by the number of parts n, about 0.8 / sqrt(n - 1)"
_IGNORES = "1: the map ignores the parameters"

METRICS = (
    Metric(
        name="reverse_complement",
        title="reverse complement\n(higher: steadier)",
        meaning="Spearman with the map of the reverse complement, turned back",
        better="higher",
        chance="0",
        chance_level=0.0,
        ceiling="1",
        score=f"{_MODULE}:reverse_complement_consistency",
        shown=True,
    ),
    Metric(
        name="shift",
        title="shift by one base\n(higher: steadier)",
        meaning="Spearman with the map of the sequence without its first nucleotide",
        better="higher",
        chance="0",
        chance_level=0.0,
        ceiling="1",
        score=f"{_MODULE}:shift_consistency",
        shown=True,
    ),
    Metric(
        name="permuted_1_classifier",
        pattern=r"randomised_1_classifier",
        title="classifier permuted\n(lower: better)",
        meaning=_PERMUTED,
        better="lower",
        chance=_BY_CHANCE,
        ceiling=_IGNORES,
        shown=True,
    ),
    Metric(
        name="permuted_all",
        # models differ in depth: the last step of each stands in one column
        pattern=r"(permuted|randomised)_\d+_all",
        title="all parameters permuted\n(lower: better)",
        meaning=_PERMUTED,
        better="lower",
        chance=_BY_CHANCE,
        ceiling=_IGNORES,
        shown=True,
    ),
    Metric(
        name="permuted",
        pattern=r"(permuted|randomised)_\d+_.+",
        meaning=_PERMUTED,
        better="lower",
        chance=_BY_CHANCE,
        ceiling=_IGNORES,
    ),
)
