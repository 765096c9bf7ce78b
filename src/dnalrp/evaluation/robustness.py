"""Does a map stay where it should, and change where it must?

Everything here explains anew, so it runs on a sample. ``Explain`` is any method: a model and
sequences to relevance per nucleotide, (sequences, longest length), zero beyond the end.
"""

import copy
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel

from dnalrp.data.nucleotides import reverse_complement
from dnalrp.evaluation.similarity import comparable, spearman

Array = npt.NDArray[np.floating]
Explain = Callable[[PreTrainedModel, Sequence[str]], Array]


def reverse_complement_consistency(
    explain: Explain, model: PreTrainedModel, sequences: Sequence[str], original: Array
) -> Array:
    """Rank correlation of each map with that of the other strand, turned back, (sequences,).

    Higher is better; chance level 0. A model that reads the strands differently cannot reach 1.
    ``original`` are the maps of ``sequences`` themselves.
    """
    lengths = _lengths(sequences)
    turned = explain(model, [reverse_complement(sequence) for sequence in sequences])
    place = lengths[:, None] - 1 - np.arange(turned.shape[1])
    back = np.where(place >= 0, np.take_along_axis(turned, place.clip(min=0), axis=1), 0.0)
    return _rank_correlation(original, back, lengths)


def shift_consistency(
    explain: Explain, model: PreTrainedModel, sequences: Sequence[str], original: Array
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
        own = original[long_enough][:, 1 : 1 + shifted.shape[1]]
        result[long_enough] = _rank_correlation(own, shifted, _lengths(chosen) - 1)
    return result


def parameter_randomisation(
    explain: Explain,
    model: PreTrainedModel,
    sequences: Sequence[str],
    original: Array,
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
    lengths = _lengths(sequences)
    generator = torch.Generator().manual_seed(seed)
    depths: dict[str, Array] = {}
    for draw in range(min(draws, len(sequences))):
        own, texts = slice(draw, None, draws), sequences[draw::draws]
        for name, changed in randomised_models(model, generator):
            maps = explain(changed, texts)
            correlation = _rank_correlation(original[own, : maps.shape[1]], maps, lengths[own])
            depths.setdefault(name, np.empty(len(sequences)))[own] = np.abs(correlation)
    return depths


def size_by_chance(parts: npt.NDArray[np.integer]) -> Array:
    """Expected size of the rank correlation of two unrelated maps, by their number of parts.

    Parts are what relevance is given to: nucleotides, or a token map's tokens. Over all orders
    of n parts the correlation has mean 0 and variance 1 / (n - 1), and is close to normal.
    """
    return np.sqrt(2 / (np.pi * np.maximum(parts - 1, 1)))


def randomised_models(
    model: PreTrainedModel, generator: torch.Generator
) -> Iterator[tuple[str, PreTrainedModel]]:
    """The model, copied once, with one layer more permuted at each step, and the step's name."""
    changed = copy.deepcopy(model)
    layers = parameter_layers(changed)
    for depth, (name, parameters) in enumerate(layers.items(), start=1):
        with torch.no_grad():
            for parameter in parameters:
                order = torch.randperm(parameter.numel(), generator=generator)
                flat = parameter.flatten()[order.to(parameter.device)]
                parameter.copy_(flat.view_as(parameter))
        yield f"{depth}_{'all' if depth == len(layers) else name}", changed


def parameter_layers(model: PreTrainedModel) -> dict[str, list[torch.nn.Parameter]]:
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
