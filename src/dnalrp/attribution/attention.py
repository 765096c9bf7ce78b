"""Attention as an explanation of encoders: rollout, and attention times gradient.

Both follow information from the tokens to ``[CLS]`` through the layers' attention alone, as if
values and feed-forward blocks changed nothing. Neither has a sign.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dnalrp.attribution.composites import Composite
from dnalrp.attribution.encoders.catalogue import ENCODERS
from dnalrp.attribution.encoders.kit import encoder_rules
from dnalrp.attribution.rules import Accounts
from dnalrp.errors import InputError
from dnalrp.models.architecture import Architecture
from dnalrp.models.catalogue import architecture_of
from dnalrp.models.prediction import margin


class AttentionMaps(NamedTuple):
    """Attention of every layer, first layer first, each (batch, heads, queries, keys).

    ``gradients`` are those of the explained output at ``attentions``; ``logits`` (batch, labels)
    are the model's own.
    """

    attentions: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]
    logits: Tensor


class ExplicitAttention(nn.Module):
    """The same as :class:`~dnalrp.models.dnabert2.AlibiAttention`, with its weights kept.

    Fused kernels never hold the attention as a whole; here it is computed and put into ``kept``.
    """

    def __init__(
        self, module: nn.Module, name: str, accounts: Accounts, *, kept: list[Tensor]
    ) -> None:
        super().__init__()
        self.kept = kept

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        logits = query @ key.mT / math.sqrt(query.shape[-1]) + bias
        attention = logits.softmax(dim=-1)
        self.kept.append(attention)
        return attention @ value


def attention_composite(architecture: Architecture, kept: list[Tensor]) -> Composite:
    """Composite under which a model's attention is put into ``kept``, a tensor a layer and pass.

    Every other module keeps its own gradient. Whoever runs several passes empties ``kept``.

    Raises
    ------
    InputError
        The architecture has no attention, or none that is known.
    """
    if architecture.name not in ENCODERS:
        raise InputError(
            f"a {architecture.name} has no attention to keep; "
            "choose another method, attention explains encoders only"
        )
    encoder = encoder_rules(architecture)
    return Composite(
        name="attention",
        rules=encoder.attention(partial(ExplicitAttention, kept=kept)),
        plain=None,
        attention=encoder.implementation,
    )


@torch.inference_mode(False)
def attention_maps(
    model: nn.Module,
    input_ids: Tensor,
    mask: Tensor,
    target: int | None = None,
) -> AttentionMaps:
    """Attention of every layer for a batch, and the gradient of the explained output at it.

    The model is left as it was, and may be a twin that a composite made. Memory is layers *
    batch * heads * tokens², several times over: choose the batch by it.

    Parameters
    ----------
    model
        A DNABERT-2, BERT, ESM or ModernBERT for sequence classification.
    input_ids, mask
        (batch, tokens); ``mask`` is 1 at tokens and 0 at padding.
    target
        As in :func:`dnalrp.explain`.

    Raises
    ------
    InputError
        The model has no attention to keep, or the target does not exist.
    """
    kept: list[Tensor] = []
    with attention_composite(architecture_of(model), kept).on(model) as ruled:
        twin: nn.Module = ruled.model
        with torch.enable_grad():
            logits = twin(input_ids=input_ids, attention_mask=mask).logits
            gradients = torch.autograd.grad(margin(logits, target).sum(), kept)
    return AttentionMaps(tuple(a.detach() for a in kept), gradients, logits.detach())


def pooling(attentions: Sequence[Tensor], mask: Tensor, mean: bool) -> tuple[Tensor, Tensor]:
    """Share of each token in what the classifier reads, and the mask; in attention's precision."""
    if not len(attentions):
        raise InputError("no attention layers; give the attentions of at least one")
    kept = mask.to(attentions[0])
    if mean:
        return kept / kept.sum(dim=1, keepdim=True), kept
    row = torch.zeros_like(kept)
    row[:, 0] = 1.0
    return row, kept
