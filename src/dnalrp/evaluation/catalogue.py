"""What explanations are judged by: axes, and the metrics of each, declared once.

An axis is a file of :mod:`dnalrp.evaluation.axes` and an entry of :data:`AXES`; a metric is a card
(:class:`Metric`) in its axis's file. Tables, comparisons, controls, figures and sentences of the
report read the cards. This module imports neither numpy nor torch.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from dnalrp.catalogue import Catalogue, resolve
from dnalrp.errors import InputError
from dnalrp.section import Section

OF_CEILING = "_of_ceiling"
"""Ends the name of a metric that is told as a share of what the tokens allow."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a metric measures and how to read it: its card.

    Attributes
    ----------
    name
        In the tables.
    meaning
        One line.
    better
        Which direction is. Methods are compared where one is.
    chance
        What a map scores that knows nothing, in words.
    chance_level
        The same as a number, NaN where none can be given, or a function that says it for the
        sequences of a :class:`~dnalrp.evaluation.levels.Level`, (sequences,). Controls are held
        against it.
    ceiling
        The best that a map can score, in words; at the level of nucleotides a token map's is
        lower for localisation, and the method ``ceiling`` gives it.
    score
        Function that computes it, or ``"module:name"`` of one. What it is given its axis says;
        where the axis has no judge of its own, ``(relevance, level)``, and it returns (sequences,),
        NaN where undefined, or None for a level where it does not apply. None: the axis's judge
        computes the metric beside others.
    axis
        Value of the tables' column ``axis``; by default the axis's name.
    between_models
        Does it mean the same for every model? Not in units of a model's output.
    depends_on_grain
        Do tokens score otherwise than single nucleotides by construction? The tables then compare
        models by it, the sentences do not.
    of_ceiling
        Is it told as a share of what the tokens allow too, under a name in ``_of_ceiling``? That
        needs a chance level and a perfect score of 1.
    title
        Above its panel of a figure; by default the name.
    shown
        Does its axis's figure have a panel of it?
    column
        Its short name in the table of a paper, where it has a column there.
    verb
        For the sentences of the report: "a *localises better* than b". None: it has none.
    pattern
        Regular expression of further names that this card stands for.
    """

    name: str
    meaning: str
    better: Literal["higher", "lower", "neither"]
    chance: str = "none"
    chance_level: "float | str | Callable[[Any], Any]" = float("nan")
    ceiling: str = "none known"
    score: "str | Callable[..., Any] | None" = None
    axis: str = ""
    between_models: bool = True
    depends_on_grain: bool = False
    of_ceiling: bool = False
    title: str = ""
    shown: bool = False
    column: str | None = None
    verb: str | None = None
    pattern: str | None = None

    @property
    def direction(self) -> int:
        """1 where more is better, -1 where less is, 0 where neither."""
        return {"higher": 1, "lower": -1, "neither": 0}[self.better]

    @property
    def chance_number(self) -> float:
        """The chance level where it is the same for every sequence, else NaN."""
        known = isinstance(self.chance_level, int | float)
        return float(self.chance_level) if known else float("nan")  # type: ignore[arg-type]

    def stands_for(self, name: str) -> bool:
        """Is ``name`` one of the further names that this card is for?"""
        if self.of_ceiling and name == self.name + OF_CEILING:
            return True
        return self.pattern is not None and re.fullmatch(self.pattern, name) is not None


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Metrics that ask one question of a map. What is in a file is said by ``"module:name"``.

    Attributes
    ----------
    name
        Also that of its figure and of its section of the report.
    metrics
        Its cards, in the order of the figure's panels and of the paper table's columns.
    judge
        ``judge(axis, explained)``, where it needs the model and where it has settings with these
        after them, to :class:`~dnalrp.evaluation.scores.Scores`. By default every card's ``score``
        is asked of every map: :func:`dnalrp.evaluation.judging.judge_maps`.
    note
        What to know when reading the figure; or a function of the axis's settings that says it.
    figure
        Kind of figure, of :data:`dnalrp.report.building.FIGURES`: by default means with intervals
        of the metrics that are ``shown``. Or ``figure(axis, material)``, a function that draws
        another. None: the report has no such section.
    against
        What its metrics hold a map against: the ``truth``, the ``model``, or nothing but the
        ``map``. It says which controls must score at chance: all, those that are not of this
        model, random maps alone. Maps held against the truth are turned to speak for it.
    compared
        Are methods compared by its metrics?
    one_map
        Is one map of each method judged at the level of nucleotides, which the rows name?
    needs_model
        Does it ask the model? Such axes are judged last.
    settings
        Section of ``evaluate`` in the settings, of the axis's name.
    applies
        Does a run with this configuration have it? By default every run.
    """

    name: str
    metrics: "str | tuple[Metric, ...]" = ()
    judge: "str | Callable[..., Any]" = "dnalrp.evaluation.judging:judge_maps"
    note: "str | Callable[[Any], str]" = ""
    figure: "str | Callable[..., Any] | None" = "means"
    against: Literal["truth", "model", "map"] = "map"
    compared: bool = True
    one_map: bool = False
    needs_model: bool = False
    settings: "str | type[Section] | None" = None
    applies: "str | Callable[[Any], bool] | None" = None

    @property
    def cards(self) -> tuple[Metric, ...]:
        """Its metrics, each with the axis that its rows of the tables are of."""
        return tuple(
            card if card.axis else replace(card, axis=self.name) for card in resolve(self.metrics)
        )

    def read_settings(self, given: Any) -> Any:
        """Its section of the settings from the mapping that a file holds; a section stays."""
        return resolve(self.settings)(**given) if isinstance(given, Mapping) else given

    def note_for(self, settings: Any) -> str:
        """Its note, for its section of the settings."""
        note = self.note
        if isinstance(note, str) and re.fullmatch(r"[\w.]+:\w+", note):
            note = resolve(note)
        return note if isinstance(note, str) else note(settings)

    def is_in(self, configuration: Any) -> bool:
        """Does a run with this configuration have it?"""
        return self.applies is None or bool(resolve(self.applies)(configuration))


