"""Gradients at the word embeddings of any model: what methods that take them share.

They see a model as a closure from input embeddings to the explained outputs, so that mask and
target are the caller's affair and every model and composite will do.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from transformers import PreTrainedModel

from dnalrp.catalogue import resolve
from dnalrp.models.catalogue import architecture_of

Outputs = Callable[[Tensor], Tensor]
"""Input embeddings (batch, tokens, hidden) to the explained outputs (batch,)."""


@torch.inference_mode(False)
@torch.no_grad()
def reference_embeddings(model: PreTrainedModel, input_ids: Tensor) -> Tensor:
    """A baseline without information on the sequence, of the same length and layout.

    Token models: every token becomes ``[MASK]``, those that open, close and pad stay. The CNN:
    0.25 of each nucleotide at real positions; N and padding stay the zeros that they are. What it
    is, the model's :class:`~dnalrp.models.architecture.Architecture` says.

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
    reference: Tensor = resolve(architecture_of(model).reference)(model, input_ids)
    return reference


def leaf(x: Tensor) -> Tensor:
    """A copy without history that may carry a gradient, even if made in inference mode."""
    return x.detach().clone()
