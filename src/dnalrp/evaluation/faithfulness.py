"""Ask the model whether it does what the maps say: faithfulness, on a sample of sequences."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.catalogue import resolve
from dnalrp.evaluation import replacement
from dnalrp.evaluation.axes.faithfulness import FaithfulnessSettings, lerf_minus_morf
from dnalrp.evaluation.catalogue import Axis, Metric
from dnalrp.evaluation.levels import NUCLEOTIDE, TOKEN, Explained
from dnalrp.evaluation.orientation import oriented
from dnalrp.evaluation.replacement import Curves, Letters, Subject
from dnalrp.evaluation.sampling import sampled_rows
from dnalrp.evaluation.scores import Scores
from dnalrp.names import BEST_ORDER, NATIVE

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]


def judge(
    axis: Axis, explained: Explained, model: Any, settings: FaithfulnessSettings
) -> list[Scores]:
    """Output while the most and the least relevant parts are replaced, for each method.

    What is followed is the margin of the class that the model calls; relevance is oriented
    alike, where the method has a sign. A seeded sample of ``sequences`` is judged, the same for
    every method; the model's own range is found on the first ``range_sequences`` of it. At the
    level of nucleotides the maps named by ``map`` order the nucleotides, of a method that has
    none its ``split``: rows say which. At the level of tokens, for a model with a mask token,
    native maps order its tokens.
    """
    from dnalrp.models.prediction import predict, predict_tokens

    start, counts = time.perf_counter(), []

    def logits(sequences: list[str]) -> npt.NDArray[np.float64]:
        counts.append(len(sequences))
        return predict(model, sequences, progress="faithfulness")

    def token_logits(tokens: list[tuple[int, ...]]) -> npt.NDArray[np.float64]:
        counts.append(len(tokens))
        return predict_tokens(model, [list(ids) for ids in tokens], progress="faithfulness, masks")

    rows = sampled_rows(explained, settings.sequences, settings.seed)
    scores = [*_scored(axis, _on_nucleotides(explained, rows, settings, logits), settings)]
    mask = model.tokenizer.mask_token_id
    if mask is not None and any(projection == NATIVE for _, projection in explained.tokens):
        trial = _on_tokens(
            explained, rows, settings, tokenizer=model.tokenizer, predict=token_logits
        )
        scores += _scored(axis, trial, settings)
    seconds = time.perf_counter() - start
    log.info(
        "faithfulness: %d different variants of %d sequences in %.1f s, %.0f a second",
        sum(counts),
        len(rows),
        seconds,
        sum(counts) / seconds,
    )
    return scores


class _Trial(NamedTuple):
    """What is replaced, by what, in which orders.

    ``maps`` are oriented so that the followed output should fall when positive relevance is
    removed, by method; ``projections`` say which map of each method it is. ``part`` are the
    sequences on which the best order is looked for, ``substitutes`` what parts are replaced by
    in that search.
    """

    level: str
    subject: Subject
    fillers: Sequence[Letters]
    maps: Mapping[str, Array]
    projections: Mapping[str, str]
    part: Subject
    substitutes: Sequence[Letters]


def _on_nucleotides(
    explained: Explained, rows: Integers, settings: FaithfulnessSettings, predict: Any
) -> _Trial:
    called, signs = _called(explained, rows)
    ids, texts = ([of[i] for i in rows] for of in (explained.ids, explained.sequences))
    subject = replacement.nucleotide_subject(predict, ids, texts, called)
    draws, seed = settings.draws, settings.seed
    if settings.filler == "background":
        frequencies = _base_frequencies(explained.sequences)
        fillers = replacement.background(subject, frequencies, draws, seed)
    else:
        fillers = replacement.dinucleotide_shuffles(subject, draws, seed)
    part = subject.part(settings.range_sequences)
    stored, wanted = explained.nucleotide_level.maps, settings.map
    judged = {
        method: wanted if (method, wanted) in stored else "split"
        for method, projection in stored
        if projection == "split"
    }
    return _Trial(
        level=NUCLEOTIDE,
        subject=subject,
        fillers=fillers,
        maps={
            method: oriented(method, stored[method, projection][rows], signs)
            for method, projection in judged.items()
        },
        projections=judged | {BEST_ORDER: wanted if wanted in judged.values() else "split"},
        part=part,
        substitutes=replacement.substitutions(part, settings.substitutions, seed),
    )


def _on_tokens(
    explained: Explained,
    rows: Integers,
    settings: FaithfulnessSettings,
    *,
    tokenizer: Any,
    predict: Any,
) -> _Trial:
    called, signs = _called(explained, rows)
    real = [explained.token_spans[i][:, 1] > 0 for i in rows]
    tokens = tokenizer([explained.sequences[i] for i in rows])["input_ids"]
    ids = [explained.ids[i] for i in rows]
    subject = replacement.token_subject(predict, ids, tokens, real=real, called=called)
    part = subject.part(settings.range_sequences)
    maps = {
        method: oriented(method, relevance[rows], signs)
        for (method, projection), relevance in explained.token_level.maps.items()
        if projection == NATIVE
    }
    return _Trial(
        level=TOKEN,
        subject=subject,
        fillers=replacement.masks(subject, tokenizer.mask_token_id),
        maps=maps,
        projections=dict.fromkeys((*maps, BEST_ORDER), NATIVE),
        part=part,
        substitutes=replacement.masks(part, tokenizer.mask_token_id),
    )


def _called(explained: Explained, rows: Integers) -> tuple[Integers, Integers]:
    """Class that the model calls, and the sign in which relevance speaks for it.

    Of two classes relevance explains the second, of more the one called.
    """
    logits = explained.logits[rows]
    called = logits.argmax(axis=1)
    return called, np.where((logits.shape[1] == 2) & (called == 0), -1, 1)


def _base_frequencies(sequences: Sequence[str]) -> list[float]:
    text = "".join(sequences)
    counts = np.array([text.count(letter) for letter in "ACGT"], dtype=float)
    return list(counts / counts.sum())


def _scored(axis: Axis, trial: _Trial, settings: FaithfulnessSettings) -> Iterator[Scores]:
    """Scores of all maps; the best order is judged beside them where it is looked for."""
    maps = dict(trial.maps)
    if trial.part.rows:
        maps[BEST_ORDER] = replacement.single_effects(trial.part, trial.substitutes)
    curves = replacement.replacement_curves(
        trial.subject, trial.fillers, maps, shares=settings.shares, seed=settings.seed
    )
    best = curves.pop(BEST_ORDER, None)
    cards = {card.name: card for card in axis.cards}
    for method, measured in curves.items():
        for card in cards.values():
            if card.score is not None:
                values = resolve(card.score)(measured)
                yield _scores(trial, method, card, values)
    if best is not None:
        yield from _in_range(trial, cards, curves, best)


def _in_range(
    trial: _Trial, cards: Mapping[str, Metric], curves: Mapping[str, Curves], best: Curves
) -> Iterator[Scores]:
    """Areas in the model's own range, and the best order's own area."""
    most = lerf_minus_morf(best)
    areas = {method: lerf_minus_morf(measured)[: len(most)] for method, measured in curves.items()}
    ranges = {method: replacement.normalised(area, most) for method, area in areas.items()}
    for method, values in ranges.items():
        yield _scores(trial, method, cards["normalised"], values)
    undefined = np.isnan(next(iter(ranges.values()))).sum() if ranges else 0
    if undefined:
        log.info("%s: no range on %d of %d sequences", trial.level, undefined, len(most))
    yield _scores(trial, BEST_ORDER, cards["lerf_minus_morf"], most)


def _scores(trial: _Trial, method: str, card: Metric, values: Array) -> Scores:
    return Scores(
        method=method,
        level=trial.level,
        map=trial.projections[method],
        axis=card.axis,
        metric=card.name,
        ids=trial.subject.ids[: len(values)],
        values=values,
        chance=card.chance_number,
    )
