"""Explain sequences and models anew that were changed: robustness, on a sample of sequences.

``Explain`` is any method: a model and sequences to relevance per nucleotide, (sequences, longest
length), zero beyond the end.
"""

import copy
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.catalogue import resolve
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.evaluation.axes.robustness import RobustnessSettings
from dnalrp.evaluation.axes.similarity import comparable, spearman
from dnalrp.evaluation.catalogue import Axis
from dnalrp.evaluation.levels import NUCLEOTIDE, Explained
from dnalrp.evaluation.sampling import sampled_rows
from dnalrp.evaluation.scores import Scores
from dnalrp.names import is_randomised

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Explain = Callable[["PreTrainedModel", Sequence[str]], Array]
PERMUTED = "permuted_"
"""Begins the names of the metrics of permuted parameters; their depth follows."""


def judge(
    axis: Axis, explained: Explained, model: Any, settings: RobustnessSettings
) -> list[Scores]:
    """Maps of a sample under changes that should do nothing, and under some that must do much.

    Every card's ``score`` for every method; parameters permuted from the classifier down in
    several ``draws``, for all methods that read the model. ``split`` maps of a
    seeded sample of ``sequences`` are held against those of inputs and models so changed,
    explained anew; methods on a model with new random parameters are left out.
    """
    start, explanations = time.perf_counter(), 0
    rows = sampled_rows(explained, settings.sequences, settings.seed)
    scores: list[Scores] = []
    for method in explained.attributions if len(rows) else ():
        if not is_randomised(method):
            task = _Task(model, method, rows, settings)
            values = _made_anew(axis, explained, task)
            scores += _scores(axis, explained, task, values)
            explanations += len(values) * len(rows)
    seconds = time.perf_counter() - start
    log.info(
        "robustness: %d explanations of %d sequences in %.1f s", explanations, len(rows), seconds
    )
    return scores


class _Task(NamedTuple):
    """One method on one model, and what of it is explained anew."""

    model: Any
    method: str
    rows: Integers
    settings: RobustnessSettings


def _made_anew(axis: Axis, explained: Explained, task: _Task) -> dict[str, Array]:
    """Every metric of one method by name, (rows,) each, as its sequences are explained anew.

    Of more than two classes, that which was called stays explained, whatever is called then.
    """
    options = stored_options(explained.attributions[task.method], task.method)
    texts = [explained.sequences[i] for i in task.rows]
    original = explained.nucleotide_level.maps[task.method, "split"][task.rows]
    logits = explained.logits[task.rows]
    called = logits.argmax(axis=1) if logits.shape[1] > 2 else np.full(len(texts), -1)
    values: dict[str, Array] = {}
    for label in np.unique(called):
        chosen = np.flatnonzero(called == label)
        maps = _explaining(task.method, None if label < 0 else int(label), options)
        part = [texts[i] for i in chosen]
        case = (maps, task.model, part, original[chosen, : max(map(len, part))])
        scores = {
            card.name: resolve(card.score)(*case) for card in axis.cards if card.score is not None
        }
        if _reads_model(task.method):
            depths = permuted_parameters(*case, seed=task.settings.seed, draws=task.settings.draws)
            scores |= {f"{PERMUTED}{depth}": sizes for depth, sizes in depths.items()}
        for metric, scored in scores.items():
            values.setdefault(metric, np.full(len(texts), np.nan))[chosen] = scored
    return values


def _reads_model(method: str) -> bool:
    """Does a method ask the model? Noise does not: no parameter touches it."""
    from dnalrp.attribution.catalogue import METHODS

    return method not in METHODS or METHODS[method].reads_model


def _explaining(method: str, target: int | None, options: Mapping[str, Any]) -> Explain:
    """A method as a function of model and sequences."""
    from dnalrp.attribution import explanation

    def maps(model: "PreTrainedModel", texts: Sequence[str]) -> Array:
        made = explanation.explain(model, texts, method, target=target, progress=False, **options)
        return made.nucleotides()

    return maps


def stored_options(maps: RelevanceMaps, method: str) -> dict[str, Any]:
    """Options of its method that maps from a file were made with, as its provenance says.

    Files of earlier versions say what was set for all methods, of which some is each one's.
    """
    from dnalrp.attribution.catalogue import METHODS

    made = maps.provenance.get("settings", {})
    if "options" in made:
        return dict(made["options"])
    known = METHODS[method].options.model_fields if method in METHODS else {}
    return {
        name: made[name] for name in ("alibi", "layer_rules") if name in known and made.get(name)
    }


def _scores(
    axis: Axis, explained: Explained, task: _Task, values: Mapping[str, Array]
) -> Iterator[Scores]:
    spans = explained.attributions[task.method].spans
    parts = np.array([np.count_nonzero(spans[i][:, 1]) for i in task.rows])
    for metric, scored in values.items():
        yield Scores(
            method=task.method,
            level=NUCLEOTIDE,
            map="split",
            axis=axis.name,
            metric=metric,
            ids=[explained.ids[i] for i in task.rows],
            values=scored,
            chance=size_by_chance(parts) if metric.startswith(PERMUTED) else _chance(axis, metric),
        )


def _chance(axis: Axis, metric: str) -> float:
    return next(card.chance_number for card in axis.cards if card.name == metric)


