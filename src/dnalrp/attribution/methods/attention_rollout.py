"""Attention rollout: where the classifier gets its information if attention alone passed it on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dnalrp.attribution.attention import attention_composite, pooling
from dnalrp.attribution.batch import Batch, BatchRelevance
from dnalrp.attribution.options import Options
from dnalrp.models.catalogue import architecture_of


def relevance(batch: Batch, options: Options) -> BatchRelevance:
    """No sign, and no baseline."""
    inputs = batch.padded()
    kept: list[Tensor] = []
    composite = attention_composite(architecture_of(batch.twin), kept)
    with composite.on(batch.twin) as ruled, torch.no_grad():
        ruled.model(**inputs)
    return BatchRelevance(batch.cut(rollout(kept, inputs["attention_mask"], batch.pools_mean())))


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
    row, kept = pooling(attentions, mask, mean)
    # Row times matrices, from the last layer on, is the row of the product at less cost.
    for attention in reversed(attentions):
        joint = 0.5 * (attention.mean(dim=1) * kept[:, None, :] + torch.diag_embed(kept))
        # Rows of padding may be empty; nothing reaches them, but 0 / 0 would spread.
        total = joint.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(joint.dtype).tiny)
        row = (row[:, None, :] @ (joint / total))[:, 0]
    return row
