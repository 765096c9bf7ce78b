"""Apply the metrics that ask the model: faithfulness and robustness, on a sample of sequences.

Data frames are as those of :mod:`dnalrp.evaluation.judging`.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from transformers import PreTrainedModel

from dnalrp.evaluation import faithfulness, robustness
from dnalrp.evaluation.faithfulness import Curves, Subject
from dnalrp.evaluation.judging import NATIVE, Explained
from dnalrp.evaluation.metrics import Scores, long_form
from dnalrp.evaluation.orientation import oriented
from dnalrp.settings import RANDOMISED

log = logging.getLogger(__name__)

BEST = "best order"
CHANCE = {"lerf_minus_morf": 0.0, "normalised": 0.0}


def judge_faithfulness(
    explained: Explained, model: PreTrainedModel, settings: Mapping[str, Any]
) -> pd.DataFrame:
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
        return predict_tokens(model, [list(own) for own in tokens], progress="faithfulness, masks")

    chosen = _sample(explained, settings)
    scores = _nucleotide_faithfulness(explained, chosen, settings, logits)
    mask = model.tokenizer.mask_token_id
    if mask is not None and any(how == NATIVE for _, how in explained.tokens):
        ids = model.tokenizer([explained.sequences[i] for i in chosen])["input_ids"]
        scores += _token_faithfulness(explained, chosen, settings, ids, mask, token_logits)
    seconds = time.perf_counter() - start
    log.info(
        "faithfulness: %d different variants of %d sequences in %.1f s, %.0f a second",
        *(sum(counts), len(chosen), seconds, sum(counts) / seconds),
    )
    return long_form(scores)


def _sample(explained: Explained, settings: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    """Rows of a seeded sample of ``sequences``, in random order."""
    rng = np.random.default_rng(settings["seed"])
    return rng.permutation(len(explained.ids))[: settings["sequences"]]


def _nucleotide_faithfulness(
    explained: Explained,
    chosen: npt.NDArray[np.int64],
    settings: Mapping[str, Any],
    predict: Any,
) -> list[Scores]:
    called, signs = _called(explained, chosen)
    subject = faithfulness.nucleotide_subject(
        *(predict, [explained.ids[i] for i in chosen], [explained.sequences[i] for i in chosen]),
        called,
    )
    draws, seed = settings["draws"], settings["seed"]
    if settings["filler"] == "background":
        frequencies = _base_frequencies(explained.sequences)
        fillers = faithfulness.background(subject, frequencies, draws, seed)
    else:
        fillers = faithfulness.dinucleotide_shuffles(subject, draws, seed)
    part = subject.part(settings["range_sequences"])
    others = faithfulness.substitutions(part, settings["substitutions"], seed)
    known, wanted = explained.nucleotides, settings["map"]
    hows = {
        method: wanted if (method, wanted) in known else "split"
        for method, how in known
        if how == "split"
    }
    maps = {
        method: oriented(method, known[method, how].relevance[chosen], signs)
        for method, how in hows.items()
    }
    hows[BEST] = wanted if wanted in hows.values() else "split"
    return _faithful(subject, fillers, maps, part, others, settings, "nucleotide", hows)


def _token_faithfulness(
    explained: Explained,
    chosen: npt.NDArray[np.int64],
    settings: Mapping[str, Any],
    tokens: Sequence[Sequence[int]],
    mask: int,
    predict: Any,
) -> list[Scores]:
    called, signs = _called(explained, chosen)
    real = [explained.token_spans[i][:, 1] > 0 for i in chosen]
    ids = [explained.ids[i] for i in chosen]
    subject = faithfulness.token_subject(predict, ids, tokens, real, called)
    part = subject.part(settings["range_sequences"])
    maps = {
        method: oriented(method, own.relevance[chosen], signs)
        for (method, how), own in explained.tokens.items()
        if how == NATIVE
    }
    fillers, others = faithfulness.masks(subject, mask), faithfulness.masks(part, mask)
    hows = dict.fromkeys((*maps, BEST), NATIVE)
    return _faithful(subject, fillers, maps, part, others, settings, "token", hows)


def _called(
    explained: Explained, chosen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Class that the model calls, and the sign in which relevance speaks for it.

    Of two classes relevance explains the second, of more the one called.
    """
    logits = explained.logits[chosen]
    called = logits.argmax(axis=1)
    return called, np.where((logits.shape[1] == 2) & (called == 0), -1, 1)


