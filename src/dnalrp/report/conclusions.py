"""What may be concluded from a run, and what may not, in sentences made from its tables."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from dnalrp.evaluation.catalogue import Metric, axis_columns, axis_of, cards, metric_of
from dnalrp.evaluation.comparison import FEW_SEEDS, is_rival
from dnalrp.evaluation.scores import where
from dnalrp.names import is_shuffled

WEAK_AUROC = 0.7


def headlines() -> list[Metric]:
    """The metrics that sentences are about: those first by which models can be compared."""
    spoken = [card for _, card in cards() if card.verb is not None]
    return sorted(spoken, key=lambda card: card.depends_on_grain)


class Conclusions(NamedTuple):
    """Sentences on what may be concluded, and on what may not."""

    may: list[str]
    may_not: list[str]


def conclude(
    performance: pd.DataFrame,
    overall: pd.DataFrame,
    comparisons: pd.DataFrame,
    controls: pd.DataFrame,
) -> Conclusions:
    """Put the tables of a run into words: ``split`` maps at nucleotides, controls left out.

    Where an axis judges one map of each method, it is that one; sentences name it where it is
    another.

    Parameters
    ----------
    performance
        ``dataset, model, split, auroc`` and others.
    overall, comparisons, controls
        From :func:`dnalrp.evaluation.summary.summarise_over_seeds`,
        :func:`dnalrp.evaluation.comparison.compare` and
        :func:`dnalrp.evaluation.controls.discriminating`.
    """
    may: list[str] = []
    may_not: list[str] = []
    for means, pairs in _tasks(overall, comparisons):
        sentences = [*_within(means, pairs)]
        card = metric_of(means["metric"].iloc[0])
        if card.between_models and not card.depends_on_grain:
            sentences += _between(means, pairs)
        for sentence, certain in sentences:
            (may if certain else may_not).append(sentence)
    seeds = int(overall["seeds"].max()) if len(overall) else 0
    return Conclusions(may, [*may_not, *_reservations(performance, controls, seeds)])


def _tasks(
    overall: pd.DataFrame, comparisons: pd.DataFrame
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Means and comparisons of every data set and headline, one by one."""
    spoken = headlines()
    judged_alone = [card.name for card in spoken if axis_of(card.name).one_map]
    means, pairs = (
        table[
            (table["level"] == "nucleotide")
            & ((table["map"] == "split") | table["metric"].isin(judged_alone))
        ]
        for table in (overall, comparisons)
    )
    rival = where(means["method"], is_rival)
    means = means[rival & ~where(means["model"], is_shuffled)]
    for dataset in means["dataset"].unique():
        for card in spoken:
            scores, verdicts = (
                table[(table["dataset"] == dataset) & (table["metric"] == card.name)]
                for table in (means, pairs)
            )
            if scores["mean"].notna().any():
                yield scores.sort_values("mean", ascending=card.better == "lower"), verdicts


