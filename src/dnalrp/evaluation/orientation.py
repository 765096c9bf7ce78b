"""In which sign a map speaks for a sequence's own class."""

import numpy as np
import numpy.typing as npt

from dnalrp.names import base_method


def orientation(
    labels: npt.NDArray[np.int64], logits: npt.NDArray[np.floating]
) -> npt.NDArray[np.int64]:
    """Sign, (sequences,), that turns relevance into evidence for each sequence's own class.

    Of two classes, class 1 over class 0 is explained: 1 for label 1, -1 for label 0. Of more, the
    called class over the next is: 1 where it is the sequence's own, -1 where relevance speaks for
    a wrong one.

    Parameters
    ----------
    labels
        Class numbers, (sequences,).
    logits
        The model's, (sequences, classes).
    """
    right = labels == 1 if logits.shape[1] == 2 else logits.argmax(axis=1) == labels
    return np.where(right, 1, -1)


def has_sign(method: str) -> bool:
    """Does a method's relevance speak for or against? Some only say where the model looks."""
    from dnalrp.attribution.catalogue import METHODS

    declared = METHODS.get(base_method(method))
    return declared is None or declared.sign


def oriented(
    method: str, relevance: npt.NDArray[np.floating], signs: npt.NDArray[np.int64]
) -> npt.NDArray[np.floating]:
    """Relevance (sequences, positions) times ``signs`` (sequences,), where the method has a sign.

    Maps without one, the same for every class, stay: turned round, a perfect one would score 0.
    """
    return relevance * signs[:, None] if has_sign(method) else relevance
