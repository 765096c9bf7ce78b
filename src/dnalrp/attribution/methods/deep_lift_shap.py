"""DeepLiftShap for the CNN: a sequence against shuffled versions of itself."""

import math
import warnings
from functools import partial
from typing import NamedTuple
from zlib import crc32

import numpy as np
import torch
from tangermeme.deep_lift_shap import deep_lift_shap as tangermeme_deep_lift_shap
from tangermeme.ersatz import dinucleotide_shuffle
from torch import Tensor, nn
from transformers import PreTrainedModel

from dnalrp.attribution.batch import Arrays, Batch, BatchRelevance
from dnalrp.attribution.composites import Composite
from dnalrp.attribution.options import DeepLiftShapOptions
from dnalrp.attribution.rules import Accounts
from dnalrp.data.nucleotides import NUCLEOTIDES
from dnalrp.errors import InputError
from dnalrp.models import cnn


def relevance(batch: Batch, options: DeepLiftShapOptions) -> BatchRelevance:
    """Dinucleotide shuffles are the references; the gap is reported."""
    batch.only_margins("deep_lift_shap")
    rows: Arrays = [np.empty(0)] * len(batch.indices)
    gap = np.empty(len(batch.indices))
    lengths = np.array([len(sequence) for sequence in batch.sequences])
    for length in np.unique(lengths):
        group = np.flatnonzero(lengths == length)
        ids = torch.tensor([batch.objective.tokens[batch.indices[row]] for row in group])
        result = deep_lift_shap(
            batch.twin,
            ids,
            batch.objective.label,
            references=options.references,
            seed=options.seed,
        )
        gap[group] = result.gap.double().cpu().numpy()
        for row, values in zip(group, result.relevance.cpu().numpy(), strict=True):
            rows[row] = values
    return BatchRelevance(rows, gap)


class DeepLiftShap(NamedTuple):
    """Relevance (batch, length) and the completeness gap (batch,), in units of the output.

    ``gap`` is the sum of the relevance minus the mean difference in output between a sequence
    and its references: what the rules fail to pass on.
    """

    relevance: Tensor
    gap: Tensor


