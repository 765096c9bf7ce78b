"""Is an explanation sparse and simple? Signs do not matter.

Maps are (maps, positions), zero beyond the length of each; scores are (maps,).
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Lengths = npt.NDArray[np.int64]


def gini(rising: Array, lengths: Lengths) -> Array:
    """Gini index of the absolute relevance: 0 if all are equal, near 1 if one holds all.

    Higher is sparser. Depends on n: compare at equal n only. NaN for a map of zeros.
    """
    width = rising.shape[1]
    place = np.arange(1, width + 1) - (width - lengths[:, None])  # padding sorts to the front
    weights = 2 * place - lengths[:, None] - 1
    return (weights * rising).sum(axis=1) / (lengths * rising.sum(axis=1))


def entropy(rising: Array, lengths: Lengths) -> Array:
    """Entropy of |R| / sum |R| over log n: 1 if all are equal, 0 if one holds all.

    Lower is simpler. NaN for a map of zeros or of one position.
    """
    shares = rising / rising.sum(axis=1, keepdims=True)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logarithms).sum(axis=1) / np.log(lengths)


def effective_size(rising: Array, lengths: Lengths, share: float = 0.9) -> Array:
    """Smallest part of the positions that holds ``share`` of the absolute relevance, as a fraction.

    Lower is simpler. NaN for a map of zeros.
    """
    held = np.cumsum(rising[:, ::-1], axis=1)
    total = rising.sum(axis=1)
    needed = (held < share * total[:, None] * (1 - 1e-12)).sum(axis=1) + 1
    return np.where(total > 0, needed / lengths, np.nan)


METRICS = {"gini": gini, "entropy": entropy, "effective_size": effective_size}


def concentrate(relevance: Array, lengths: Lengths | None = None) -> dict[str, Array]:
    """Every metric of this module by name; each map is sorted once.

    Parameters
    ----------
    relevance
        (maps, positions).
    lengths
        (maps,) positions of each map; by default all. What lies beyond does not count.
    """
    lengths = np.full(len(relevance), relevance.shape[1]) if lengths is None else lengths
    inside = np.arange(relevance.shape[1]) < lengths[:, None]
    rising = np.sort(np.where(inside, np.abs(relevance.astype(np.float64)), 0.0), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: metric(rising, lengths) for name, metric in METRICS.items()}