def _within(means: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[tuple[str, bool]]:
    """The best method of each model against its others."""
    dataset, metric = means[["dataset", "metric"]].iloc[0]
    better = metric_of(metric).verb
    for model, scores in means.groupby("model", sort=False):
        best, *others = scores["method"]
        subject = f"{dataset}, {model}{_maps_of(scores)}"
        verdicts = {other: _verdict(pairs, (model, best), (model, other)) for other in others}
        for certain in (True, False):
            named = [other for other, pair in verdicts.items() if pair.certain == certain]
            named = [other for other in named if verdicts[other].reverse is None]
            if not named:
                continue
            objects = ", ".join(f"{other} ({verdicts[other].words})" for other in named)
            verb = f"{better} than" if certain else f"is not shown to differ ({metric}) from"
            yield f"{subject}: {best} {verb} {objects}.", certain
        for other, pair in verdicts.items():
            if pair.reverse is not None:
                yield f"{subject}: {other} {better} than {best} ({pair.reverse}).", True


def _between(means: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[tuple[str, bool]]:
    """The best methods of the models against each other."""
    dataset, metric = means[["dataset", "metric"]].iloc[0]
    better = metric_of(metric).verb
    leaders = means.drop_duplicates("model")
    subject = f"{dataset}{_maps_of(leaders)}"
    for row in range(1, len(leaders)):
        first, second = ((leaders["model"].iloc[i], leaders["method"].iloc[i]) for i in (0, row))
        pair = _verdict(pairs, first, second)
        if pair.reverse is not None:
            first, second, pair = second, first, _Pair(True, pair.reverse)
        verb = f"{better} than" if pair.certain else f"is not shown to differ ({metric}) from"
        sentence = f"{subject}: {' '.join(first)} {verb} {' '.join(second)} ({pair.words})."
        yield sentence, pair.certain


def _maps_of(means: pd.DataFrame) -> str:
    """Which maps a sentence is about, where any is another than ``split``."""
    others = sorted(set(means["map"]) - {"split"})
    return "".join(f", {name} maps" for name in others)


class _Pair(NamedTuple):
    """``reverse`` are the words for the other, where that is better for certain.

    It may be, in spite of the means: those are not of the same sequences, where some are undefined.
    """

    certain: bool
    words: str
    reverse: str | None = None


def _verdict(pairs: pd.DataFrame, better: tuple[str, str], other: tuple[str, str]) -> _Pair:
    """The comparison of two explanations, seen from the one with the better mean."""
    for (one, two), sign in (((better, other), 1), ((other, better), -1)):
        compared = pairs[
            (pairs["first_model"] == one[0])
            & (pairs["first_method"] == one[1])
            & (pairs["second_model"] == two[0])
            & (pairs["second_method"] == two[1])
        ]
        for row in compared.itertuples():
            if row.better == ("second" if sign > 0 else "first"):
                return _Pair(False, _words(row, sign), _words(row, -sign))
            return _Pair(row.better != "unclear", _words(row, sign))
    return _Pair(False, "not compared")


def _words(row: object, sign: int) -> str:
    """A comparison, seen from the first (1) or from the second (-1)."""
    low, high = sorted((sign * row.low, sign * row.high))  # type: ignore[attr-defined]
    share = row.superiority if sign > 0 else 1 - row.superiority  # type: ignore[attr-defined]
    return (
        f"{sign * row.difference:+.3f}, {low:+.3f} to {high:+.3f}, "  # type: ignore[attr-defined]
        f"better on {share:.0%} of {row.sequences} sequences"  # type: ignore[attr-defined]
    )


def _missed_chance(controls: pd.DataFrame) -> Iterator[str]:
    """Metrics whose controls do not score at chance: which, of how many, and by how much.

    In full for the maps that the sentences above are about; others are named.
    """
    if controls.empty:
        yield (
            "Nothing from the absolute value of any metric: no control was run whose score could "
            "be held against chance (the method random is one)."
        )
    missed = controls[controls["at_chance"] < controls["explanations"]]
    judged_alone = [column for column, axis in axis_columns().items() if axis.one_map]
    of_split = (missed["map"] == "split") | missed["axis"].isin(judged_alone)
    shown = (missed["level"] == "nucleotide") & of_split
    key = ["metric", "level", "map"]
    for (metric, level, projection), rows in missed[shown].groupby(key, sort=False):
        controls_that_miss = "; ".join(
            f"{row.explanations - row.at_chance} of {row.explanations} {row.control}, furthest "
            f"{row.which}: {row.mean:.3f} ({row.low:.3f} to {row.high:.3f}) where chance is "
            f"{row.chance:.3f}"
            for row in rows.itertuples()
        )
        yield (
            f"Nothing from the absolute value of {metric} (level {level}, map {projection}), nor "
            "from differences of that size between models: controls that miss chance are "
            f"{controls_that_miss}."
        )
    others = missed[~shown].drop_duplicates(["metric", "level", "map"])
    if len(others):
        names = ", ".join(f"{row.metric} ({row.level}, {row.map})" for row in others.itertuples())
        yield f"Nor from {names}: which controls miss chance there is in their table."


def _reservations(performance: pd.DataFrame, controls: pd.DataFrame, seeds: int) -> Iterator[str]:
    """What the design of the run leaves open, whatever its numbers are."""
    if seeds == 1:
        yield (
            "Nothing on other trainings: there is one seed, and all intervals are over "
            "sequences alone."
        )
    elif seeds < FEW_SEEDS:
        yield (
            f"Nothing on other trainings: what is said above is about the mean of these {seeds}, "
            "and intervals over so few are too narrow where trainings differ."
        )
    trained = performance[performance["model"] != "matrix scan"]
    test = trained[(trained["split"] == "test") & (trained["auroc"] < WEAK_AUROC)]
    test = test[~where(test["model"], is_shuffled)]
    for (dataset, model), rows in test.groupby(["dataset", "model"], sort=False):
        scores = ", ".join(f"{auroc:.3f}" for auroc in rows["auroc"])
        yield (
            f"Nothing on {dataset} from {model}: it hardly tells the classes apart (AUROC "
            f"{scores}), so its maps explain little."
        )
    yield from _missed_chance(controls)
    yield (
        "Nothing between models from raw faithfulness, in units of each model's own output; only "
        "the normalised one is compared."
    )
    yield (
        "Nothing on biology from faithfulness alone: it asks whether a map says what the model "
        "does, not whether the model is right."
    )