class _Margin(nn.Module):
    """The CNN in tangermeme's call contract: one-hot (batch, 4, length) to outputs (batch, 1)."""

    def __init__(self, model: nn.Module, weight: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("weight", weight)

    def forward(self, one_hot: Tensor) -> Tensor:
        logits = self.model(inputs_embeds=one_hot.transpose(1, 2)).logits
        return (logits @ self.weight)[:, None]


@torch.inference_mode(False)
@torch.enable_grad()
def deep_lift_shap(
    model: PreTrainedModel,
    input_ids: Tensor,
    target: int | None = None,
    *,
    references: int = 10,
    seed: int = 0,
    batch_size: int = 64,
) -> DeepLiftShap:
    """What sets a sequence apart from its own shuffles, position by position.

    DeepLIFT's rescale rule passes the difference in output between a sequence and a reference
    down to the differences in input; the references are shuffles that keep the dinucleotides,
    so that what is explained is the order of the nucleotides, not their composition. The mean
    over references is the relevance.

    Tangermeme has no rule for a global maximum and would pass it on as if it were linear, which
    misses the differences in output by about their own size. Here it is computed as what it is,
    max-pooling over the whole length, and nothing is left without a rule: ``gap`` is rounding.

    Shuffles depend on ``seed`` and the sequence only, not on its place in the batch. The model
    is left as it was.

    Parameters
    ----------
    model
        The CNN, of two classes.
    input_ids
        (batch, length), all of one length, without padding.
    target
        Class whose margin over the other is explained; by default class 1.
    references
        Shuffles a sequence. A sequence that no shuffle changes has zero relevance.
    seed
        Of the shuffles.
    batch_size
        Pairs of sequence and reference computed at a time; memory is bounded by it.

    Returns
    -------
    Relevance of the nucleotide that is there, against those of the references at its position;
    at an N, which the shuffles move like a letter of its own, of having none.

    Raises
    ------
    InputError
        Another model than the CNN, other than two classes, padding, no references.

    Notes
    -----
    Shrikumar et al., ICML 2017 (arXiv 1704.02685); Lundberg & Lee, NeurIPS 2017
    (arXiv 1705.07874); tangermeme: Schreiber, Nature Methods 2026
    (doi 10.1038/s41592-026-03254-z).
    """
    _check(model, input_ids, references)
    sign = _sign(target)
    ids = input_ids.to(model.device)
    x = torch.stack([ids == letter for letter in range(len(NUCLEOTIDES))], dim=1)
    shuffled = _shuffles(x, ids, references, seed).to(model.dtype)
    x = x.to(model.dtype)
    with _composite(model.config, ids.shape[1]).on(model) as ruled:
        wrapped = _Margin(ruled.model, x.new_tensor([-sign, sign])).eval()
        with warnings.catch_warnings():
            # It warns of N, which only_warn lets pass, and of a gap, which is handed back.
            warnings.simplefilter("ignore")
            multipliers = tangermeme_deep_lift_shap(
                wrapped,
                x,
                batch_size=batch_size,
                references=shuffled,
                raw_outputs=True,
                only_warn=True,
                device=model.device,
            )
        outputs = _outputs(wrapped, x, batch_size)
        reference_outputs = _outputs(wrapped, shuffled.flatten(0, 1), batch_size)
    difference = x[:, None] - shuffled
    relevance = (difference * multipliers.to(difference)).sum(dim=2).mean(dim=1)
    gap = relevance.sum(dim=1) - (outputs - reference_outputs.view(len(x), references).mean(dim=1))
    return DeepLiftShap(relevance, gap)


@torch.no_grad()
def _outputs(wrapped: nn.Module, one_hot: Tensor, batch_size: int) -> Tensor:
    """Explained outputs, (batch,), as many at a time as memory was promised for."""
    return torch.cat([wrapped(part)[:, 0] for part in one_hot.split(batch_size)])


def _check(model: PreTrainedModel, input_ids: Tensor, references: int) -> None:
    if not isinstance(model.config, cnn.RegulatoryCnnConfig):
        raise InputError(
            f"DeepLiftShap does not explain a {model.config.model_type}; choose another method, "
            "it explains the CNN only"
        )
    if model.config.num_labels != 2:
        raise InputError(
            f"DeepLiftShap explains two classes, the model has {model.config.num_labels}; "
            "choose another method"
        )
    if references < 1:
        raise InputError(f"references {references}: give 1 or more")
    padding = model.config.pad_token_id
    if padding is not None and input_ids.eq(padding).any():
        raise InputError(
            "DeepLiftShap takes sequences of one length at a time, these are padded; "
            "group them by length"
        )


def _sign(target: int | None) -> float:
    if target not in (None, 0, 1):
        raise InputError(f"target {target} does not exist: the model has classes 0 to 1")
    return -1.0 if target == 0 else 1.0


def _shuffles(one_hot: Tensor, ids: Tensor, references: int, seed: int) -> Tensor:
    """Shuffles of every sequence, (batch, references, 4, length) as int8."""
    seeds = [
        np.random.default_rng([seed, crc32(row.astype(np.int8).tobytes())]).integers(
            2**31, size=references
        )
        for row in ids.cpu().numpy()
    ]
    # One shuffle a copy: several at once are refused where they cannot differ, as of AAAA.
    copies = one_hot.to(torch.int8).repeat_interleave(references, dim=0)
    shuffled = dinucleotide_shuffle(copies, n=1, random_state=np.concatenate(seeds), allow_N=True)
    return shuffled.view(len(ids), references, *one_hot.shape[1:])


def _fresh_relu(module: nn.ReLU, name: str, accounts: Accounts) -> nn.Module:
    return nn.ReLU()


def _fresh_pool(module: nn.MaxPool1d, name: str, accounts: Accounts) -> nn.Module:
    return nn.MaxPool1d(module.kernel_size, ceil_mode=module.ceil_mode)


def _global_pool(module: nn.Module, name: str, accounts: Accounts, *, length: int) -> nn.Module:
    return nn.MaxPool1d(length)


def _composite(config: cnn.RegulatoryCnnConfig, length: int) -> Composite:
    """Fresh copies of what tangermeme hooks, so that no hook touches the model.

    Copies of modules share the registers of hooks, new ones do not.
    """
    pooled = math.ceil(math.ceil(length / config.pool_size) / config.pool_size)
    return Composite(
        name="DeepLiftShap",
        rules={
            nn.ReLU: _fresh_relu,
            nn.MaxPool1d: _fresh_pool,
            nn.AdaptiveMaxPool1d: partial(_global_pool, length=pooled),
        },
        plain=(
            nn.Conv1d,
            nn.Linear,
            nn.Dropout,
            nn.Identity,
            cnn.OneHot,
            cnn.ConvolutionBlock,
            cnn.RegulatoryCnnForSequenceClassification,
        ),
        prepared=cnn.folded,
    )
