"""Explain sequences: one call for every method, model and target."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from dnalrp.attribution import tables
from dnalrp.attribution.convolution import LayerRule
from dnalrp.attribution.maps import LEDGER_TERMS, RelevanceMaps
from dnalrp.attribution.rules import ALIBI_READINGS, Accounts, per_sequence
from dnalrp.attribution.tables import RuleTable
from dnalrp.data.nucleotides import checked_sequence
from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig
from dnalrp.models.dnabert2 import DnaBert2Config
from dnalrp.models.prediction import length_batches, margin, padded_batch, predict

LayerRules = Mapping[str, LayerRule] | None

TABLES: dict[str, dict[str, Callable[[str, LayerRules], RuleTable]]] = {
    DnaBert2Config.model_type: {
        "attnlrp": lambda alibi, layer_rules: tables.attnlrp(alibi),
        "gradient_x_input": lambda alibi, layer_rules: tables.GRADIENT,
    },
    RegulatoryCnnConfig.model_type: {
        "lrp": lambda alibi, layer_rules: tables.convolutional_lrp(layer_rules),
        "gradient_x_input": lambda alibi, layer_rules: tables.GRADIENT,
    },
}
LEDGER_METHODS = ("attnlrp", "lrp")
RANDOM = "random"


class RelevanceBatch(NamedTuple):
    """Maps of some of the sequences: ``indices`` say which; else as :class:`RelevanceMaps`."""

    indices: list[int]
    relevance: list[npt.NDArray[np.floating]]
    spans: list[npt.NDArray[np.int64]]
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    ledger: pd.DataFrame | None
    layer_ledger: pd.DataFrame | None


def methods(model: PreTrainedModel) -> tuple[str, ...]:
    """Names of the methods that explain this kind of model."""
    return (*TABLES[model.config.model_type], RANDOM)


def explain(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str = "attnlrp",
    target: int | None = None,
    batch_size: int = 64,
    device: str | torch.device | None = None,
    alibi: str = "absorb",
    progress: bool = True,
    layer_rules: LayerRules = None,
) -> RelevanceMaps:
    """Explain what a model makes of sequences.

    Order, batch size and padding do not change a result. The model is left as it was: its
    device, its mode, its parameters and their gradients.

    Parameters
    ----------
    model
        From :func:`dnalrp.load`. ``model.double()`` gives the exact mode.
    sequences
        Upper or lower case, of any length.
    method
        ``attnlrp`` (DNABERT-2), ``lrp`` (CNN), ``gradient_x_input``, or ``random``: standard
        normal noise, the control, which depends on the sequence only.
    target
        Class whose margin over the other, or the highest of the others, is explained. By
        default class 1 of two, the predicted class of more.
    batch_size
        Sequences a batch; memory is bounded by it.
    device
        Where to compute; by default where the model is.
    alibi
        Reading of the ALiBi bias in ``attnlrp``: ``absorb``, ``identity`` or ``uniform``.
    progress
        Show a bar with the rate.
    layer_rules
        Rules of single layers in ``lrp``, by name: see
        :func:`dnalrp.attribution.tables.convolutional_lrp`.

    Raises
    ------
    InputError
        No sequences, other characters than ACGTN, or a method or a rule that does not fit the
        model.
    """
    batches = list(
        iterate_relevance(
            model, sequences, method, target, batch_size, device, alibi, progress, layer_rules
        )
    )
    order = np.argsort(np.concatenate([batch.indices for batch in batches]))
    relevance = [r for batch in batches for r in batch.relevance]
    spans = [s for batch in batches for s in batch.spans]
    ledger = layer_ledger = None
    if batches[0].ledger is not None:
        ledger = pd.concat([batch.ledger for batch in batches]).sort_index()
        layer_ledger = pd.concat([batch.layer_ledger for batch in batches], ignore_index=True)
        layer_ledger = layer_ledger.sort_values("sequence", kind="stable", ignore_index=True)
    return RelevanceMaps(
        method=method,
        sequences=[sequence.upper() for sequence in sequences],
        relevance=[relevance[i] for i in order],
        spans=[spans[i] for i in order],
        logits=np.concatenate([batch.logits for batch in batches])[order],
        outputs=np.concatenate([batch.outputs for batch in batches])[order],
        ledger=ledger,
        layer_ledger=layer_ledger,
    )


def iterate_relevance(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str = "attnlrp",
    target: int | None = None,
    batch_size: int = 64,
    device: str | torch.device | None = None,
    alibi: str = "absorb",
    progress: bool = True,
    layer_rules: LayerRules = None,
) -> Iterator[RelevanceBatch]:
    """Like :func:`explain`, one batch at a time, longest sequences first: for writing a stream."""
    if batch_size < 1:
        raise InputError(f"batch_size {batch_size}: give 1 or more")
    if isinstance(sequences, str):
        raise InputError("sequences is one string; give a list of sequences, even of one")
    if not len(sequences):
        raise InputError("no sequences to explain; give at least one")
    checked = [checked_sequence(s, f"sequence {i}") for i, s in enumerate(sequences)]
    table = _table(model, method, alibi, layer_rules)
    encoded = model.tokenizer(checked, return_offsets_mapping=True)
    lengths = [len(ids) for ids in encoded["input_ids"]]
    bar = tqdm(total=len(checked), desc=method, unit="seq", disable=not progress)
    with bar, (table or tables.GRADIENT).on(model) as ruled:
        twin = ruled.model if device is None else _moved(ruled.model, device)
        for indices in length_batches(lengths, batch_size):
            spans = [np.array(encoded["offset_mapping"][i], dtype=np.int64) for i in indices]
            if table is None:
                batch = _random_batch(twin, [checked[i] for i in indices], target, spans)
            else:
                tokens = [encoded["input_ids"][i] for i in indices]
                batch = _gradient_batch(model, twin, ruled.accounts, tokens, target, spans)
            yield _numbered(batch, indices, with_ledger=method in LEDGER_METHODS)
            bar.update(len(indices))


def _table(
    model: PreTrainedModel, method: str, alibi: str, layer_rules: LayerRules
) -> RuleTable | None:
    if alibi not in ALIBI_READINGS:
        raise InputError(f"alibi {alibi!r}: choose one of {', '.join(ALIBI_READINGS)}")
    if layer_rules and method != "lrp":
        raise InputError(f"layer_rules with method {method!r}: they are for 'lrp', leave them out")
    if method == RANDOM:
        return None
    known = TABLES[model.config.model_type]
    if method not in known:
        raise InputError(
            f"method {method!r} does not explain a {model.config.model_type}; "
            f"choose one of {', '.join(methods(model))}"
        )
    return known[method](alibi, layer_rules)


def _moved(twin: Any, device: str | torch.device) -> Any:
    """The twin on another device; its tensors are detached copies, so the model stays."""
    for module in twin.modules():
        for group in (module._parameters, module._buffers):
            for name, tensor in group.items():
                if tensor is not None:
                    group[name] = tensor.to(device)
    return twin


class _Unnumbered(NamedTuple):
    relevance: list[npt.NDArray[np.floating]]
    spans: list[npt.NDArray[np.int64]]
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    kept: dict[tuple[str, str], npt.NDArray[np.float64]]


@torch.inference_mode(False)
@torch.enable_grad()
def _gradient_batch(
    model: PreTrainedModel,
    twin: Any,
    accounts: Accounts,
    tokens: list[list[int]],
    target: int | None,
    spans: list[npt.NDArray[np.int64]],
) -> _Unnumbered:
    """Input times gradient at the input embeddings, under the rules that the twin carries."""
    batch = padded_batch(model, tokens)
    words = model.get_input_embeddings()(batch["input_ids"]).detach()
    words = words.to(device=twin.device, dtype=twin.dtype).requires_grad_()
    mask = batch["attention_mask"].to(twin.device)
    logits = twin(inputs_embeds=words, attention_mask=mask).logits
    outputs = margin(logits, target)
    watched = accounts.watched
    gradient, *others = torch.autograd.grad(outputs.sum(), [words, *(w[2] for w in watched)])
    for (place, term, constant), g in zip(watched, others, strict=True):
        accounts.enter(place, term, per_sequence(constant.detach() * g))
    relevance = (words.detach() * gradient).sum(dim=-1).cpu().numpy()
    kept = {key: value.cpu().numpy() for key, value in accounts.close().items()}
    return _Unnumbered(
        [relevance[row, : len(ids)] for row, ids in enumerate(tokens)],
        spans,
        logits.detach().double().cpu().numpy(),
        outputs.detach().double().cpu().numpy(),
        kept,
    )


def _random_batch(
    twin: Any,
    sequences: list[str],
    target: int | None,
    spans: list[npt.NDArray[np.int64]],
) -> _Unnumbered:
    """Noise seeded by the sequence alone, so that order and batches do not change it."""
    logits = predict(twin, sequences)
    outputs = margin(torch.from_numpy(logits), target).numpy()
    relevance: list[npt.NDArray[np.floating]] = [
        np.random.default_rng(crc32(s.encode())).standard_normal(len(own)).astype(np.float32)
        for s, own in zip(sequences, spans, strict=True)
    ]
    return _Unnumbered(relevance, spans, logits, outputs, {})


def _numbered(batch: _Unnumbered, indices: list[int], with_ledger: bool) -> RelevanceBatch:
    ledger = layers = None
    if with_ledger:
        words = np.array([relevance.sum(dtype=np.float64) for relevance in batch.relevance])
        kept = {("words", "words"): words} | batch.kept
        layers = pd.DataFrame(
            [
                (index, place, term, values[row])
                for (place, term), values in kept.items()
                for row, index in enumerate(indices)
            ],
            columns=["sequence", "place", "term", "relevance"],
        )
        ledger = layers.pivot_table(
            index="sequence", columns="term", values="relevance", aggfunc="sum"
        ).reindex(columns=list(LEDGER_TERMS), fill_value=0.0)
    return RelevanceBatch(
        indices, batch.relevance, batch.spans, batch.logits, batch.outputs, ledger, layers
    )
