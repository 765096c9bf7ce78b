"""Attention times gradient: where the classifier gets what raises the output, by attention."""

from collections.abc import Sequence

from torch import Tensor

from dnalrp.attribution.attention import attention_maps, pooling
from dnalrp.attribution.batch import Batch, BatchRelevance
from dnalrp.attribution.options import Options


def relevance(batch: Batch, options: Options) -> BatchRelevance:
    """What lowers the output is not seen."""
    batch.only_margins("attention_x_gradient")
    inputs = batch.padded()
    mask = inputs["attention_mask"]
    maps = attention_maps(batch.twin, inputs["input_ids"], mask, batch.objective.label)
    return BatchRelevance(
        batch.cut(attention_x_gradient(maps.attentions, maps.gradients, mask, batch.pools_mean()))
    )


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
        First layer first, each (batch, heads, queries, keys): see
        :func:`~dnalrp.attribution.attention.attention_maps`.
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
    row, kept = pooling(attentions, mask, mean)
    for attention, gradient in zip(reversed(attentions), reversed(gradients), strict=True):
        favourable = (attention * gradient).clamp(min=0).mean(dim=1) * kept[:, None, :]
        row = row + (row[:, None, :] @ favourable)[:, 0]
    return row
