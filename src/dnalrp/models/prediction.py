"""Sequences to outputs: how everything but training and gradients sees a model."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from dnalrp.errors import InputError
from dnalrp.models.tokenizer import token_ids

TOKENISED_AT_ONCE = 4096  # sequences: what a tokenizer says of each takes far more than its ids
MOST_ATTENTION_BYTES = 4 * 2**30
MAX_TOKENS = 16_384  # of a batch: long sequences come in smaller ones, so that memory is bounded


def length_batches(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Indices of sequences in batches of similar length, longest first.

    A batch holds at most ``batch_size`` sequences and, if it holds several, at most MAX_TOKENS
    tokens, padding included.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    start = 0
    while start < len(order):
        longest = max(lengths[order[start]], 1)
        size = max(1, min(batch_size, MAX_TOKENS // longest))
        yield order[start : start + size]
        start += size


def margin(logits: Tensor, target: int | None) -> Tensor:
    """Logit of the target class minus the highest other logit, (batch,).

    ``target`` None is class 1 of two, and the predicted class of more.
    """
    labels = logits.shape[-1]
    if target is None and labels > 2:
        first, second = logits.topk(2, dim=-1).values.unbind(-1)
        return first - second
    chosen = 1 if target is None else target
    if not 0 <= chosen < labels:
        raise InputError(f"target {target} does not exist: the model has classes 0 to {labels - 1}")
    others = torch.cat([logits[:, :chosen], logits[:, chosen + 1 :]], dim=-1)
    return logits[:, chosen] - others.amax(dim=-1)


def check_positions(model: PreTrainedModel, tokens: Sequence[Sequence[int]]) -> None:
    """Refuse sequences that the model cannot read: too long for its positions or for memory.

    Attention is dense, so that its memory grows with the square of the tokens; the matrices of
    one layer may take MOST_ATTENTION_BYTES for one sequence.

    Raises
    ------
    InputError
        A sequence is too long; the message names the first.
    """
    heads = getattr(model.config, "num_attention_heads", 0)
    for number, ids in enumerate(tokens):
        needed = 4 * heads * len(ids) ** 2
        if needed > MOST_ATTENTION_BYTES:
            raise InputError(
                f"sequence {number}: has {len(ids)} tokens, whose attention would take "
                f"{needed / 2**30:.0f} GiB in every layer; give windows of at most "
                f"{math.isqrt(MOST_ATTENTION_BYTES // (4 * heads))} tokens"
            )
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # where padding has a row, as in ESM, positions start behind it
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            limit = module.num_embeddings - reserved
            for number, ids in enumerate(tokens):
                if len(ids) > limit:
                    raise InputError(
                        f"sequence {number}: has {len(ids)} tokens but the model positions for "
                        f"{limit}; shorten it"
                    )


def predict(
    model: PreTrainedModel,
    sequences: Sequence[str],
    batch_size: int = 256,
    progress: str | None = None,
) -> npt.NDArray[np.float64]:
    """Logits of every sequence, (sequences, labels), in the order given.

    ``progress`` names a progress bar. The model is used as it is: in evaluation mode, on the
    device it is on. Batches hold sequences of similar length, so that padding costs little.

    Raises
    ------
    InputError
        A sequence is too long or too short for the model.
    """
    tokens: list[list[int]] = []
    for start in range(0, len(sequences), TOKENISED_AT_ONCE):
        block = list(sequences[start : start + TOKENISED_AT_ONCE])
        tokens += token_ids(model.tokenizer, block)
    return predict_tokens(model, tokens, batch_size, progress)


@torch.no_grad()
def predict_tokens(
    model: PreTrainedModel,
    tokens: Sequence[Sequence[int]],
    batch_size: int = 256,
    progress: str | None = None,
) -> npt.NDArray[np.float64]:
    """Like :func:`predict`, of sequences that are token ids already, special tokens included."""
    check_positions(model, tokens)
    lengths = [len(ids) for ids in tokens]
    logits = np.empty((len(tokens), model.config.num_labels))
    with tqdm(total=len(tokens), desc=progress, unit="seq", disable=progress is None) as bar:
        for indices in length_batches(lengths, batch_size):
            batch = padded_batch(model, [tokens[index] for index in indices])
            logits[indices] = model(**batch).logits.double().cpu().numpy()
            bar.update(len(indices))
    return logits


def prediction_table(
    sequences: pd.DataFrame, logits: npt.NDArray[np.float64], several: bool = False
) -> pd.DataFrame:
    """Predictions with all that is known: ``id, label, split, predicted, margin, logit_0, ...``.

    ``predicted`` is the class of the highest logit and ``margin`` what is explained by default:
    class 1 over class 0, of more classes the called one over the next. Where ``several`` labels
    may be on at once, ``predicted`` lists those with a logit above zero, as in ``0;3``, and there
    is no margin.
    """
    table = sequences[["id", "label", "split"]].reset_index(drop=True)
    if several:
        on = [np.flatnonzero(row > 0) for row in logits]
        table["predicted"] = [";".join(map(str, called)) for called in on]
    else:
        table["predicted"] = logits.argmax(axis=1)
        table["margin"] = margin(torch.from_numpy(logits), None).numpy()
    return table.assign(**{f"logit_{k}": logits[:, k] for k in range(logits.shape[1])})


def padded_batch(model: PreTrainedModel, tokens: Sequence[Sequence[int]]) -> dict[str, Tensor]:
    """Token ids of unequal length as ``input_ids`` and ``attention_mask`` on the model's device."""
    # by hand: the tokenizer's own padding took a tenth of a compact model's prediction
    ids = np.full((len(tokens), max(map(len, tokens))), model.tokenizer.pad_token_id)
    mask = np.zeros_like(ids)
    for row, row_ids in enumerate(tokens):
        ids[row, : len(row_ids)] = row_ids
        mask[row, : len(row_ids)] = 1
    batch = {"input_ids": ids, "attention_mask": mask}
    return {name: torch.from_numpy(values).to(model.device) for name, values in batch.items()}
