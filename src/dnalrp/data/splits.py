"""Which sequences train, which are held out."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import pandas as pd

from dnalrp.data.labels import has_label
from dnalrp.errors import InputError

SPLITS = ("train", "dev", "test")


def split_by_chromosome(chroms: pd.Series, splits: Mapping[str, Sequence[str]]) -> pd.Series:
    """Split of each chromosome; those that ``splits`` does not name train."""
    named = {chrom: split for split, chroms in splits.items() for chrom in chroms}
    return chroms.map(named).fillna("train")


def split_by_fraction(keys: pd.Series, fractions: Mapping[str, float], seed: int) -> pd.Series:
    """Split of each key by chance: ``fractions`` of them to dev and test, the rest train.

    What becomes of a key depends on it and the seed alone, not on the others or their order:
    equal keys stay together, and a sequence that is added moves no other.
    """
    bounds = {"test": fractions["test"], "dev": fractions["test"] + fractions["dev"]}

    def split(key: str) -> str:
        digest = blake2b(f"{seed} {key}".encode(), digest_size=8).digest()
        chance = int.from_bytes(digest) / 2**64
        return next((name for name, bound in bounds.items() if chance < bound), "train")

    return keys.map({key: split(key) for key in keys.unique()})


def check_splits(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse data that lack a class in a split, or a label that is on and off in each.

    ``names`` are those of the classes or labels, in order.
    """
    several = not pd.api.types.is_integer_dtype(frame["label"])
    for split in SPLITS:
        labels = frame.loc[frame["split"] == split, "label"]
        for label, name in enumerate(names):
            on = has_label(labels, label)
            if several and (on.all() or not on.any()):
                raise InputError(
                    f"label {name!r} is {'on' if on.any() else 'off'} in all {len(on)} sequences "
                    f"of the {split} split; a classifier needs both, give it some or change "
                    "'splits'"
                )
            if not on.any():
                raise InputError(
                    f"class {name!r} has no sequence in the {split} split; give it some there or "
                    "change 'splits'"
                )
