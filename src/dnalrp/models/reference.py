"""Inputs that say nothing, where a path of integrated gradients begins."""

import torch
from torch import Tensor
from transformers import PreTrainedModel

from dnalrp.errors import InputError


def masked_tokens(model: PreTrainedModel, input_ids: Tensor) -> Tensor:
    """Embeddings of the same layout with every token hidden behind ``[MASK]``, or ``[PAD]``.

    Tokens that open, close and pad a sequence stay.

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
    ids, tokenizer = input_ids.to(model.device), model.tokenizer
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
    return model.get_input_embeddings()(torch.where(torch.isin(ids, kept), ids, filler))


def even_nucleotides(model: PreTrainedModel, input_ids: Tensor) -> Tensor:
    """A quarter of each nucleotide at every position that holds one, (batch, length, 4)."""
    one_hot = model.get_input_embeddings()(input_ids.to(model.device)).to(model.dtype)
    return one_hot.mean(dim=-1, keepdim=True).expand_as(one_hot).clone()
