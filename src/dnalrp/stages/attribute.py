"""Explain the held-out sequences of one data set with every method of one model."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from dnalrp.attribution.explanation import iterate_relevance
from dnalrp.attribution.segmentations import (
    Segmentations,
    iterate_average,
    resolves_below_tokens,
)
from dnalrp.attribution.storage import (
    NucleotideMaps,
    stored_batch,
    write_attributions,
    write_nucleotides,
)
from dnalrp.attribution.targets import Target
from dnalrp.models.device import compute_device
from dnalrp.models.dnabert2 import DnaBert2Config
from dnalrp.models.loading import load
from dnalrp.models.randomising import randomised
from dnalrp.names import base_method, is_randomised
from dnalrp.provenance import provenance
from dnalrp.results import attribution_name, average_folder
from dnalrp.stages.provisional import Attribute

if TYPE_CHECKING:
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)


class Question(NamedTuple):
    """What is asked of a model, and how."""

    method: str
    device: torch.device
    batch_size: int = 64
    alibi: str = "absorb"
    layer_rules: Mapping[str, Any] | None = None
    target: Target | None = None
    positional: bool = False

    def options(self) -> dict[str, Any]:
        """Keyword arguments of :func:`~dnalrp.attribution.explanation.iterate_relevance`."""
        rules = {"layer_rules": self.layer_rules} if self.method == "lrp" else {}
        return {
            "target": self.target,
            "batch_size": self.batch_size,
            "device": self.device,
            "alibi": self.alibi,
            "positional": self.positional,
            **rules,
        }


def attribute(
    *,
    sequences: str | Path,
    model: str | Path,
    attributions: str | Path,
    methods: Sequence[str],
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
        Names, also of controls.
    seed
        Of the new parameters of ``_randomised`` controls.
    """
    table = pd.read_parquet(sequences)
    held_out = table[table["split"].isin(settings.splits)].sort_values("id", ignore_index=True)
    trained, device = load(model), compute_device(gpu)
    log.info("device %s, %d sequences", device, len(held_out))
    folder = Path(attributions)
    folder.mkdir(parents=True)
    for method in methods:
        recorded = {"method": method, **settings.model_dump(mode="json")}
        record = provenance("attribute", recorded, [sequences, model])
        asked = randomised(trained, seed) if is_randomised(method) else trained
        question = _question(asked, method, settings, device)
        path = folder / attribution_name(method)
        # of more classes each segmentation may call another
        one_target = asked.config.num_labels <= 2
        if settings.segmentations and one_target and resolves_below_tokens(asked, question.method):
            write_average(
                path,
                asked,
                held_out,
                question,
                segmentations=Segmentations(**settings.segmentations),
                average_path=average_folder(folder) / path.name,
                record=record,
            )
        else:
            write_relevance(path, asked, held_out, question, record=record)


def _question(
    model: "PreTrainedModel", method: str, settings: Attribute, device: torch.device
) -> Question:
    plain = base_method(method)
    return Question(
        method=plain,
        device=device,
        batch_size=settings.batch_size,
        alibi=settings.alibi,
        layer_rules=settings.layer_rules,
        positional=plain == "attnlrp" and model.config.model_type == DnaBert2Config.model_type,
    )


def write_relevance(
    path: Path,
    model: "PreTrainedModel",
    sequences: pd.DataFrame,
    question: Question,
    *,
    record: Mapping[str, Any],
) -> None:
    """Write what a model says of sequences (``id, sequence``), in a stream.

    Mistakes come to light before a file or its folder is made.
    """
    texts, ids = sequences["sequence"].tolist(), sequences["id"].tolist()
    batches = iterate_relevance(model, texts, question.method, **question.options())
    first = list(islice(batches, 1))
    begun = chain(first, batches)
    write_attributions(path, (stored_batch(batch, ids, texts) for batch in begun), record)


def write_average(
    path: Path,
    model: "PreTrainedModel",
    sequences: pd.DataFrame,
    question: Question,
    *,
    segmentations: Segmentations,
    average_path: Path,
    record: Mapping[str, Any],
) -> None:
    """Write the maps of the tokenizer's own segmentation, and the average over all of them."""
    texts, ids = sequences["sequence"].tolist(), sequences["id"].tolist()
    lengths = sequences["sequence"].str.len().to_numpy()
    average = np.zeros((len(texts), lengths.max(initial=0)), dtype=np.float32)
    outputs = np.zeros(len(texts))

    def plain_maps() -> Iterable[Any]:
        options = question.options()
        for batch in iterate_average(model, texts, question.method, segmentations, **options):
            for row, relevance in zip(batch.indices, batch.relevance, strict=True):
                average[row, : len(relevance)] = relevance
            outputs[batch.indices] = batch.plain.outputs
            yield stored_batch(batch.plain, ids, texts)

    write_attributions(path, plain_maps(), record)
    write_nucleotides(average_path, NucleotideMaps(ids, lengths, average, outputs), record)
