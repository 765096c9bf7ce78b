"""Labels of sequences: one class number each, or several labels that are on or off."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.errors import InputError

SHUFFLED_SPLITS = ("train", "dev")
MOST_CLASSES = 1000  # a larger number is a mistake, such as a score in the place of a label


class Labels(NamedTuple):
    """Checked labels.

    ``values`` are class numbers 0 to ``classes`` - 1, (sequences,) int64; where a sequence may have
    several labels at once, they are 0 and 1, (sequences, classes) float64.
    """

    values: npt.NDArray[Any]
    classes: int

    @property
    def several(self) -> bool:
        return self.values.ndim == 2


def read_labels(sequences: pd.DataFrame) -> Labels:
    """Labels from the columns ``id, label``.

    Whole numbers from 0 are classes. Lists of whole numbers, or text such as ``0;3``, are the
    labels that are on; an empty list or text is none.

    Raises
    ------
    InputError
        A label is missing, text that is no list, a decimal or a negative number.
    """
    column = sequences["label"]
    names = sequences.get("id", sequences.index)
    if column.isna().any():
        first = names[column.isna()].tolist()[0]
        raise InputError(f"label of {first} is missing; fill in the column 'label'")
    several = any(
        isinstance(label, list | tuple | np.ndarray) or (isinstance(label, str) and ";" in label)
        for label in column
    )
    lists = []
    for name, label in zip(names, column, strict=True):
        numbers = _numbers(label, several)
        if numbers is None or not all(0 <= number < MOST_CLASSES for number in numbers):
            raise InputError(
                f"label of {name} is {label!r}: labels are whole numbers from 0 to "
                f"{MOST_CLASSES - 1}, or lists of them such as 0;3; correct the column 'label'"
            )
        lists.append(numbers)
    count = 1 + max((number for listed in lists for number in listed), default=-1)
    if not several:
        return Labels(np.array([number for (number,) in lists], dtype=np.int64), count)
    values = np.zeros((len(lists), count))
    for row, listed in enumerate(lists):
        values[row, listed] = 1
    return Labels(values, count)


def has_label(labels: pd.Series, number: int) -> npt.NDArray[np.bool_]:
    """Which sequences have a label: those of the class, or those whose list holds it."""
    single = pd.api.types.is_integer_dtype(labels)
    return np.array(
        [number == label if single else number in label for label in labels], dtype=bool
    )


def of_one_label(sequences: pd.DataFrame, number: int) -> pd.DataFrame:
    """The sequences as a data set of one of their labels: class 1 where it is on, 0 where off."""
    return sequences.assign(label=has_label(sequences["label"], number).astype("int64"))


def sites_of_one_label(
    sites: pd.DataFrame, sequences: pd.DataFrame, matrix_ids: Collection[str]
) -> pd.DataFrame:
    """The sites of all labels as one of them sees them.

    Those of its own motifs, on the sequences where it is on, keep the role ``motif``: they are
    the ground truth. All others get the role ``other label``.

    Parameters
    ----------
    sites
        ``id, motif, role, ...`` of all labels.
    sequences
        From :func:`of_one_label`.
    matrix_ids
        Of this label's motifs.
    """
    on = sequences.loc[sequences["label"] == 1, "id"]
    true = sites["motif"].isin(matrix_ids) & sites["id"].isin(on)
    role = sites["role"].where(true, "other label")
    return sites.assign(role=role).drop_duplicates(ignore_index=True)


def as_text(label: Any) -> Any:
    """A list of labels as tables of text have it, ``0;2``; a class number as it is."""
    several = isinstance(label, list | tuple | np.ndarray)
    return ";".join(map(str, label)) if several else label


def check_splits(labels: Labels, splits: pd.Series, needed: Sequence[str]) -> None:
    """Refuse splits that lack a class, or a label that is on and off.

    Raises
    ------
    InputError
        One line with the split and what it lacks.
    """
    for split in needed:
        values = labels.values[(splits == split).to_numpy()]
        if labels.several:
            constant = [k for k in range(labels.classes) if len(np.unique(values[:, k])) < 2]
            if constant:
                raise InputError(
                    f"the {split} split has label {constant[0]} always on or always off in its "
                    f"{len(values)} sequences; a classifier needs both, check labels and splits"
                )
            continue
        lacking = [k for k in range(max(labels.classes, 2)) if k not in values]
        if lacking:
            raise InputError(
                f"the {split} split has {len(np.unique(values))} class(es) in {len(values)} "
                f"sequences, {lacking[0]} is missing; a classifier needs all, check labels and "
                "splits"
            )


def with_shuffled_labels(sequences: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Copy of ``sequences`` with the labels of the training and dev splits shuffled in each.

    A model trained on it can have learnt nothing of what makes a label: a control.

    Dev labels are shuffled too, since early stopping reads them; test labels stay true. Each
    split keeps its classes' counts and depends on the seed and its own name alone.
    """
    shuffled = sequences.copy()
    for split in SHUFFLED_SPLITS:
        rows = sequences["split"] == split
        rng = np.random.default_rng([seed, crc32(split.encode())])
        labels = sequences.loc[rows, "label"]
        permuted = labels.iloc[rng.permutation(len(labels))]
        shuffled.loc[rows, "label"] = permuted.set_axis(labels.index)
    return shuffled


def _numbers(label: Any, several: bool) -> list[int] | None:
    """The class numbers that a label stands for; None where it stands for none."""
    if isinstance(label, int | np.integer | np.bool_):
        return [int(label)]
    if several and isinstance(label, str):
        parts = label.split(";") if label.strip() else []
        return [int(part) for part in parts] if all(map(_is_number, parts)) else None
    if several and isinstance(label, list | tuple | np.ndarray):
        whole = all(isinstance(number, int | np.integer) for number in label)
        return [int(number) for number in label] if whole else None
    return None


def _is_number(text: str) -> bool:
    return text.strip().isdecimal()
