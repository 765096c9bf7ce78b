"""Train or fine-tune one model on one data set, or take it as it is; keep its predictions."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from dnalrp.data.labels import Labels, read_labels, with_shuffled_labels
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.models.architecture import ModelSection
from dnalrp.models.building import build_model
from dnalrp.models.device import check_precision, compute_device
from dnalrp.models.prediction import predict
from dnalrp.provenance import digest, provenance
from dnalrp.results import HISTORY
from dnalrp.stages.predictions import write_predictions
from dnalrp.training import check_class_names, check_outputs, name_classes
from dnalrp.training import train as trained

if TYPE_CHECKING:
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)


def train(
    *,
    sequences: str | Path,
    model: str | Path,
    checkpoints: str | Path,
    settings: ModelSection,
    seed: int,
    labels: Literal["true", "shuffled"] = "true",
    classes: Sequence[str] = (),
    pretrained: str | Path | None = None,
    inputs: Sequence[str | Path] = (),
    gpu: bool = False,
    code: str = "",
) -> pd.DataFrame:
    """Write a model's folder: the model, its predictions of what it was not trained on, its scores.

    Parameters
    ----------
    sequences
        Table of the data set.
    model
        Folder to write.
    checkpoints
        Folder from which an interrupted training is resumed; what it left is gone at the end.
    labels
        ``shuffled`` for training alone, the control; performance is against the true ones.
    classes
        Names of the classes in the order of their labels.
    pretrained
        In place of the settings' own, such as a folder that the pre-training stage wrote.
    inputs
        Files that are read besides the sequences, for the record.
    code
        Digest of the code: a training is resumed by the same code alone.

    Returns
    -------
    pandas.DataFrame
        Performance by split.
    """
    device = compute_device(gpu)
    check_precision(settings.training.precision if settings.training else "float32", device)
    table = pd.read_parquet(sequences)
    own_labels = read_labels(table)
    made = _start(table, own_labels, settings, pretrained=pretrained, seed=seed)
    recorded = {
        "seed": seed,
        "model": settings.model_dump(mode="json", exclude_unset=True),
        "labels": labels,
    }
    record = provenance("train", recorded, [sequences, *inputs])
    # only a run of these very settings, inputs and code may be resumed
    resumable = Path(checkpoints) / digest([record, code])
    log.info("device %s", device)
    history = pd.DataFrame(columns=["step", "epoch"])
    if settings.training:
        shown = with_shuffled_labels(table, seed) if labels == "shuffled" else table
        history = trained(
            made, shown, settings.training, seed=seed, checkpoints=resumable, device=device
        )
        if classes:
            name_classes(made, classes)
    else:
        check_class_names(made, classes)
        log.info("training: null, %s is taken as it is", pretrained or settings.pretrained)
        made.to(device)
    folder = Path(model)
    made.save_pretrained(folder)
    made.tokenizer.save_pretrained(folder)
    history.to_csv(folder / HISTORY, sep="\t", index=False)
    unseen = (table["split"] != "train").to_numpy()
    logits = predict(made, table.loc[unseen, "sequence"].tolist(), progress="predict")
    labels_of_unseen = own_labels._replace(values=own_labels.values[unseen])
    performance = write_predictions(folder, table[unseen], labels_of_unseen, logits, record=record)
    shutil.rmtree(resumable, ignore_errors=True)
    return performance


def _start(
    table: pd.DataFrame,
    labels: Labels,
    settings: ModelSection,
    *,
    pretrained: str | Path | None,
    seed: int,
) -> "PreTrainedModel":
    """The model before training."""
    read = table.loc[table["split"] == "train", "sequence"]
    if pretrained is not None:
        settings = settings.model_copy(update={"pretrained": str(pretrained)})
    model = build_model(
        settings,
        [*read, *read.map(reverse_complement)],
        seed=seed,
        num_labels=labels.classes if settings.training else None,
    )
    check_outputs(model, labels, exactly=settings.training is not None)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    log.info("%d parameters, %d training sequences", parameters, len(read))
    return model
