"""Methods to compare with, one batch at a time: each reads a frozen twin under no rules."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dnalrp.attribution.targets import Objective, explained_output
from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig
from dnalrp.models.dnabert2 import DnaBert2Config
from dnalrp.models.prediction import padded_batch, predict

Arrays = list[npt.NDArray[np.floating]]


class Batch(NamedTuple):
    """Some sequences and their model: ``indices`` are their places in ``objective``."""

    twin: Any
    objective: Objective
    indices: list[int]
    sequences: list[str]
    spans: list[npt.NDArray[np.int64]]

    def padded(self) -> dict[str, Tensor]:
        return padded_batch(self.twin, [self.objective.tokens[i] for i in self.indices])

    def outputs(self, words: Tensor) -> Tensor:
        """Explained outputs (batch,) from input embeddings.

        They take the place of what the twin's own embedding gives for the batch's ids: some
        models (ESM) do not treat ``inputs_embeds`` as they treat ids.
        """
        embedding = self.twin.get_input_embeddings()
        handle = embedding.register_forward_hook(lambda module, ids, own: words)
        try:
            logits = self.twin(**self.padded()).logits
        finally:
            handle.remove()
        return self.objective.outputs(self.objective.logits(logits, self.indices), self.indices)

    def cut(self, relevance: Tensor) -> Arrays:
        """Rows of (batch, tokens) without their padding."""
        rows = relevance.detach().cpu().numpy()
        return [row[: len(own)] for row, own in zip(rows, self.spans, strict=True)]


class Baseline(NamedTuple):
    """Relevance of a batch's sequences, with spans of their own or None for the tokens'.

    ``gap`` (batch,) is by how much relevance misses the sum that the method promises.
    """

    relevance: Arrays
    gap: npt.NDArray[np.float64] | None = None
    spans: list[npt.NDArray[np.int64]] | None = None


def random(batch: Batch) -> Baseline:
    """Standard normal noise, seeded by the sequence alone: the control."""
    return Baseline(
        [
            np.random.default_rng(crc32(s.encode())).standard_normal(len(own)).astype(np.float32)
            for s, own in zip(batch.sequences, batch.spans, strict=True)
        ]
    )


def saliency(batch: Batch) -> Baseline:
    """See :func:`dnalrp.attribution.gradients.saliency`."""
    from dnalrp.attribution import gradients

    return Baseline(batch.cut(gradients.saliency(batch.outputs, _words(batch))))


def integrated_gradients(batch: Batch) -> Baseline:
    """Fifty steps from ``[MASK]`` (tokens) or equal nucleotides (CNN); the gap is reported."""
    from dnalrp.attribution import gradients

    baseline = gradients.reference_embeddings(batch.twin, batch.padded()["input_ids"])
    result = gradients.integrated_gradients(batch.outputs, _words(batch), baseline)
    return Baseline(batch.cut(result.relevance), result.gap.double().cpu().numpy())


def attention_rollout(batch: Batch) -> Baseline:
    """See :func:`dnalrp.attribution.attention.rollout`: no sign, and no baseline."""
    from dnalrp.attribution import attention

    inputs = batch.padded()
    kept: list[Tensor] = []
    with attention.attention_table(kept).on(batch.twin) as ruled, torch.no_grad():
        ruled.model(**inputs)
    mean = _mean_pooling(batch)
    return Baseline(batch.cut(attention.rollout(kept, inputs["attention_mask"], mean)))


def attention_x_gradient(batch: Batch) -> Baseline:
    """See :func:`dnalrp.attribution.attention.attention_x_gradient`: no sign, no baseline."""
    from dnalrp.attribution import attention

    _margins_only(batch, "attention_x_gradient")
    inputs = batch.padded()
    maps = attention.attention_maps(batch.twin, **_renamed(inputs), target=batch.objective.label)
    relevance = attention.attention_x_gradient(
        maps.attentions, maps.gradients, inputs["attention_mask"], _mean_pooling(batch)
    )
    return Baseline(batch.cut(relevance))


def deep_lift_shap(batch: Batch) -> Baseline:
    """Ten dinucleotide shuffles are the references; the gap is reported."""
    from dnalrp.attribution import shuffling

    _margins_only(batch, "deep_lift_shap")
    relevance: Arrays = [np.empty(0)] * len(batch.indices)
    gap = np.empty(len(batch.indices))
    lengths = np.array([len(sequence) for sequence in batch.sequences])
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        ids = torch.tensor([batch.objective.tokens[batch.indices[row]] for row in rows])
        result = shuffling.deep_lift_shap(batch.twin, ids, batch.objective.label)
        gap[rows] = result.gap.double().cpu().numpy()
        for row, values in zip(rows, result.relevance.cpu().numpy(), strict=True):
            relevance[row] = values
    return Baseline(relevance, gap)


def occlusion(batch: Batch) -> Baseline:
    """Each token's nucleotides replaced by N, the sequence tokenised anew."""
    from dnalrp.attribution import perturbation

    rows = zip(_sequence_outputs(batch), batch.sequences, batch.spans, strict=True)
    return Baseline([perturbation.occlusion(f, s, own) for f, s, own in rows])


