"""Does the model follow what the map says? Its cards, its settings and its scores.

A score is given the :class:`~dnalrp.evaluation.replacement.Curves` of one map, of many sequences,
and returns (sequences,). How the curves are made is in :mod:`dnalrp.evaluation.replacement`, what
is judged in :mod:`dnalrp.evaluation.faithfulness`. This module imports neither numpy nor torch:
settings are read before libraries are.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dnalrp.evaluation.catalogue import Metric
from dnalrp.section import Count, NucleotideMap, Section, Seed, Share

if TYPE_CHECKING:
    from dnalrp.evaluation.replacement import Array, Curves


class FaithfulnessSettings(Section):
    """How the model is asked whether it does what the maps say."""

    map: NucleotideMap
    """The map that is judged; of a method without such a map it is split."""
    sequences: Count
    """A seeded sample of this size is judged."""
    range_sequences: int = Field(ge=0)
    """Of the sequences, those on which the best order is looked for; 0: none."""
    substitutions: Literal[1, 2, 3]
    """Of each nucleotide, in that search."""
    shares: list[Share] = Field(min_length=1)
    """Of each sequence, that are replaced."""
    draws: Count
    """Replacements of each sequence; outputs are means over them."""
    filler: Literal["background", "dinucleotide"]
    """What nucleotides are replaced by."""
    seed: Seed
    """Decides what is drawn."""


def lerf_minus_morf(curves: "Curves") -> "Array":
    """Mean gap between LeRF and MoRF, (sequences,); higher is better.

    Chance level 0: a random order turned round is a random order. In units of the model's
    output: not comparable between models, see :func:`dnalrp.evaluation.replacement.normalised`.
    """
    return (curves.least_first - curves.most_first).mean(axis=1)


def comprehensiveness(curves: "Curves") -> "Array":
    """Mean fall of the output when the most relevant are replaced; higher is better.

    DeYoung et al., ACL 2020 (arXiv 1911.03429), equation 1, over the shares as bins; of the
    margin, not the probability, and without their bin of nothing, which adds 0.
    """
    return curves.original - curves.most_first.mean(axis=1)


def sufficiency(curves: "Curves") -> "Array":
    """Mean fall of the output when only the most relevant stay; lower is better.

    DeYoung et al., ACL 2020 (arXiv 1911.03429), equation 2, over the shares as bins; of the
    margin, not the probability, and without their bin of nothing, the same for every map.
    """
    return curves.original - curves.kept.mean(axis=1)


def morf_output(curves: "Curves") -> "Array":
    """Mean output while the most relevant are replaced."""
    return curves.most_first.mean(axis=1)


def lerf_output(curves: "Curves") -> "Array":
    """Mean output while the least relevant are replaced."""
    return curves.least_first.mean(axis=1)


_UNITS = "none: in units of the model's output"
_OR_SPLIT = ", split where a method has none: the others are named"

METRICS = (
    Metric(
        name="normalised",
        title="normalised\n(random 0, best order 1)",
        meaning="lerf_minus_morf in the model's range: random order 0, best found 1",
        better="higher",
        chance="0",
        chance_level=0.0,
        ceiling="1 if no order beats the one found by mutagenesis; not clipped",
        shown=True,
        column="normalised",
        verb="is more faithful",
    ),
    Metric(
        name="lerf_minus_morf",
        title="LeRF - MoRF, mean gap\n(higher: more faithful)",
        meaning="mean gap between the curves: least and most relevant replaced first",
        better="higher",
        chance="0",
        chance_level=0.0,
        ceiling="that of the best order found; units of the output",
        score=lerf_minus_morf,
        between_models=False,
        shown=True,
    ),
    Metric(
        name="comprehensiveness",
        title="comprehensiveness\n(higher: more faithful)",
        meaning="mean fall of the output when the most relevant are replaced (ERASER)",
        better="higher",
        chance=_UNITS,
        score=comprehensiveness,
        between_models=False,
        shown=True,
    ),
    Metric(
        name="sufficiency",
        title="sufficiency\n(lower: more faithful)",
        meaning="mean fall of the output when only the most relevant stay (ERASER)",
        better="lower",
        chance=_UNITS,
        score=sufficiency,
        between_models=False,
        shown=True,
    ),
    Metric(
        name="morf_output",
        title="output, most relevant\nreplaced first",
        meaning="mean output while the most relevant are replaced",
        better="lower",
        chance=_UNITS,
        score=morf_output,
        between_models=False,
    ),
    Metric(
        name="lerf_output",
        title="output, least relevant\nreplaced first",
        meaning="mean output while the least relevant are replaced",
        better="higher",
        chance=_UNITS,
        score=lerf_output,
        between_models=False,
    ),
)


def note(settings: FaithfulnessSettings) -> str:
    """What to know when reading the figure; it names the maps that were judged."""
    judged = settings.map
    return (
        "Nucleotides are replaced by others, the most relevant first (MoRF) or "
        "the least (LeRF), the sequence tokenised anew. Outputs are margins of the class that the "
        "model calls: their units are each model's own, so never compare them between models. "
        "'Normalised' is in each model's own range, 0 for a random order and 1 for the best order "
        "that substitutions of single nucleotides find, which a map may exceed. "
        f"Judged are the {judged} maps{'' if judged == 'split' else _OR_SPLIT}."
    )
