"""In which sign a map speaks for a sequence's own class."""

import numpy as np
import numpy.typing as npt


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
