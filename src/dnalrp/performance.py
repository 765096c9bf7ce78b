"""How well scores separate two classes."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    matthews_corrcoef,
    roc_auc_score,
)


def performance(labels: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> dict[str, float]:
    """AUROC, AUPRC, MCC and accuracy; ``scores`` are margins, positive for class 1.

    Both are (sequences,). MCC and accuracy call class 1 where the margin is above zero.
    """
    predicted = (scores > 0).astype(int)
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(average_precision_score(labels, scores)),
        "mcc": float(matthews_corrcoef(labels, predicted)),
        "accuracy": float(accuracy_score(labels, predicted)),
    }
