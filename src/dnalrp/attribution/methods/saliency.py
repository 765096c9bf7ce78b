"""Saliency: the length of the gradient at each token's embedding. It has no sign."""

import torch
from captum.attr import Saliency
from torch import Tensor

from dnalrp.attribution.batch import Batch, BatchRelevance
from dnalrp.attribution.gradients import Outputs, leaf
from dnalrp.attribution.options import Options


def relevance(batch: Batch, options: Options) -> BatchRelevance:
    """Saliency of a batch's tokens."""
    return BatchRelevance(batch.cut(saliency(batch.outputs, batch.words())))


@torch.inference_mode(False)
@torch.enable_grad()
def saliency(outputs: Outputs, words: Tensor) -> Tensor:
    """How strongly the output reacts to each token: the length of its embedding's gradient.

    The norm is L2 over the hidden dimension (the paper, on images, takes the highest absolute
    value over the colours). It has no sign: it says that a token matters, not in favour of what.

    Parameters
    ----------
    outputs
        See :data:`~dnalrp.attribution.gradients.Outputs`.
    words
        Input embeddings, (batch, tokens, hidden). They are not changed.

    Returns
    -------
    (batch, tokens), in units of the output for a step of length one.

    Notes
    -----
    Simonyan et al., ICLR workshop 2014 (arXiv 1312.6034).
    """
    gradient = Saliency(outputs).attribute(leaf(words).requires_grad_(), abs=False)
    return gradient.norm(dim=-1)
