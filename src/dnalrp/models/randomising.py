"""A model that knows nothing: the control by randomised parameters (Adebayo et al. 2018)."""

import copy

import torch
from transformers import PreTrainedModel


def randomised(model: PreTrainedModel, seed: int) -> PreTrainedModel:
    """A new model of the same configuration and tokenizer, all parameters initialised anew.

    They are drawn as before a training, so that the copy differs from ``model`` in what training
    gave it and in nothing else. ``model`` is left as it is; precision and device are its own.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        twin = type(model)(copy.deepcopy(model.config))
    twin.tokenizer = model.tokenizer
    return twin.to(device=model.device, dtype=model.dtype).eval()
