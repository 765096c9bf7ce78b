"""In which sign a map speaks for a sequence's own class."""

import numpy as np
import numpy.typing as npt

from dnalrp.settings import RANDOMISED

WITHOUT_SIGN = ("saliency", "attention_rollout")
"""Methods that say where the model looks, and not in favour of what: the same for every class."""


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
    own = labels == 1 if logits.shape[1] == 2 else logits.argmax(axis=1) == labels
    return np.where(own, 1, -1)


def oriented(
    method: str, relevance: npt.NDArray[np.floating], signs: npt.NDArray[np.int64]
) -> npt.NDArray[np.floating]:
    """Relevance (sequences, positions) times ``signs`` (sequences,), where the method has a sign.

    Maps of ``WITHOUT_SIGN`` stay as they are: turned round, a perfect one would score 0.
    """
    if method.removesuffix(RANDOMISED) in WITHOUT_SIGN:
        return relevance
    return relevance * signs[:, None]
