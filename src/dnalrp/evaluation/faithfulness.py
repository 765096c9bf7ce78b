"""Does the output follow the explanation? Nucleotides are replaced in order of relevance."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from dnalrp.data.nucleotides import NUCLEOTIDES

Array = npt.NDArray[np.floating]
Predict = Callable[[Sequence[str]], Array]


class Perturbation(NamedTuple):
    """Shares of a sequence that are replaced, draws of the replacement, base frequencies, seed."""

    shares: Sequence[float]
    draws: int
    frequencies: Sequence[float]
    seed: int


class Curves(NamedTuple):
    """Explained output while nucleotides are replaced, both (sequences, shares).

    ``most_first`` starts at the highest relevance (MoRF), ``least_first`` at the lowest (LeRF).
    """

    most_first: Array
    least_first: Array

    def faithfulness(self) -> Array:
        """Mean gap between LeRF and MoRF, (sequences,); higher is better, chance level 0.

        In units of the model's output: not comparable between models.
        """
        return (self.least_first - self.most_first).mean(axis=1)


def replacement_curves(
    predict: Predict,
    ids: Sequence[str],
    sequences: Sequence[str],
    relevance: Array,
    settings: Perturbation,
) -> Curves:
    """Outputs as the most or the least relevant nucleotides are replaced by background.

    Each replaced nucleotide is drawn from ``frequencies``; the draws are the same for every map
    of a sequence. The model sees a sequence anew at every step, tokenised again. Ties in
    relevance are ordered at random, the same way in both directions.

    Parameters
    ----------
    predict
        Sequences to the explained output, (sequences,), oriented so that it should fall when
        positive relevance is removed.
    relevance
        (sequences, length), oriented likewise.
    """
    curves = []
    for descending in (True, False):
        perturbed: list[str] = []
        for name, sequence, row in zip(ids, sequences, relevance, strict=True):
            rng = np.random.default_rng([settings.seed, crc32(name.encode())])
            own = row[: len(sequence)]
            order = np.lexsort((rng.random(len(own)), -own))
            order = order if descending else order[::-1]
            for _ in range(settings.draws):
                filler = rng.choice(list(NUCLEOTIDES), size=len(own), p=settings.frequencies)
                perturbed += _replaced(sequence, filler, order, settings.shares)
        outputs = predict(perturbed).reshape(len(ids), settings.draws, len(settings.shares))
        curves.append(outputs.mean(axis=1))
    return Curves(*curves)


def _replaced(
    sequence: str,
    filler: npt.NDArray[np.str_],
    order: npt.NDArray[np.int64],
    shares: Sequence[float],
) -> list[str]:
    """The sequence with each share of its positions, first in ``order``, replaced."""
    letters = np.array(list(sequence))
    variants = []
    for share in shares:
        chosen = order[: round(share * len(order))]
        variant = letters.copy()
        variant[chosen] = filler[chosen]
        variants.append("".join(variant))
    return variants
