"""Explain sequences: one call for every method, model and target."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from dnalrp.attribution import encoders, tables
from dnalrp.attribution.baselines import BASELINES, Baseline, Batch
from dnalrp.attribution.convolution import LayerRules
from dnalrp.attribution.maps import LEDGER_TERMS, RelevanceMaps
from dnalrp.attribution.rules import ALIBI_READINGS, Accounts, per_sequence
from dnalrp.attribution.tables import RuleTable
from dnalrp.attribution.targets import MaskedToken, Objective, Target, objective_of
from dnalrp.data.nucleotides import checked_sequence
from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig
from dnalrp.models.dnabert2 import DnaBert2Config
from dnalrp.models.prediction import check_positions, length_batches, padded_batch
from dnalrp.models.tokenizer import encode

_ENCODER_TABLES: dict[str, Callable[[str, LayerRules], RuleTable]] = {
    "attnlrp": lambda alibi, layer_rules: encoders.attnlrp(),
    "cp_lrp": lambda alibi, layer_rules: encoders.cp_lrp(),
    "gradient_x_input": lambda alibi, layer_rules: tables.GRADIENT,
}
TABLES: dict[str, dict[str, Callable[[str, LayerRules], RuleTable]]] = {
    DnaBert2Config.model_type: {
        "attnlrp": lambda alibi, layer_rules: tables.attnlrp(alibi),
        "cp_lrp": lambda alibi, layer_rules: tables.cp_lrp(),
        "gradient_x_input": lambda alibi, layer_rules: tables.GRADIENT,
    },
    RegulatoryCnnConfig.model_type: {
        "lrp": lambda alibi, layer_rules: tables.convolutional_lrp(layer_rules),
        "gradient_x_input": lambda alibi, layer_rules: tables.GRADIENT,
    },
    "bert": _ENCODER_TABLES,
    "esm": _ENCODER_TABLES,
    "modernbert": _ENCODER_TABLES,
}
LEDGER_METHODS = ("attnlrp", "cp_lrp", "lrp")


class RelevanceBatch(NamedTuple):
    """Maps of some of the sequences: ``indices`` say which; else as :class:`RelevanceMaps`."""

    indices: list[int]
    relevance: list[npt.NDArray[np.floating]]
    spans: list[npt.NDArray[np.int64]]
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    ledger: pd.DataFrame | None
    layer_ledger: pd.DataFrame | None
    positional: npt.NDArray[np.floating] | None
    gap: npt.NDArray[np.float64] | None


def methods(model: PreTrainedModel) -> tuple[str, ...]:
    """Names of the methods that explain this kind of model."""
    return (*_tables_of(model), *_baselines_of(model))


def _tables_of(
    model: PreTrainedModel,
) -> dict[str, Callable[[str, LayerRules], RuleTable]]:
    kind = model.config.model_type
    if kind not in TABLES:
        raise InputError(f"a {kind!r} model cannot be explained; known are {', '.join(TABLES)}")
    return TABLES[kind]


def _baselines_of(model: PreTrainedModel) -> dict[str, Callable[[Batch], Baseline]]:
    return BASELINES[model.config.model_type]


def explain(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str = "attnlrp",
    target: Target | MaskedToken | int | str | None = None,
    batch_size: int = 64,
    device: str | torch.device | None = None,
    alibi: str = "absorb",
    progress: bool = True,
    positional: bool = False,
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
        ``attnlrp`` and ``cp_lrp`` (DNABERT-2, BERT, ESM, ModernBERT), ``lrp`` (CNN),
        ``gradient_x_input``, or one of :data:`~dnalrp.attribution.baselines.BASELINES`; ``random``
        is standard normal noise, the control, which depends on the sequence only.
    target
        Class, by number or name, whose margin over the other, or the highest of the others, is
        explained. By default class 1 of two, the predicted class of more. A
        :class:`~dnalrp.attribution.targets.Target` chooses its logit or probability instead, a
        :class:`~dnalrp.attribution.targets.MaskedToken` a token of a masked-language model.
    batch_size
        Sequences a batch; memory is bounded by it.
    device
        Where to compute; by default where the model is.
    alibi
        Reading of the ALiBi bias in ``attnlrp``: ``absorb``, ``identity`` or ``uniform``.
    progress
        Show a bar with the rate.
    positional
        Keep ALiBi's relevance by head and distance too (``attnlrp`` on DNABERT-2).
    layer_rules
        Rules of single layers in ``lrp``, by name: see
        :func:`dnalrp.attribution.tables.convolutional_lrp`.

    Raises
    ------
    InputError
        No sequences, one that is empty or too long for the model, other characters than ACGTN, a
        tokenizer that does not spell them, a method, rule or target that does not fit the model,
        or outputs that are not finite.
    """
    options = (batch_size, device, alibi, progress, positional, layer_rules)
    batches = list(iterate_relevance(*(model, sequences, method, target, *options)))
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
        positional=_joined(batches, order) if positional else None,
        gap=None if batches[0].gap is None else np.concatenate([b.gap for b in batches])[order],
    )


