"""Gradients at the word embeddings of any model: saliency and integrated gradients.

The functions see a model as a closure from input embeddings to the explained outputs, so that
mask and target are the caller's affair and every model and rule table will do.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from captum.attr import IntegratedGradients as PathIntegral
from captum.attr import Saliency
from torch import Tensor
from transformers import PreTrainedModel

from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig

Outputs = Callable[[Tensor], Tensor]
"""Input embeddings (batch, tokens, hidden) to the explained outputs (batch,)."""


class IntegratedGradients(NamedTuple):
    """Relevance (batch, tokens) and the completeness gap (batch,), in units of the output.

    ``gap`` is the sum of the relevance minus (output at the words - output at the baseline): the
    error of the numerical integral, which more steps reduce.
    """

    relevance: Tensor
    gap: Tensor


@torch.inference_mode(False)
@torch.enable_grad()
def saliency(outputs: Outputs, words: Tensor) -> Tensor:
    """How strongly the output reacts to each token: the length of its embedding's gradient.

    The norm is L2 over the hidden dimension (the paper, on images, takes the highest absolute
    value over the colours). It has no sign: it says that a token matters, not in favour of what.

    Parameters
    ----------
    outputs
        See :data:`Outputs`.
    words
        Input embeddings, (batch, tokens, hidden). They are not changed.

    Returns
    -------
    (batch, tokens), in units of the output for a step of length one.

    Notes
    -----
    Simonyan et al., ICLR workshop 2014 (arXiv 1312.6034).
    """
    gradient = Saliency(outputs).attribute(_leaf(words).requires_grad_(), abs=False)
    return gradient.norm(dim=-1)


@torch.inference_mode(False)
@torch.enable_grad()
def integrated_gradients(
    outputs: Outputs, words: Tensor, baseline: Tensor, steps: int = 50
) -> IntegratedGradients:
    """Share of every token in the change of the output from a baseline to the words.

    The gradient is averaged along the straight line between both, at the nodes of a
    Gauss-Legendre quadrature, and multiplied by the difference. The relevance then sums to the
    change of the output but for the quadrature's error, which is handed back as ``gap``.

    Parameters
    ----------
    outputs
        See :data:`Outputs`. It is called with ``batch`` rows at a time, one step after the
        other, so memory is that of one gradient however many steps there are.
    words
        Input embeddings, (batch, tokens, hidden). They are not changed.
    baseline
        Where the path starts, broadcastable to ``words``: see :func:`reference_embeddings`.
    steps
        Nodes of the quadrature, each a forward and a backward pass.

    Raises
    ------
    InputError
        Fewer than one step.

    Notes
    -----
    Sundararajan et al., ICML 2017 (arXiv 1703.01365). The weights of the nodes are rounded to
    single precision in any precision of the model: relevance is exact to 1e-7 of its size.
    """
    if steps < 1:
        raise InputError(f"steps {steps}: give 1 or more")
    end = _leaf(words)
    start = _leaf(baseline.to(end).expand_as(end))
    # Steps one by one also keep the rows of the caller's mask in step with those of the words.
    relevance, gap = PathIntegral(outputs).attribute(
        end,
        baselines=start,
        n_steps=steps,
        method="gausslegendre",
        internal_batch_size=len(end),
        return_convergence_delta=True,
    )
    return IntegratedGradients(relevance.detach().sum(dim=-1), gap.detach())


@torch.inference_mode(False)
@torch.no_grad()
def reference_embeddings(model: PreTrainedModel, input_ids: Tensor) -> Tensor:
    """A baseline without information on the sequence, of the same length and layout.

    Token models: ``[CLS]``, ``[SEP]`` (``<bos>``, ``<eos>``) and ``[PAD]`` stay, every other token,
    that of an N too, becomes ``[MASK]``, which masked-language training made stand for the
    unknown, or ``[PAD]`` where the tokenizer has no ``[MASK]``. The CNN: 0.25 of each nucleotide
    at real positions; N and padding stay the zeros that they are.

    Parameters
    ----------
    model
        From :func:`dnalrp.load`: it carries its tokenizer.
    input_ids
        (batch, tokens).

    Returns
    -------
    (batch, tokens, hidden), in the precision and on the device of the model.

    Raises
    ------
    InputError
        The tokenizer has neither ``[MASK]`` nor ``[PAD]``.
    """
    embed, ids = model.get_input_embeddings(), input_ids.to(model.device)
    if model.config.model_type == RegulatoryCnnConfig.model_type:
        one_hot = embed(ids).to(model.dtype)
        return one_hot.mean(dim=-1, keepdim=True).expand_as(one_hot).clone()
    tokenizer = model.tokenizer
    filler = tokenizer.mask_token_id
    if filler is None:
        filler = tokenizer.pad_token_id
    if filler is None:
        raise InputError(
            "tokenizer: it has neither a [MASK] nor a [PAD] token to make a baseline of; "
            "add one, or pass a baseline of your own"
        )
    layout = {tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id}
    layout |= {tokenizer.bos_token_id, tokenizer.eos_token_id}
    kept = torch.tensor(sorted(layout - {None}), device=ids.device)
    return embed(torch.where(torch.isin(ids, kept), ids, filler))


def _leaf(x: Tensor) -> Tensor:
    """A copy without history that may carry a gradient, even if made in inference mode."""
    return x.detach().clone()
