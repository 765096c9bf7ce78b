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

    The model's :class:`~dnalrp.models.architecture.Architecture` says what it is: see
    :mod:`dnalrp.models.reference`. ``input_ids`` are (batch, tokens), the result is (batch,
    tokens, hidden).
    """
    reference: Tensor = resolve(architecture_of(model).reference)(model, input_ids)
    return reference


def leaf(x: Tensor) -> Tensor:
    """A copy without history that may carry a gradient, even if made in inference mode."""
    return x.detach().clone()
