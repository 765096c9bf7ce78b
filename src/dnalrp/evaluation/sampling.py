"""The sequences that axes judge which ask the model: a seeded sample."""

import numpy as np
import numpy.typing as npt

from dnalrp.evaluation.levels import Explained


def sampled_rows(explained: Explained, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Rows of a seeded sample of ``count`` sequences, in random order; larger ones hold it."""
    return np.random.default_rng(seed).permutation(len(explained.ids))[:count]
