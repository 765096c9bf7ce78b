"""Bootstrap over seeds and sequences at once: both are random, and both are shared by methods."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Resamples(NamedTuple):
    """How often each seed and each sequence is drawn: (resamples, seeds), (resamples, sequences).

    Every model of every seed saw the same sequences, so the design is crossed: a resample draws
    seeds and sequences independently and keeps their combinations (Owen, Annals of Applied
    Statistics 2007, the pigeonhole bootstrap, whose intervals are, if anything, too wide).
    """

    seeds: Array
    sequences: Array


@lru_cache(maxsize=4)  # hundreds of metrics are of the same sequences, and drawing is slow
def draw_resamples(seeds: int, sequences: int, resamples: int, seed: int) -> Resamples:
    """Draw counts with replacement; of a single seed every resample holds that seed once.

    Equal arguments give the same arrays, which therefore may not be written to.
    """
    rng = np.random.default_rng(seed)
    drawn = Resamples(
        rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples).astype(float),
        rng.multinomial(sequences, np.full(sequences, 1 / sequences), size=resamples).astype(float),
    )
    for counts in drawn:
        counts.flags.writeable = False
    return drawn


def resampled_means(values: Array, resamples: Resamples) -> Array:
    """Mean of every quantity in every resample, (resamples, quantities).

    Parameters
    ----------
    values
        (seeds, sequences, quantities); NaN where undefined, which is left out of the means.
    """
    defined = ~np.isnan(values)
    whole = bool(defined.all())
    filled = np.where(defined, values, 0.0)
    total = np.zeros((len(resamples.seeds), values.shape[2]))
    weight = np.zeros_like(total)
    for of_seed, known, times in zip(filled, defined, resamples.seeds.T, strict=True):
        total += times[:, None] * (resamples.sequences @ of_seed)
        drawn = resamples.sequences
        count = drawn.sum(axis=1, keepdims=True) if whole else drawn @ known.astype(float)
        weight += times[:, None] * count
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / weight


def percentile_interval(means: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Ends of the percentile interval of resampled means, (quantities,) each."""
    tail = (1 - level) / 2
    low, high = np.nanquantile(means, [tail, 1 - tail], axis=0)
    return low, high
