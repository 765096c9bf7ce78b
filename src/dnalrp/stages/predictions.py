"""A model's predictions and scores beside it: what every model's folder holds."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.labels import Labels
from dnalrp.models.prediction import prediction_table
from dnalrp.performance import performance_by_split
from dnalrp.provenance import Record, write_record, write_table
from dnalrp.results import PERFORMANCE, PREDICTIONS, PROVENANCE

log = logging.getLogger(__name__)


def write_predictions(
    folder: Path,
    sequences: pd.DataFrame,
    labels: Labels,
    logits: npt.NDArray[np.float64],
    *,
    record: Record,
) -> pd.DataFrame:
    """Write predictions, performance and provenance into a model's folder.

    Parameters
    ----------
    sequences
        Those that were predicted: ``id, label, split``.
    labels
        Theirs, as :func:`~dnalrp.data.labels.read_labels` has them.
    logits
        (sequences, labels).

    Returns
    -------
    pandas.DataFrame
        Performance by split.
    """
    predictions = prediction_table(sequences, logits, labels.several)
    write_table(predictions, folder / PREDICTIONS, record)
    performance = performance_by_split(labels.values, logits, predictions["split"])
    performance.to_csv(folder / PERFORMANCE, sep="\t")
    write_record(folder / PROVENANCE, record)
    log.info("%s", performance.to_string(float_format="%.4f"))
    return performance
