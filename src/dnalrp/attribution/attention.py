"""Attention as an explanation of encoders: rollout, and attention times gradient.

Both follow information from the tokens to ``[CLS]`` through the layers' attention alone, as if
values and feed-forward blocks changed nothing. Neither has a sign.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dnalrp.attribution.encoders import attention_rules
from dnalrp.attribution.tables import RuleTable
from dnalrp.errors import InputError
from dnalrp.models.dnabert2 import AlibiAttention
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

    Fused kernels never hold the attention as a whole; here it is computed and put into ``kept``,
    with its gradient once one is taken.
    """

    def __init__(self, kept: list[Tensor]) -> None:
        super().__init__()
        self.kept = kept

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        logits = query @ key.mT / math.sqrt(query.shape[-1]) + bias
        attention = logits.softmax(dim=-1)
        if attention.requires_grad:
            attention.retain_grad()
        self.kept.append(attention)
        return attention @ value


def attention_table(kept: list[Tensor]) -> RuleTable:
    """Table under which a model's attention is put into ``kept``, a tensor a layer and pass.

    Every other module keeps its own gradient. Whoever runs several passes empties ``kept``.
    """
    return RuleTable(
        name="attention",
        rules={AlibiAttention: lambda module, place, accounts: ExplicitAttention(kept)}
        | attention_rules(lambda place, accounts: ExplicitAttention(kept)),
        plain=None,
        attention="eager",
    )


@torch.inference_mode(False)
def attention_maps(
    model: nn.Module,
    input_ids: Tensor,
    mask: Tensor,
    target: int | None = None,
) -> AttentionMaps:
    """Attention of every layer for a batch, and the gradient of the explained output at it.

    The model is left as it was, and may be a twin that a rule table made. Memory is layers *
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
    with attention_table(kept).on(model) as ruled:
        if not ruled.counts:
            raise InputError(
                f"model {type(model).__name__} has no attention; "
                "choose another method, attention explains encoders only"
            )
        twin: nn.Module = ruled.model
        with torch.enable_grad():
            logits = twin(input_ids=input_ids, attention_mask=mask).logits
            gradients = torch.autograd.grad(margin(logits, target).sum(), kept)
    return AttentionMaps(tuple(a.detach() for a in kept), gradients, logits.detach())


def rollout(attentions: Sequence[Tensor], mask: Tensor, mean: bool = False) -> Tensor:
    """Where ``[CLS]`` gets its information from when it is passed on by attention alone.

    Each layer is 0.5 * (attention, mean of its heads) + 0.5 * identity, the latter for the
    residual connection, with rows that sum to one; the layers are multiplied, and the row of the
    first token is the answer. It knows neither the output nor a sign: it is the same for all
    classes.

    Parameters
    ----------
    attentions
        First layer first, each (batch, heads, queries, keys).
    mask
        (batch, tokens), 1 at tokens and 0 at padding.
    mean
        The classifier reads the mean of all tokens, not the first: so does the answer.

    Returns
    -------
    (batch, tokens), not negative, zero at padding; every row sums to one.

    Raises
    ------
    InputError
        No layers.

    Notes
    -----
    Abnar & Zuidema, ACL 2020 (arXiv 2005.00928).
    """
    row, kept = _pooling(attentions, mask, mean)
    # Row times matrices, from the last layer on, is the row of the product at less cost.
    for attention in reversed(attentions):
        joint = 0.5 * (attention.mean(dim=1) * kept[:, None, :] + torch.diag_embed(kept))
        # Rows of padding may be empty; nothing reaches them, but 0 / 0 would spread.
        total = joint.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(joint.dtype).tiny)
        row = (row[:, None, :] @ (joint / total))[:, 0]
    return row


def attention_x_gradient(
    attentions: Sequence[Tensor], gradients: Sequence[Tensor], mask: Tensor, mean: bool = False
) -> Tensor:
    """Where ``[CLS]`` gets what raises the explained output, passed on by attention alone.

    R starts as the identity and becomes R + E R at each layer, with E the mean over heads of
    (attention * gradient)⁺; the row of the first token is the answer. The negative part is
    dropped, so there is no sign: what lowers the output is not seen.

    Parameters
    ----------
    attentions, gradients
        First layer first, each (batch, heads, queries, keys): see :func:`attention_maps`.
    mask
        (batch, tokens), 1 at tokens and 0 at padding.
    mean
        The classifier reads the mean of all tokens, not the first: so does the answer.

    Returns
    -------
    (batch, tokens), not negative, zero at padding; at least what a token starts with, 1 at the
    first, or 1 over their number for a mean.

    Raises
    ------
    InputError
        No layers.

    Notes
    -----
    Chefer et al., ICCV 2021 (arXiv 2103.15679), equations 5 and 6.
    """
    row, kept = _pooling(attentions, mask, mean)
    for attention, gradient in zip(reversed(attentions), reversed(gradients), strict=True):
        favourable = (attention * gradient).clamp(min=0).mean(dim=1) * kept[:, None, :]
        row = row + (row[:, None, :] @ favourable)[:, 0]
    return row


def _pooling(attentions: Sequence[Tensor], mask: Tensor, mean: bool) -> tuple[Tensor, Tensor]:
    """Share of each token in what the classifier reads, and the mask; in attention's precision."""
    if not len(attentions):
        raise InputError("no attention layers; give the attentions of at least one")
    kept = mask.to(attentions[0])
    if mean:
        return kept / kept.sum(dim=1, keepdim=True), kept
    row = torch.zeros_like(kept)
    row[:, 0] = 1.0
    return row, kept
