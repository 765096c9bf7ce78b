"""Is an explanation sparse and simple? One map is (n,) relevance; signs do not matter."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


def gini(relevance: Array) -> float:
    """Gini index of the absolute relevance: 0 if all are equal, near 1 if one holds all.

    Higher is sparser. Depends on n: compare at equal n only. NaN for a map of zeros.
    """
    values = np.sort(np.abs(relevance))
    n, total = len(values), values.sum()
    if total == 0:
        return float("nan")
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float((weights * values).sum() / (n * total))


def entropy(relevance: Array) -> float:
    """Entropy of |R| / sum |R| over log n: 1 if all are equal, 0 if one holds all.

    Lower is simpler. NaN for a map of zeros or of one position.
    """
    shares = np.abs(relevance)
    if shares.sum() == 0 or len(shares) < 2:
        return float("nan")
    shares = shares[shares > 0] / shares.sum()
    return float(-(shares * np.log(shares)).sum() / np.log(len(relevance)))


def effective_size(relevance: Array, share: float = 0.9) -> float:
    """Smallest part of the positions that holds ``share`` of the absolute relevance, as a fraction.

    Lower is simpler. NaN for a map of zeros.
    """
    values = np.sort(np.abs(relevance))[::-1]
    if values.sum() == 0:
        return float("nan")
    needed = np.searchsorted(np.cumsum(values), share * values.sum() * (1 - 1e-12)) + 1
    return float(needed / len(values))


METRICS = {"gini": gini, "entropy": entropy, "effective_size": effective_size}
