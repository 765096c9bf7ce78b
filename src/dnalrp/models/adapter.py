"""Low-rank adapters: fine-tune a few parameters, then fold them into the weights.

LoRA, Hu et al., ICLR 2022 (arXiv 2106.09685): a linear layer W gets W + alpha / rank * B A, with
A (rank, in) random and B (out, rank) zero at first; only A and B are trained.
"""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel

from dnalrp.errors import InputError
from dnalrp.models.training_settings import Adapter


def with_adapter(model: PreTrainedModel, settings: Adapter, seed: int) -> PeftModel:
    """Put an adapter on every linear layer of the encoder; all else but the classifier is frozen.

    The encoder is what the architecture's ``base_model_prefix`` names. In DNABERT-2 that is
    ``Wqkv``, ``gated_layers``, ``wo`` and each ``dense``, the pooler's included: in the published
    checkpoint it is new, and must not stay random. What lies outside (the classifier) is trained
    whole. The model is changed in place; :func:`merge_adapter` makes it plain again.

    Raises
    ------
    InputError
        The model has no encoder with linear layers.
    """
    encoder = model.base_model
    if encoder is model:
        raise InputError(
            f"adapter: {type(model).__name__} has no encoder to adapt; set 'adapter: null'"
        )
    prefix = model.base_model_prefix
    layers = [
        f"{prefix}.{name}"
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Linear)
    ]
    whole = [
        name
        for name, child in model.named_children()
        if child is not encoder and any(True for _ in child.parameters())
    ]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=layers,
            modules_to_save=whole,
        )
        return get_peft_model(model, config)


def merge_adapter(adapted: PeftModel) -> PreTrainedModel:
    """The model that was adapted, its adapter folded into the weights, all of it trainable."""
    return adapted.merge_and_unload(safe_merge=True).requires_grad_(True)
