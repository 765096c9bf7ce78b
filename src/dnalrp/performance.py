"""How well scores separate classes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import norm
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    matthews_corrcoef,
    roc_auc_score,
)


def performance(labels: npt.NDArray[Any], scores: npt.NDArray[np.floating]) -> dict[str, float]:
    """AUROC, AUPRC, MCC and accuracy.

    Of two classes, AUROC and AUPRC are those of class 1, which is called where the margin is
    above zero. Of more, they are one-versus-rest on the softmax, the mean over the classes that
    some but not all sequences have; the highest logit is called. Where several labels may be on
    at once, all four are the mean over the labels, each called where its logit is above zero.

    Parameters
    ----------
    labels
        Class numbers (sequences,), or 0 and 1 (sequences, labels).
    scores
        Margins (sequences,), positive for class 1, or logits (sequences, labels).
    """
    if labels.ndim == 2:
        truth, ranks = labels > 0, scores
        pairs = [(truth[:, k], scores[:, k] > 0) for k in range(truth.shape[1])]
    elif scores.ndim == 2 and scores.shape[1] > 2:
        truth, ranks = labels[:, None] == np.arange(scores.shape[1]), softmax(scores, axis=1)
        pairs = [(labels, scores.argmax(axis=1))]
    else:
        margins = scores if scores.ndim == 1 else scores[:, 1] - scores[:, 0]
        truth, ranks = labels[:, None] == 1, margins[:, None]
        pairs = [(labels, (margins > 0).astype(int))]
    return {
        "auroc": _one_versus_rest(roc_auc_score, truth, ranks),
        "auprc": _one_versus_rest(average_precision_score, truth, ranks),
        "mcc": float(np.mean([matthews_corrcoef(*pair) for pair in pairs])),
        "accuracy": float(np.mean([accuracy_score(*pair) for pair in pairs])),
    }


def performance_by_split(
    labels: npt.NDArray[Any], scores: npt.NDArray[np.floating], splits: pd.Series
) -> pd.DataFrame:
    """:func:`performance` of the sequences of each split, a row a split."""
    by_split = {
        split: performance(labels[rows], scores[rows])
        for split, rows in splits.groupby(splits).indices.items()
    }
    return pd.DataFrame(by_split).T.rename_axis("split")


def auroc_interval(
    auroc: float, positives: int, negatives: int, level: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of an AUROC of two classes, also where few sequences are held out.

    Newcombe's method 5 (Statistics in Medicine 25, 559, 2006): the AUROCs that a test on Hanley
    and McNeil's variance, taken at the AUROC tested, would not reject. An AUROC of 1 has an
    interval too. Both ends are NaN where the AUROC is, or where a class is absent.
    """
    if np.isnan(auroc) or not positives or not negatives:
        return np.nan, np.nan
    quantile = norm.ppf((1 + level) / 2)
    others = (positives + negatives) / 2 - 1

    def distance(true: float, sign: float) -> float:
        pairs = 1 + others * ((1 - true) / (2 - true) + true / (1 + true))
        variance = true * (1 - true) * pairs / (positives * negatives)
        return true - auroc + sign * quantile * float(np.sqrt(variance))

    edge = 1e-9  # at 0 and 1 the variance is 0, and the distance of a bound with itself
    low = 0.0 if auroc == 0 else brentq(distance, 0, min(auroc, 1 - edge), args=(1.0,))
    high = 1.0 if auroc == 1 else brentq(distance, max(auroc, edge), 1, args=(-1.0,))
    return low, high


def _one_versus_rest(
    metric: Callable[..., float], truth: npt.NDArray[np.bool_], ranks: npt.NDArray[np.floating]
) -> float:
    columns = [k for k in range(truth.shape[1]) if 0 < truth[:, k].sum() < len(truth)]
    return float(np.mean([metric(truth[:, k], ranks[:, k]) for k in columns] or [np.nan]))