def _declared(module: str, **fields: Any) -> Axis:
    """An axis of the package: its cards and its note are in the file of its name."""
    name = module.rpartition(".")[2]
    named = {"name": name, "metrics": f"{module}:METRICS", "note": f"{module}:NOTE"}
    return Axis(**{**named, **fields})


AXES: Catalogue[Axis] = Catalogue(
    "axis of metrics",
    _declared("dnalrp.evaluation.axes.localisation", against="truth"),
    _declared("dnalrp.evaluation.axes.concentration"),
    _declared(
        "dnalrp.evaluation.axes.faithfulness",
        judge="dnalrp.evaluation.faithfulness:judge",
        against="model",
        one_map=True,
        needs_model=True,
        settings="dnalrp.evaluation.axes.faithfulness:FaithfulnessSettings",
        note="dnalrp.evaluation.axes.faithfulness:note",
    ),
    _declared(
        "dnalrp.evaluation.axes.robustness",
        judge="dnalrp.evaluation.robustness:judge",
        compared=False,
        needs_model=True,
        settings="dnalrp.evaluation.axes.robustness:RobustnessSettings",
    ),
    _declared(
        "dnalrp.evaluation.axes.similarity",
        judge="dnalrp.evaluation.axes.similarity:judge",
        figure="similarity",
        compared=False,
    ),
    _declared(
        "dnalrp.evaluation.axes.ledger",
        judge="dnalrp.evaluation.axes.ledger:judge",
        figure="ledger",
        compared=False,
    ),
    _declared(
        "dnalrp.evaluation.axes.positional",
        figure="positional",
        compared=False,
        applies="dnalrp.evaluation.configuration:has_alibi",
    ),
    _declared(
        "dnalrp.evaluation.axes.logic",
        judge="dnalrp.evaluation.axes.logic:judge",
        figure="logic",
        against="truth",
        applies="dnalrp.evaluation.configuration:has_grammar",
    ),
)
"""Every axis of metrics, in the order of the report's sections. An extension adds its own."""


def cards() -> Iterator[tuple[Axis, Metric]]:
    """Every metric with its axis, in the order of the catalogue."""
    for axis in AXES.values():
        for card in axis.cards:
            yield axis, card


def metric_of(name: str) -> Metric:
    """The card that a metric's name in a table belongs to.

    Raises
    ------
    InputError
        No axis has such a metric.
    """
    return _entry(name)[1]


def axis_of(name: str) -> Axis:
    """The axis of a metric, by its name in a table."""
    return _entry(name)[0]


def _entry(name: str) -> tuple[Axis, Metric]:
    known = list(cards())
    for entry in known:
        if entry[1].name == name:
            return entry
    for entry in known:
        if entry[1].stands_for(name):
            return entry
    raise InputError(f"no metric {name!r} in any axis; load the extension that declares it")


def axis_columns() -> dict[str, Axis]:
    """Axes by the values of the tables' column ``axis``: some have several."""
    return {name: axis for axis in AXES.values() for name in (axis.name, *_columns(axis))}


def _columns(axis: Axis) -> list[str]:
    return [card.axis for card in axis.cards]


def direction_of(name: str) -> int:
    """1 for a metric by which methods are compared and of which more is better, -1 for less, or 0.

    ``name`` may end in ``_of_ceiling``: see
    :func:`dnalrp.evaluation.comparison.relative_to_ceiling`.
    """
    axis, card = _entry(name)
    return card.direction if axis.compared else 0


def axes_in(configuration: Any) -> list[Axis]:
    """The axes that a run with this configuration has, in the order of the report."""
    return [axis for axis in AXES.values() if axis.is_in(configuration)]


def in_run_order() -> list[Axis]:
    """All axes, those last that ask the model: the others are quick, and fail first."""
    return sorted(AXES.values(), key=lambda axis: axis.needs_model)