def _faithful(
    subject: Subject,
    fillers: Sequence[npt.NDArray[np.integer]],
    maps: dict[str, npt.NDArray[np.floating]],
    part: Subject,
    substitutes: Sequence[npt.NDArray[np.integer]],
    settings: Mapping[str, Any],
    level: str,
    hows: Mapping[str, str],
) -> list[Scores]:
    """Scores of all maps; the best order found is judged beside them where it is looked for.

    ``hows`` says which map of each method it is.
    """
    if part.rows:
        maps = maps | {BEST: faithfulness.single_effects(part, substitutes)}
    curves = faithfulness.replacement_curves(
        subject, fillers, maps, settings["shares"], settings["seed"]
    )
    best = curves.pop(BEST).area() if part.rows else np.empty(0)

    def scored(
        method: str, metric: str, ids: Sequence[str], values: npt.NDArray[np.floating]
    ) -> Scores:
        chance = CHANCE.get(metric, np.nan)
        return Scores(method, level, hows[method], "faithfulness", metric, ids, values, chance)

    scores = [
        scored(method, metric, subject.ids, values)
        for method, own in curves.items()
        for metric, values in _curve_scores(own).items()
    ]
    ranges = {
        method: faithfulness.normalised(own.area()[: len(best)], best)
        for method, own in curves.items()
    }
    scores += [
        scored(method, "normalised", part.ids, values)
        for method, values in ranges.items()
        if part.rows
    ]
    if part.rows:
        undefined = np.isnan(next(iter(ranges.values()))).sum() if ranges else 0
        if undefined:
            log.info("%s: no range on %d of %d sequences", level, undefined, len(best))
        scores.append(scored(BEST, "lerf_minus_morf", part.ids, best))
    return scores


def _curve_scores(curves: Curves) -> dict[str, npt.NDArray[np.floating]]:
    return {
        "lerf_minus_morf": curves.area(),
        "comprehensiveness": curves.comprehensiveness(),
        "sufficiency": curves.sufficiency(),
        "morf_output": curves.most_first.mean(axis=1),
        "lerf_output": curves.least_first.mean(axis=1),
    }


def _base_frequencies(sequences: Sequence[str]) -> list[float]:
    text = "".join(sequences)
    counts = np.array([text.count(letter) for letter in "ACGT"], dtype=float)
    return list(counts / counts.sum())


def judge_robustness(
    explained: Explained, model: PreTrainedModel, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Maps of a sample under changes that should do nothing, and under some that must do much.

    Reverse complement and shift by one nucleotide, for every method; parameters randomised from
    the classifier down in several ``draws``, for all but ``random``, which no parameter touches.
    ``split`` maps of a seeded sample of ``sequences`` are held against those of inputs and models
    so changed, explained anew; methods on a randomised model are left out.
    """
    start, explanations = time.perf_counter(), 0
    chosen = _sample(explained, settings)
    scores: list[Scores] = []
    for method in explained.attributions if len(chosen) else ():
        if not method.endswith(RANDOMISED):
            own = _robust(explained, model, method, chosen, settings)
            scores += own
            explanations += len(own) * len(chosen)
    log.info(
        "robustness: %d explanations of %d sequences in %.1f s",
        *(explanations, len(chosen), time.perf_counter() - start),
    )
    return long_form(scores)


def _anew(
    arguments: tuple[robustness.Explain, PreTrainedModel, Sequence[str], npt.NDArray],
    settings: Mapping[str, Any],
    of_the_model: bool,
) -> dict[str, npt.NDArray[np.floating]]:
    """Every metric of maps made anew, by name; parameters matter to maps ``of_the_model`` alone."""
    found = {
        "reverse_complement": robustness.reverse_complement_consistency(*arguments),
        "shift": robustness.shift_consistency(*arguments),
    }
    if of_the_model:
        sampling = settings["seed"], settings["draws"]
        depths = robustness.parameter_randomisation(*arguments, *sampling)
        found |= {f"randomised_{depth}": scores for depth, scores in depths.items()}
    return found


def _robust(
    explained: Explained,
    model: PreTrainedModel,
    method: str,
    chosen: npt.NDArray[np.int64],
    settings: Mapping[str, Any],
) -> list[Scores]:
    """Scores of one method, one for each way in which the sequences are explained anew.

    Of more than two classes, that which was called stays explained, whatever is called then.
    """
    from dnalrp.attribution.explanation import explain

    stored = explained.attributions[method]
    made = stored.provenance.get("settings", {})
    options = {"alibi": made.get("alibi", "absorb")}
    if method == "lrp":
        options["layer_rules"] = made.get("layer_rules")
    texts = [explained.sequences[i] for i in chosen]
    original = explained.nucleotides[method, "split"].relevance[chosen, : max(map(len, texts))]
    logits = explained.logits[chosen]
    called = logits.argmax(axis=1) if logits.shape[1] > 2 else np.full(len(chosen), -1)
    values: dict[str, npt.NDArray[np.floating]] = {}
    for label in np.unique(called):
        own = np.flatnonzero(called == label)
        target = None if label < 0 else int(label)

        def maps(
            changed: PreTrainedModel, texts: Sequence[str], target: int | None = target
        ) -> npt.NDArray[np.float32]:
            made = explain(changed, texts, method, target=target, progress=False, **options)
            return made.nucleotides()

        part = [texts[i] for i in own]
        arguments = (maps, model, part, original[own, : max(map(len, part))])
        for metric, scores in _anew(arguments, settings, method != "random").items():
            values.setdefault(metric, np.full(len(chosen), np.nan))[own] = scores
    parts = np.array([np.count_nonzero(stored.spans[i][:, 1]) for i in chosen])
    chances = dict.fromkeys(values, robustness.size_by_chance(parts))
    chances |= dict.fromkeys(("reverse_complement", "shift"), np.zeros(len(chosen)))
    ids = [explained.ids[i] for i in chosen]
    return [
        Scores(method, "nucleotide", "split", "robustness", metric, ids, own, chances[metric])
        for metric, own in values.items()
    ]
