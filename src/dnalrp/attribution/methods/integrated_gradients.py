"""Integrated gradients: shares in the change of the output from an input that says nothing."""

from typing import NamedTuple

import torch
from captum.attr import IntegratedGradients as PathIntegral
from torch import Tensor

from dnalrp.attribution.batch import Batch, BatchRelevance
from dnalrp.attribution.gradients import Outputs, leaf, reference_embeddings
from dnalrp.attribution.options import IntegratedGradientsOptions
from dnalrp.errors import InputError


def relevance(batch: Batch, options: IntegratedGradientsOptions) -> BatchRelevance:
    """From ``[MASK]`` (tokens) or equal nucleotides (CNN); the gap is reported."""
    baseline = reference_embeddings(batch.twin, batch.padded()["input_ids"])
    result = integrated_gradients(batch.outputs, batch.words(), baseline, options.steps)
    return BatchRelevance(batch.cut(result.relevance), result.gap.double().cpu().numpy())


class IntegratedGradients(NamedTuple):
    """Relevance (batch, tokens) and the completeness gap (batch,), in units of the output.

    ``gap`` is the sum of the relevance minus (output at the words - output at the baseline): the
    error of the numerical integral, which more steps reduce.
    """

    relevance: Tensor
    gap: Tensor


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
        See :data:`~dnalrp.attribution.gradients.Outputs`. It is called with ``batch`` rows at a
        time, one step after the other, so memory is that of one gradient however many there are.
    words
        Input embeddings, (batch, tokens, hidden). They are not changed.
    baseline
        Where the path starts, broadcastable to ``words``: see
        :func:`~dnalrp.attribution.gradients.reference_embeddings`.
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
    end = leaf(words)
    start = leaf(baseline.to(end).expand_as(end))
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
