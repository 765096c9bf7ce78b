"""Explain sequences: one call for every method, model and target."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from dnalrp.attribution.batch import Batch, BatchRelevance
from dnalrp.attribution.catalogue import (
    METHODS,
    Choice,
    Method,
    methods_of,
    options_of,
)
from dnalrp.attribution.composites import GRADIENT, Composite
from dnalrp.attribution.encoders.kit import encoder_rules
from dnalrp.attribution.ledger import Entries, layer_ledger, ledger_of
from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.options import Options
from dnalrp.attribution.rules import Accounts, per_sequence
from dnalrp.attribution.targets import MaskedToken, Target, objective_of
from dnalrp.catalogue import resolve
from dnalrp.data.nucleotides import checked_sequence
from dnalrp.errors import InputError
from dnalrp.models.architecture import Architecture
from dnalrp.models.catalogue import architecture_of
from dnalrp.models.prediction import check_positions, length_batches
from dnalrp.models.tokenizer import encode
from dnalrp.names import base_method
from dnalrp.notices import positional_until_next_release

AnyTarget = Target | MaskedToken | int | str | None
ONCE_POSITIONAL = ("batch_size", "device", "alibi", "progress", "positional", "layer_rules")


def methods(model: PreTrainedModel) -> tuple[str, ...]:
    """Names of the methods that explain this kind of model."""
    return methods_of(architecture_of(model))


@positional_until_next_release(4, ONCE_POSITIONAL)
def explain(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str | Choice = "attnlrp",
    target: AnyTarget = None,
    *,
    batch_size: int = 64,
    device: str | torch.device | None = None,
    progress: bool = True,
    positional: bool = False,
    **options: Any,
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
        Of :data:`dnalrp.attribution.catalogue.METHODS`: ``attnlrp`` and ``cp_lrp`` (DNABERT-2,
        BERT, ESM, ModernBERT), ``lrp`` (CNN), ``gradient_x_input`` and others; ``random`` is
        standard normal noise, the control, which depends on the sequence only.
    target
        Class, by number or name, whose margin over the other, or the highest of the others, is
        explained. By default class 1 of two, the predicted class of more. A
        :class:`~dnalrp.attribution.targets.Target` chooses its logit or probability instead, a
        :class:`~dnalrp.attribution.targets.MaskedToken` a token of a masked-language model.
    batch_size
        Sequences a batch; memory is bounded by it.
    device
        Where to compute; by default where the model is.
    progress
        Show a bar with the rate.
    positional
        Keep ALiBi's relevance by head and distance too (``attnlrp`` on DNABERT-2).
    options
        The method's own, such as ``alibi="identity"`` of ``attnlrp``, ``layer_rules`` of ``lrp``
        or ``steps`` of ``integrated_gradients``: see :mod:`dnalrp.attribution.options`.

    Raises
    ------
    InputError
        No sequences, one that is empty or too long for the model, other characters than ACGTN, a
        tokenizer that does not spell them, a method, option or target that does not fit the
        model, or outputs that are not finite.
    """
    batches = list(
        iterate_relevance(
            model,
            sequences,
            method,
            target,
            batch_size=batch_size,
            device=device,
            progress=progress,
            positional=positional,
            **options,
        )
    )
    maps = _joined(batches, positional)
    return maps.changed(sequences=[sequence.upper() for sequence in sequences])


def _joined(batches: Sequence[RelevanceMaps], positional: bool) -> RelevanceMaps:
    """All batches as one, in the order in which the sequences were given."""
    first = batches[0]
    order = np.argsort(np.concatenate([batch.rows for batch in batches]))
    relevance = [values for batch in batches for values in batch.relevance]
    spans = [spans for batch in batches for spans in batch.spans]
    names = [name for batch in batches for name in batch.ids]
    ledger = layers = gap = None
    if first.ledger is not None:
        ledger = pd.concat([batch.ledger for batch in batches]).sort_index()
        layers = pd.concat([batch.layer_ledger for batch in batches], ignore_index=True)
        layers = layers.sort_values("sequence", kind="stable", ignore_index=True)
    if first.gap is not None:
        gap = np.concatenate([batch.gap for batch in batches])[order]
    return first.changed(
        ids=[names[i] for i in order] if names else (),
        rows=np.arange(len(order)),
        lengths=np.concatenate([batch.lengths for batch in batches])[order],
        relevance=[relevance[i] for i in order],
        spans=[spans[i] for i in order],
        logits=np.concatenate([batch.logits for batch in batches])[order],
        outputs=np.concatenate([batch.outputs for batch in batches])[order],
        ledger=ledger,
        layer_ledger=layers,
        positional=_joined_distances(batches, order) if positional else None,
        gap=gap,
    )