def reverse_complement_consistency(
    explain: Explain, model: "PreTrainedModel", sequences: Sequence[str], original: Array
) -> Array:
    """Rank correlation of each map with that of the other strand, turned back, (sequences,).

    Higher is better; chance level 0. A model that reads the strands differently cannot reach 1.
    ``original`` are the maps of ``sequences`` themselves.
    """
    lengths = _lengths(sequences)
    turned = explain(model, [reverse_complement(sequence) for sequence in sequences])
    mirror = lengths[:, None] - 1 - np.arange(turned.shape[1])
    back = np.where(mirror >= 0, np.take_along_axis(turned, mirror.clip(min=0), axis=1), 0.0)
    return _rank_correlation(original, back, lengths)


def shift_consistency(
    explain: Explain, model: "PreTrainedModel", sequences: Sequence[str], original: Array
) -> Array:
    """Rank correlation of each map with that of the sequence without its first nucleotide.

    (sequences,); higher is better; chance level 0. One nucleotide less changes hardly anything
    that a model may go by, but may change many tokens. NaN for a sequence of one or two.
    """
    long_enough = np.array([len(sequence) > 2 for sequence in sequences])
    result = np.full(len(sequences), np.nan)
    chosen = [sequence for sequence in sequences if len(sequence) > 2]
    if chosen:
        shifted = explain(model, [sequence[1:] for sequence in chosen])
        rest = original[long_enough][:, 1 : 1 + shifted.shape[1]]
        result[long_enough] = _rank_correlation(rest, shifted, _lengths(chosen) - 1)
    return result


def permuted_parameters(
    explain: Explain,
    model: "PreTrainedModel",
    sequences: Sequence[str],
    original: Array,
    *,
    seed: int,
    draws: int = 4,
) -> dict[str, Array]:
    """Size of each map's rank correlation with that of a model without what it learned, by depth.

    Cascading from the classifier down: the first depth permutes its parameters, the next those of
    the layer before it too, and so on to the embeddings, where nothing is left as it was. It must
    fall to :func:`size_by_chance`: a map that stays is one of the sequence, not of the model. A
    tensor's values are permuted, so that their distribution, and with it the scale of the
    outputs, stays. Adebayo et al., NeurIPS 2018 (arXiv 1810.03292).

    It is the size, since one permuted layer often turns the sign of a whole map, which then
    looks the same and correlates by nearly -1. One draw of permutations says little of others, so
    the sequences are dealt to ``draws`` of them, at no further cost.

    Returns
    -------
    (sequences,) by depth: ``1_classifier`` to, for the whole model, ``{depths}_all``.
    """
    import torch

    lengths = _lengths(sequences)
    generator = torch.Generator().manual_seed(seed)
    depths: dict[str, Array] = {}
    for draw in range(min(draws, len(sequences))):
        dealt, texts = slice(draw, None, draws), sequences[draw::draws]
        for name, changed in permuted_models(model, generator):
            maps = explain(changed, texts)
            correlation = _rank_correlation(original[dealt, : maps.shape[1]], maps, lengths[dealt])
            depths.setdefault(name, np.empty(len(sequences)))[dealt] = np.abs(correlation)
    return depths


def size_by_chance(parts: npt.NDArray[np.integer]) -> Array:
    """Expected size of the rank correlation of two unrelated maps, by their number of parts.

    Parts are what relevance is given to: nucleotides, or a token map's tokens. Over all orders
    of n parts the correlation has mean 0 and variance 1 / (n - 1), and is close to normal.
    """
    return np.sqrt(2 / (np.pi * np.maximum(parts - 1, 1)))


def permuted_models(
    model: "PreTrainedModel", generator: "torch.Generator"
) -> Iterator[tuple[str, "PreTrainedModel"]]:
    """The model, copied once, with one layer more permuted at each step, and the step's name."""
    import torch

    changed = copy.deepcopy(model)
    layers = parameter_layers(changed)
    for depth, (name, parameters) in enumerate(layers.items(), start=1):
        with torch.no_grad():
            for parameter in parameters:
                order = torch.randperm(parameter.numel(), generator=generator)
                flat = parameter.flatten()[order.to(parameter.device)]
                parameter.copy_(flat.view_as(parameter))
        yield f"{depth}_{'all' if depth == len(layers) else name}", changed


def parameter_layers(model: "PreTrainedModel") -> dict[str, list["torch.nn.Parameter"]]:
    """Parameters by layer, from the output down: ``classifier``, ..., ``bert.embeddings``.

    Layers are modules of the first two levels, or numbered ones below, in the order in which the
    model declares them, which is that of its computation.
    """
    layers: dict[str, list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        module = name.rpartition(".")[0]
        numbered = re.match(r".*?\.\d+(?=\.|$)", module)
        layer = numbered.group() if numbered else ".".join(module.split(".")[:2])
        layers.setdefault(layer, []).append(parameter)
    return dict(reversed(layers.items()))


def _lengths(sequences: Sequence[str]) -> npt.NDArray[np.int64]:
    return np.array([len(sequence) for sequence in sequences], dtype=np.int64)


def _rank_correlation(first: Array, second: Array, lengths: npt.NDArray[np.int64]) -> Array:
    return spearman(comparable(first, lengths), comparable(second, lengths))
