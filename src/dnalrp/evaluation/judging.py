"""Apply the metrics of every axis to all maps of one model on one data set.

Values are in long form, ``method, level, map, axis, metric, id, value, chance``: one row a
sequence, map and metric. What the metrics mean, and which direction is better, is in
:data:`dnalrp.evaluation.catalogue.AXES`.
"""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.catalogue import resolve
from dnalrp.evaluation.catalogue import AXES, Axis, Metric, in_run_order
from dnalrp.evaluation.configuration import value_of
from dnalrp.evaluation.levels import Explained, Level
from dnalrp.evaluation.scores import Scores, long_form

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]


def evaluate_all(explained: Explained, model: Any, settings: Any) -> pd.DataFrame:
    """Every metric of every axis, in long form.

    Parameters
    ----------
    explained
        From :func:`dnalrp.evaluation.loading.load_explained`.
    model
        For the axes that ask it; None leaves these axes out.
    settings
        The section ``evaluate`` of the settings, or a mapping: sections by the names of the axes
        that have one.
    """
    scores: list[Scores] = []
    for axis in in_run_order():
        if model is not None or not axis.needs_model:
            scores += _scores_of(axis, explained, model, value_of(settings, axis.name))
    return long_form(scores)


def evaluate(
    name: str, explained: Explained, model: Any = None, settings: Any = None
) -> pd.DataFrame:
    """Every metric of one axis, in long form: see :func:`evaluate_all`."""
    return long_form(_scores_of(AXES.named(name), explained, model, settings))


def _scores_of(axis: Axis, explained: Explained, model: Any, settings: Any) -> list[Scores]:
    asked: list[Any] = [axis, explained]
    if axis.needs_model:
        asked.append(model)
    if axis.settings is not None:
        asked.append(axis.read_settings(settings))
    return list(resolve(axis.judge)(*asked))


def judge_maps(axis: Axis, explained: Explained) -> list[Scores]:
    """Ask every card's ``score`` of every map, at both levels; equal maps of a method once.

    Where the axis is against the truth, of the sequences with true sites, of maps that speak for
    the sequence's own class, and of the ceilings: token maps brought to nucleotides get a method
    ``ceiling``, the truth seen through their tokens.
    """
    cards = [card for card in axis.cards if card.score is not None]
    of_truth = axis.against == "truth"
    if of_truth and not explained.masks:
        log.warning("no sequence has a true site: %s is left out", axis.name)
        return []
    scores: list[Scores] = []
    for whole in explained.levels if cards else ():
        level = whole.of_true_sites() if of_truth else whole
        maps = level.evidence if of_truth else level.maps
        chances = {card.name: chance_of(card, level, decided=of_truth) for card in cards}
        judged = {
            key: score_map(cards, level, maps[key], decided=of_truth)
            for key in dict.fromkeys(level.alike[key] for key in maps)
        }
        scores += [
            level.scores(key, card, values=values[card.name], chance=chances[card.name])
            for key in maps
            for values in [judged[level.alike[key]]]
            for card in cards
            if card.name in values
        ]
    return scores


def score_map(
    cards: Sequence[Metric], level: Level, relevance: Array, *, decided: bool
) -> dict[str, Array]:
    """Scores (sequences,) of one map of a level by metric, of the metrics that apply.

    ``decided`` makes NaN of scores where no position is true, or every one.
    """
    parts: dict[str, list[Array]] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for rows, chunk in level.chunks:
            chosen = relevance[rows]
            for card in cards:
                values = None if card.score is None else resolve(card.score)(chosen, chunk)
                if values is not None:
                    kept = np.where(chunk.decided, values, np.nan) if decided else values
                    parts.setdefault(card.name, []).append(kept)
    return {name: np.concatenate(values) for name, values in parts.items()}


def chance_of(card: Metric, level: Level, *, decided: bool) -> Array:
    """What a map scores that knows nothing, (sequences,), NaN where no number can be given."""
    chance = resolve(card.chance_level)
    if not callable(chance):
        return np.full(len(level.ids), float(chance))
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [
            np.where(chunk.decided, chance(chunk), np.nan) if decided else chance(chunk)
            for _, chunk in level.chunks
        ]
    return np.concatenate(parts)