def _joined_distances(
    batches: Sequence[RelevanceMaps], order: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Positional relevance of all batches in the order given, padded to the longest."""
    parts = [batch.positional for batch in batches if batch.positional is not None]
    longest = max(part.shape[-1] for part in parts)
    padded = [np.pad(p, [(0, 0)] * 3 + [(0, longest - p.shape[-1])]) for p in parts]
    return np.concatenate(padded)[order]


@positional_until_next_release(4, (*ONCE_POSITIONAL, "barred"))
def iterate_relevance(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str | Choice = "attnlrp",
    target: AnyTarget = None,
    *,
    batch_size: int = 64,
    device: str | torch.device | None = None,
    progress: bool = True,
    positional: bool = False,
    ids: Sequence[str] = (),
    barred: Sequence[npt.NDArray[np.bool_]] | None = None,
    **options: Any,
) -> Iterator[RelevanceMaps]:
    """Like :func:`explain`, one batch at a time, longest sequences first: for writing a stream.

    ``rows`` of a batch say which of the sequences it holds. ``ids`` name the sequences, as files
    need it. ``barred`` are junctions that no token may span: see
    :func:`dnalrp.models.tokenizer.encode`.
    """
    if batch_size < 1:
        raise InputError(f"batch_size {batch_size}: give 1 or more")
    if isinstance(sequences, str):
        raise InputError("sequences is one string; give a list of sequences, even of one")
    if not len(sequences):
        raise InputError("no sequences to explain; give at least one")
    if len(ids) not in (0, len(sequences)):
        raise InputError(f"ids: {len(ids)} names of {len(sequences)} sequences; give one for each")
    checked = [checked_sequence(s, f"sequence {i}") for i, s in enumerate(sequences)]
    asked = _asked(model, method, options)
    if positional and not keeps_distances(model, asked.method.name):
        raise InputError(
            f"method {asked.method.name!r} has no positional relevance here; "
            "use 'attnlrp' on a DNABERT-2"
        )
    tokens, spans = encode(model.tokenizer, checked, barred)
    check_positions(model, tokens)
    objective = objective_of(model, target, tokens, spans)
    lengths = [len(ids) for ids in objective.tokens]
    bar = tqdm(total=len(checked), desc=asked.method.name, unit="seq", disable=not progress)
    with bar, (asked.composite or GRADIENT).on(model) as ruled:
        ruled.accounts.by_distance = positional
        twin = ruled.model if device is None else _moved(ruled.model, device)
        for indices in length_batches(lengths, batch_size):
            texts, token_spans = [checked[i] for i in indices], [spans[i] for i in indices]
            batch = Batch(twin, objective, indices, texts, token_spans)
            answer = _answer(batch, asked, ruled.accounts)
            _check_finite(answer.outputs, indices)
            yield _maps(answer, batch, asked.method, ids)
            bar.update(len(indices))


class _Asked(NamedTuple):
    """A method ready for a model: its composite, or None where it is a function of a batch."""

    method: Method
    options: Options
    composite: Composite | None


def _asked(model: PreTrainedModel, method: str | Choice, given: dict[str, Any]) -> _Asked:
    architecture = architecture_of(model)
    given = dict(given)
    if isinstance(method, Choice):
        chosen = _explaining(architecture, base_method(method.method))
        given = {
            name: getattr(method.options, name) for name in method.options.model_fields_set
        } | given
    else:
        chosen = _explaining(architecture, method)
    if "alibi" in given and "alibi" not in chosen.options.model_fields:
        # calls give it whatever the method; a reading that does not exist is a mistake all the same
        options_of(METHODS["attnlrp"], {"alibi": given.pop("alibi")})
    if not given.get("layer_rules", True):
        del given["layer_rules"]
    options = options_of(chosen, given)
    composite = None
    if chosen.composite is not None:
        composite = resolve(chosen.composite)(architecture, options)
    return _Asked(chosen, options, composite)


def _explaining(architecture: Architecture, name: str) -> Method:
    """The method of a name, refused where it does not explain models of this architecture."""
    known = methods_of(architecture)
    if name not in known:
        raise InputError(
            f"method {name!r} does not explain a {architecture.name}; "
            f"choose one of {', '.join(known)}"
        )
    return METHODS[name]


def keeps_distances(model: PreTrainedModel, method: str) -> bool:
    """Can a method keep ALiBi's relevance by head and distance on this model?"""
    architecture = architecture_of(model)
    chosen = METHODS[base_method(method)]
    return chosen.positional and chosen.explains(architecture) and encoder_rules(architecture).alibi


def composite_of(model: PreTrainedModel, method: str, **options: Any) -> Composite | None:
    """Composite of a method for a model; None for a method that is a function of a batch.

    Raises
    ------
    InputError
        The method or an option does not fit the model.
    """
    return _asked(model, method, options).composite


def _check_finite(outputs: npt.NDArray[np.float64], indices: list[int]) -> None:
    if not np.isfinite(outputs).all():
        worst = indices[int(np.flatnonzero(~np.isfinite(outputs))[0])]
        raise InputError(
            f"the output of sequence {worst} is {outputs[~np.isfinite(outputs)][0]}: "
            "the model holds NaN or infinite weights, or overflows; use another checkpoint or "
            "model.float()"
        )


def _moved(twin: Any, device: str | torch.device) -> Any:
    """The twin on another device; its tensors are detached copies, so the model stays."""
    for module in twin.modules():
        for group in (module._parameters, module._buffers):
            for name, tensor in group.items():
                if tensor is not None:
                    group[name] = tensor.to(device)
    return twin


class _Answer(NamedTuple):
    """Of a batch: its relevance, logits and outputs, what modules kept, ALiBi by distance."""

    relevance: BatchRelevance
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    kept: Entries
    positional: npt.NDArray[np.floating] | None = None


def _answer(batch: Batch, asked: _Asked, accounts: Accounts) -> _Answer:
    """A batch by whichever kind of method it is."""
    if asked.composite is not None:
        return _gradient_batch(batch, accounts)
    relevance: BatchRelevance = resolve(asked.method.relevance)(batch, asked.options)
    with torch.no_grad():
        logits = batch.objective.logits(batch.twin(**batch.padded()).logits, batch.indices)
        outputs = batch.objective.outputs(logits, batch.indices)
    return _Answer(relevance, logits.double().cpu().numpy(), outputs.double().cpu().numpy(), {})


@torch.inference_mode(False)
@torch.enable_grad()
def _gradient_batch(batch: Batch, accounts: Accounts) -> _Answer:
    """Input times gradient at the input embeddings, under the rules that the twin carries."""
    objective, indices = batch.objective, batch.indices
    logits = objective.logits(batch.twin(**batch.padded()).logits, indices)
    outputs = objective.outputs(logits, indices)
    words, watched = accounts.words, accounts.watched
    assert words is not None
    gradient, *others = torch.autograd.grad(outputs.sum(), [words, *(w[2] for w in watched)])
    for (name, term, constant), g in zip(watched, others, strict=True):
        accounts.enter(name, term, per_sequence(constant.detach() * g))
    at_least_single = torch.promote_types(words.dtype, torch.float32)
    relevance = (words.detach() * gradient).sum(dim=-1, dtype=at_least_single)
    # the backward pass enters the last layer first
    by_layer = [accounts.distances[name] for name in sorted(accounts.distances, key=_layer)]
    positional = torch.stack(by_layer, dim=1).cpu().numpy() if by_layer else None
    kept = {key: value.cpu().numpy() for key, value in accounts.close().items()}
    return _Answer(
        BatchRelevance(batch.cut(relevance)),
        logits.detach().double().cpu().numpy(),
        outputs.detach().double().cpu().numpy(),
        kept,
        positional,
    )


def _layer(name: str) -> int:
    """Number of the encoder layer that a module's name begins with."""
    return int(name.split("layer.")[1].split(".")[0])


def _maps(answer: _Answer, batch: Batch, method: Method, ids: Sequence[str]) -> RelevanceMaps:
    """The record of a batch."""
    rows = np.array(batch.indices, dtype=np.int64)
    relevance, gap, spans = answer.relevance
    layers = None
    if method.ledger:
        words = np.array([values.sum(dtype=np.float64) for values in relevance])
        layers = layer_ledger(rows, {("words", "words"): words, **answer.kept})
    return RelevanceMaps(
        method=method.name,
        sequences=batch.sequences,
        ids=[ids[row] for row in rows] if len(ids) else (),
        rows=rows,
        lengths=np.array([len(sequence) for sequence in batch.sequences], dtype=np.int64),
        relevance=relevance,
        spans=spans or batch.spans,
        logits=answer.logits,
        outputs=answer.outputs,
        ledger=None if layers is None else ledger_of(layers).loc[rows],
        layer_ledger=layers,
        positional=answer.positional,
        gap=gap,
    )
