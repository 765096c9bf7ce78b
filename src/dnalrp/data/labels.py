"""Shuffled labels: a model trained on them can have learnt nothing of what makes a label."""

from zlib import crc32

import numpy as np
import pandas as pd

SHUFFLED_SPLITS = ("train", "dev")


def with_shuffled_labels(sequences: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Copy of ``sequences`` with the labels of the training and dev splits shuffled in each.

    Dev labels are shuffled too, since early stopping reads them; test labels stay true. Each
    split keeps its classes' counts and depends on the seed and its own name alone.
    """
    shuffled = sequences.copy()
    for split in SHUFFLED_SPLITS:
        own = sequences["split"] == split
        rng = np.random.default_rng([seed, crc32(split.encode())])
        labels = sequences.loc[own, "label"].to_numpy()
        shuffled.loc[own, "label"] = labels[rng.permutation(len(labels))]
    return shuffled