def _joined(batches: Sequence[RelevanceBatch], order: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Positional relevance of all batches in the order given, padded to the longest."""
    parts = [batch.positional for batch in batches if batch.positional is not None]
    longest = max(part.shape[-1] for part in parts)
    padded = [np.pad(p, [(0, 0)] * 3 + [(0, longest - p.shape[-1])]) for p in parts]
    return np.concatenate(padded)[order]


def iterate_relevance(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str = "attnlrp",
    target: Target | MaskedToken | int | str | None = None,
    batch_size: int = 64,
    device: str | torch.device | None = None,
    alibi: str = "absorb",
    progress: bool = True,
    positional: bool = False,
    layer_rules: LayerRules = None,
    barred: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> Iterator[RelevanceBatch]:
    """Like :func:`explain`, one batch at a time, longest sequences first: for writing a stream.

    ``barred`` are junctions that no token may span: see :func:`dnalrp.models.tokenizer.encode`.
    """
    if batch_size < 1:
        raise InputError(f"batch_size {batch_size}: give 1 or more")
    if isinstance(sequences, str):
        raise InputError("sequences is one string; give a list of sequences, even of one")
    if not len(sequences):
        raise InputError("no sequences to explain; give at least one")
    checked = [checked_sequence(s, f"sequence {i}") for i, s in enumerate(sequences)]
    table = rule_table(model, method, alibi, layer_rules)
    if positional and (method, model.config.model_type) != ("attnlrp", DnaBert2Config.model_type):
        raise InputError(
            f"method {method!r} has no positional relevance here; use 'attnlrp' on a DNABERT-2"
        )
    ids, spans = encode(model.tokenizer, checked, barred)
    check_positions(model, ids)
    objective = objective_of(model, target, ids, spans)
    lengths = [len(ids) for ids in objective.tokens]
    bar = tqdm(total=len(checked), desc=method, unit="seq", disable=not progress)
    with bar, (table or tables.GRADIENT).on(model) as ruled:
        ruled.accounts.by_distance = positional
        twin = ruled.model if device is None else _moved(ruled.model, device)
        for indices in length_batches(lengths, batch_size):
            if table is None:
                texts, own_spans = [checked[i] for i in indices], [spans[i] for i in indices]
                batch = _baseline_batch(Batch(twin, objective, indices, texts, own_spans), method)
            else:
                batch = _gradient_batch(model, twin, ruled.accounts, objective, indices)
            _check_finite(batch.outputs, indices)
            own_spans = batch.spans or [spans[i] for i in indices]
            yield _numbered(batch, indices, own_spans, with_ledger=method in LEDGER_METHODS)
            bar.update(len(indices))


def _check_finite(outputs: npt.NDArray[np.float64], indices: list[int]) -> None:
    if not np.isfinite(outputs).all():
        worst = indices[int(np.flatnonzero(~np.isfinite(outputs))[0])]
        raise InputError(
            f"the output of sequence {worst} is {outputs[~np.isfinite(outputs)][0]}: "
            "the model holds NaN or infinite weights, or overflows; use another checkpoint or "
            "model.float()"
        )


def rule_table(
    model: PreTrainedModel, method: str, alibi: str = "absorb", layer_rules: LayerRules = None
) -> RuleTable | None:
    """Table of rules of a method for a model; None for a method that has none.

    Raises
    ------
    InputError
        The method or a rule does not fit the model.
    """
    if alibi not in ALIBI_READINGS:
        raise InputError(f"alibi {alibi!r}: choose one of {', '.join(ALIBI_READINGS)}")
    if layer_rules and method != "lrp":
        raise InputError(f"layer_rules with method {method!r}: they are for 'lrp', leave them out")
    known = _tables_of(model)
    if method in _baselines_of(model):
        return None
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
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    kept: dict[tuple[str, str], npt.NDArray[np.float64]]
    positional: npt.NDArray[np.floating] | None = None
    gap: npt.NDArray[np.float64] | None = None
    spans: list[npt.NDArray[np.int64]] | None = None


@torch.inference_mode(False)
@torch.enable_grad()
def _gradient_batch(
    model: PreTrainedModel,
    twin: Any,
    accounts: Accounts,
    objective: Objective,
    indices: list[int],
) -> _Unnumbered:
    """Input times gradient at the input embeddings, under the rules that the twin carries."""
    tokens = [objective.tokens[i] for i in indices]
    batch = {name: value.to(twin.device) for name, value in padded_batch(model, tokens).items()}
    logits = objective.logits(twin(**batch).logits, indices)
    outputs = objective.outputs(logits, indices)
    words, watched = accounts.words, accounts.watched
    assert words is not None
    gradient, *others = torch.autograd.grad(outputs.sum(), [words, *(w[2] for w in watched)])
    for (place, term, constant), g in zip(watched, others, strict=True):
        accounts.enter(place, term, per_sequence(constant.detach() * g))
    at_least_single = torch.promote_types(words.dtype, torch.float32)
    relevance = (words.detach() * gradient).sum(dim=-1, dtype=at_least_single).cpu().numpy()
    # the backward pass enters the last layer first
    by_layer = [accounts.distances[place] for place in sorted(accounts.distances, key=_layer)]
    positional = torch.stack(by_layer, dim=1).cpu().numpy() if by_layer else None
    kept = {key: value.cpu().numpy() for key, value in accounts.close().items()}
    return _Unnumbered(
        [relevance[row, : len(ids)] for row, ids in enumerate(tokens)],
        logits.detach().double().cpu().numpy(),
        outputs.detach().double().cpu().numpy(),
        kept,
        positional,
    )


def _layer(place: str) -> int:
    """Number of the encoder layer that a module's name begins with."""
    return int(place.split("layer.")[1].split(".")[0])


def _baseline_batch(batch: Batch, method: str) -> _Unnumbered:
    """A batch by a method that is no table of rules."""
    result = _baselines_of(batch.twin)[method](batch)
    with torch.no_grad():
        raw = batch.twin(**batch.padded()).logits
        logits = batch.objective.logits(raw, batch.indices)
        outputs = batch.objective.outputs(logits, batch.indices)
    return _Unnumbered(
        relevance=result.relevance,
        logits=logits.double().cpu().numpy(),
        outputs=outputs.double().cpu().numpy(),
        kept={},
        gap=result.gap,
        spans=result.spans,
    )


def _numbered(
    batch: _Unnumbered, indices: list[int], spans: list[npt.NDArray[np.int64]], with_ledger: bool
) -> RelevanceBatch:
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
        )
        others = sorted(set(ledger.columns) - set(LEDGER_TERMS))
        ledger = ledger.reindex(columns=[*LEDGER_TERMS, *others], fill_value=0.0)
    return RelevanceBatch(
        *(indices, batch.relevance, spans, batch.logits, batch.outputs),
        *(ledger, layers, batch.positional, batch.gap),
    )
