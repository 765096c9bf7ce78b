"""How well scores separate classes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
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


def _one_versus_rest(
    metric: Callable[..., float], truth: npt.NDArray[np.bool_], ranks: npt.NDArray[np.floating]
) -> float:
    columns = [k for k in range(truth.shape[1]) if 0 < truth[:, k].sum() < len(truth)]
    return float(np.mean([metric(truth[:, k], ranks[:, k]) for k in columns] or [np.nan]))
