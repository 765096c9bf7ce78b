"""Explain the held-out sequences of one data set with every method of one model."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from dnalrp.attribution.catalogue import Choice
from dnalrp.attribution.explanation import iterate_relevance, keeps_distances
from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.attribution.segmentations import (
    Segmentations,
    iterate_average,
    resolves_below_tokens,
)
from dnalrp.attribution.storage import write_attributions, write_nucleotides
from dnalrp.attribution.targets import Target
from dnalrp.models.device import compute_device
from dnalrp.models.loading import load
from dnalrp.models.randomising import randomised
from dnalrp.names import is_randomised
from dnalrp.provenance import Record, provenance
from dnalrp.results import attribution_name, average_folder
from dnalrp.settings.attribute import Attribute

if TYPE_CHECKING:
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)


class Question(NamedTuple):
    """What is asked of a model, and where it is computed."""

    choice: Choice
    device: torch.device
    batch_size: int = 64
    target: Target | None = None
    positional: bool = False

    def options(self) -> dict[str, Any]:
        """Keyword arguments of :func:`~dnalrp.attribution.explanation.iterate_relevance`."""
        return {
            "method": self.choice,
            "target": self.target,
            "batch_size": self.batch_size,
            "device": self.device,
            "positional": self.positional,
        }


def attribute(
    *,
    sequences: str | Path,
    model: str | Path,
    attributions: str | Path,
    methods: Sequence[Choice],
    settings: Attribute,
    seed: int,
    gpu: bool = False,
) -> None:
    """Write a file of relevance for every method, and its average map where it has one.

    Parameters
    ----------
    sequences
        Table of the data set; explained are the splits of the settings.
    model
        Folder of the trained model.
    attributions
        Folder to write.
    methods
        Those of this model, controls too, with their options.
    seed
        Of the new parameters of ``_randomised`` controls.
    """
    table = pd.read_parquet(sequences)
    held_out = table[table["split"].isin(settings.splits)].sort_values("id", ignore_index=True)
    trained, device = load(model), compute_device(gpu)
    log.info("device %s, %d sequences", device, len(held_out))
    folder = Path(attributions)
    folder.mkdir(parents=True)
    made = provenance("attribute", {}, [sequences, model])
    for choice in methods:
        record = made | {"settings": _recorded(choice, settings)}
        asked = randomised(trained, seed) if is_randomised(choice.method) else trained
        question = Question(
            choice,
            device,
            settings.batch_size,
            positional=keeps_distances(trained, choice.method),
        )
        path = folder / attribution_name(choice.method)
        # of more classes each segmentation may call another
        one_target = asked.config.num_labels <= 2
        average = one_target and resolves_below_tokens(asked, choice.method)
        if settings.segmentations and average:
            write_average(
                path,
                asked,
                held_out,
                question,
                segmentations=Segmentations(**settings.segmentations.model_dump()),
                average_path=average_folder(folder) / path.name,
                record=record,
            )
        else:
            write_relevance(path, asked, held_out, question, record=record)


def _recorded(choice: Choice, settings: Attribute) -> dict[str, Any]:
    """What a map depends on: its method with options, and the settings that all methods share."""
    shared = settings.model_dump(mode="json", exclude={"methods"})
    return {"method": choice.method, "options": choice.options.model_dump(mode="json"), **shared}


def write_relevance(
    path: Path,
    model: "PreTrainedModel",
    sequences: pd.DataFrame,
    question: Question,
    *,
    record: Record,
) -> None:
    """Write what a model says of sequences (``id, sequence``), in a stream.

    Mistakes come to light before a file or its folder is made.
    """
    texts, ids = sequences["sequence"].tolist(), sequences["id"].tolist()
    batches = iterate_relevance(model, texts, ids=ids, **question.options())
    first = list(islice(batches, 1))
    write_attributions(path, chain(first, batches), record)


def write_average(
    path: Path,
    model: "PreTrainedModel",
    sequences: pd.DataFrame,
    question: Question,
    *,
    segmentations: Segmentations,
    average_path: Path,
    record: Record,
) -> None:
    """Write the maps of the tokenizer's own segmentation, and the average over all of them."""
    texts, ids = sequences["sequence"].tolist(), sequences["id"].tolist()
    lengths = sequences["sequence"].str.len().to_numpy()
    relevance: list[npt.NDArray[np.floating]] = [np.empty(0)] * len(texts)
    outputs = np.zeros(len(texts))

    def plain_maps() -> Iterator[RelevanceMaps]:
        batches = iterate_average(
            model, texts, segmentations=segmentations, ids=ids, **question.options()
        )
        for average, plain in batches:
            for row, values in zip(average.rows, average.relevance, strict=True):
                relevance[row] = values.astype(np.float32)
            outputs[plain.rows] = plain.outputs
            yield plain

    write_attributions(path, plain_maps(), record)
    averages = RelevanceMaps(
        ids=ids,
        lengths=lengths,
        relevance=relevance,
        spans=nucleotide_spans(lengths),
        logits=np.empty((len(ids), 0)),
        outputs=outputs,
    )
    write_nucleotides(average_path, averages, record)