def mutagenesis(batch: Batch) -> Baseline:
    """Each nucleotide against its three substitutions: one value a nucleotide, not a token."""
    from dnalrp.attribution import perturbation

    rows = zip(_sequence_outputs(batch), batch.sequences, strict=True)
    starts = [np.arange(len(sequence)) for sequence in batch.sequences]
    return Baseline(
        [perturbation.mutagenesis(f, s) for f, s in rows],
        spans=[np.stack([start, start + 1], axis=1) for start in starts],
    )


_ENCODER_BASELINES: dict[str, Callable[[Batch], Baseline]] = {
    "saliency": saliency,
    "integrated_gradients": integrated_gradients,
    "attention_rollout": attention_rollout,
    "attention_x_gradient": attention_x_gradient,
    "occlusion": occlusion,
    "mutagenesis": mutagenesis,
    "random": random,
}
BASELINES: dict[str, dict[str, Callable[[Batch], Baseline]]] = {
    **dict.fromkeys((DnaBert2Config.model_type, "bert", "esm", "modernbert"), _ENCODER_BASELINES),
    RegulatoryCnnConfig.model_type: {
        "saliency": saliency,
        "integrated_gradients": integrated_gradients,
        "deep_lift_shap": deep_lift_shap,
        "occlusion": occlusion,
        "mutagenesis": mutagenesis,
        "random": random,
    },
}
"""Methods that are no rule table, by model type."""


def _words(batch: Batch) -> Tensor:
    with torch.no_grad():
        return batch.twin.get_input_embeddings()(batch.padded()["input_ids"])


def _mean_pooling(batch: Batch) -> bool:
    return getattr(batch.twin.config, "classifier_pooling", "cls") == "mean"


def _renamed(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"input_ids": inputs["input_ids"], "mask": inputs["attention_mask"]}


def _margins_only(batch: Batch, method: str) -> None:
    if batch.objective.quantity != "margin" or batch.objective.places is not None:
        raise InputError(f"method {method!r} explains margins of a class only; choose another")


def _sequence_outputs(
    batch: Batch,
) -> list[Callable[[Sequence[str]], npt.NDArray[np.float64]]]:
    """For each sequence, variants of it to explained outputs; its class is that of the original."""
    if batch.objective.places is not None:
        raise InputError("a masked token has no variants; choose a gradient method")
    label = batch.objective.label
    labels = [label] * len(batch.sequences)
    if label is None and batch.twin.config.num_labels > 2:
        labels = [int(row.argmax()) for row in predict(batch.twin, batch.sequences)]

    def outputs_of(own: int | None) -> Callable[[Sequence[str]], npt.NDArray[np.float64]]:
        def outputs(variants: Sequence[str]) -> npt.NDArray[np.float64]:
            logits = torch.from_numpy(predict(batch.twin, variants))
            return explained_output(logits, own, batch.objective.quantity).numpy()

        return outputs

    return [outputs_of(own) for own in labels]
