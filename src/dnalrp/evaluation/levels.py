"""Everything that is judged of one model on one data set, made ready once: maps, level by level."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import on_tokens
from dnalrp.evaluation.orientation import orientation, oriented
from dnalrp.evaluation.scores import Scores
from dnalrp.evaluation.truth import token_ceiling, token_mask
from dnalrp.names import AVERAGE, CEILING, is_randomised
from dnalrp.projection import real_tokens

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Key = tuple[str, str]
"""Method and map."""
Made = TypeVar("Made")
MAPS_AT_ONCE = 512
"""Sequences judged together, for memory."""
NUCLEOTIDE, TOKEN = "nucleotide", "token"


@dataclass(frozen=True, kw_only=True)
class Level:
    """Maps of the same sequences at one level, and what is true there.

    Arrays are (sequences, positions), zero beyond the end of each sequence; a position is a
    nucleotide, or a token that is not special.

    Attributes
    ----------
    name
        ``nucleotide`` or ``token``.
    ids, lengths
        Of the sequences; lengths in positions.
    maps
        Relevance as the method gave it, by method and map.
    signs
        (sequences,): times these, relevance speaks for a sequence's own class.
    sited
        Rows of the sequences with true sites.
    truth
        True positions; None where no sequence has any.
    weights
        Information content at true positions; None where it is not known of all.
    ceilings
        The truth seen through the tokens, as a map for each way to bring tokens to nucleotides.
    """

    name: str
    ids: Sequence[str]
    lengths: Integers
    maps: Mapping[Key, Array]
    signs: Integers | None = None
    sited: Integers | None = None
    truth: Mask | None = None
    weights: Array | None = None
    ceilings: Mapping[Key, Array] = field(default_factory=dict)
    _kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def evidence(self) -> dict[Key, Array]:
        """The maps turned to speak for each sequence's own class, and the ceilings."""
        assert self.signs is not None
        turned = {key: oriented(key[0], maps, self.signs) for key, maps in self.maps.items()}
        return turned | dict(self.ceilings)

    @cached_property
    def alike(self) -> dict[Key, Key]:
        """For each map and ceiling the first of the same method that is equal, often itself.

        All ways to nucleotides are one for a method that attributes to them: judged once.
        """
        return same_as({**self.maps, **self.ceilings})

    @property
    def true_positions(self) -> Mask:
        """The truth of a level that has one."""
        assert self.truth is not None
        return self.truth

    @cached_property
    def inside(self) -> Mask:
        """Which positions are of the sequence."""
        width = next(iter(self.maps.values())).shape[1]
        return np.arange(width) < self.lengths[:, None]

    @cached_property
    def decided(self) -> Mask:
        """(sequences,): where some positions are true, and some are not."""
        true = (self.true_positions & self.inside).sum(axis=1)
        return (true > 0) & (true < self.lengths)

    @cached_property
    def flat(self) -> Array:
        """A map that is the same everywhere, and knows nothing."""
        return np.zeros(self.inside.shape)

    def of_true_sites(self) -> "Level":
        """The sequences that have true sites."""
        return self.part(np.empty(0, dtype=np.int64) if self.sited is None else self.sited)

    def part(self, rows: Integers) -> "Level":
        """Some of the sequences, as wide as the longest of them."""
        return self._rows(rows, int(self.lengths[rows].max(initial=0)))

    @cached_property
    def chunks(self) -> list[tuple[slice, "Level"]]:
        """Parts of at most MAPS_AT_ONCE sequences, of the same width, and where each lies."""
        starts = range(0, max(len(self.ids), 1), MAPS_AT_ONCE)
        slices = [slice(start, start + MAPS_AT_ONCE) for start in starts]
        return [(rows, self._rows(rows, None)) for rows in slices]

    def _rows(self, rows: Integers | slice, width: int | None) -> "Level":
        def of(array: npt.NDArray | None) -> Any:
            return None if array is None else array[rows, :width]

        return Level(
            name=self.name,
            ids=np.asarray(self.ids, dtype=object)[rows].tolist(),
            lengths=self.lengths[rows],
            maps={key: of(maps) for key, maps in self.maps.items()},
            signs=None if self.signs is None else self.signs[rows],
            truth=of(self.truth),
            weights=of(self.weights),
            ceilings={key: of(maps) for key, maps in self.ceilings.items()},
        )

    def shared(self, compute: Callable[[Array, "Level"], Made], relevance: Array) -> Made:
        """``compute(relevance, level)``, once for all metrics of one map that need it."""
        if self._kept.get("relevance") is not relevance:
            self._kept.clear()
            self._kept["relevance"] = relevance
        if compute not in self._kept:
            self._kept[compute] = compute(relevance, self)
        return self._kept[compute]

    def scores(self, key: Key, axis: str, metric: str, values: Array, chance: Any) -> Scores:
        """Values of a metric of one map, (sequences,)."""
        method, projection = key
        return Scores(
            method=method,
            level=self.name,
            map=projection,
            axis=axis,
            metric=metric,
            ids=self.ids,
            values=values,
            chance=chance,
        )


def level_of(
    relevance: Array,
    lengths: Integers | None = None,
    *,
    truth: Mask | None = None,
    weights: Array | None = None,
) -> Level:
    """A level of maps in one array, (sequences, positions); ``lengths`` by default its width."""
    whole = np.full(len(relevance), relevance.shape[1])
    return Level(
        name=NUCLEOTIDE,
        ids=[str(row) for row in range(len(relevance))],
        lengths=whole if lengths is None else lengths,
        maps={("", ""): relevance},
        truth=truth,
        weights=weights,
    )


def same_as(maps: Mapping[Key, Array]) -> dict[Key, Key]:
    """For each map the first of the same method that is equal to it, often itself."""
    firsts: dict[Key, Key] = {}
    for key, values in maps.items():
        others = [other for other in firsts if other[0] == key[0] and firsts[other] == other]
        equal = (other for other in others if np.array_equal(maps[other], values))
        firsts[key] = next(equal, key)
    return firsts


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Everything known about the explained sequences of one model.

    Attributes
    ----------
    ids, sequences, labels
        Of all explained sequences; everything else is in this order.
    attributions
        By method, as their files hold them.
    nucleotides
        On nucleotides, by method and map.
    tokens
        On the tokens of the token model, by method and map: ``native`` where the method attributes
        to these tokens, else brought there from nucleotides. None where its tokens are nucleotides.
    token_spans
        The spans of these tokens.
    sites
        Table of all sites, true or not: ``id, start, end, strand, motif, role``.
    masks
        True positions, (length,), by id; absent where a sequence has none.
    weights
        Information content of the motifs at these positions, (length,), by id, or none at all.
    grammar
        Grammar on several motifs that made the labels, where one did.
    """

    ids: Sequence[str]
    sequences: Sequence[str]
    labels: Integers
    attributions: Mapping[str, RelevanceMaps]
    nucleotides: Mapping[Key, RelevanceMaps]
    tokens: Mapping[Key, RelevanceMaps] = field(default_factory=dict)
    token_spans: Sequence[Integers] = ()
    sites: pd.DataFrame | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)
    grammar: str | None = None

    @property
    def logits(self) -> npt.NDArray[np.float64]:
        """What the model itself says, (sequences, classes); not a randomised copy of it."""
        usual = [m for name, m in self.attributions.items() if not is_randomised(name)]
        return (usual or list(self.attributions.values()))[0].logits

    @property
    def signs(self) -> Integers:
        """(sequences,): times these, relevance speaks for each sequence's own class."""
        return orientation(self.labels, self.logits)

    @cached_property
    def levels(self) -> list[Level]:
        """Nucleotides first; then the token model's tokens, where they are longer."""
        return [self.nucleotide_level, *([self.token_level] if self.tokens else [])]

    @cached_property
    def nucleotide_level(self) -> Level:
        """All maps on nucleotides."""
        maps = {key: stored.padded() for key, stored in self.nucleotides.items()}
        width = next(iter(maps.values())).shape[1]
        truth, ceilings = self._truth(width), {}
        if truth is not None:
            tokens = real_tokens(on_tokens(self.attributions.values()).spans)
            # the map `average` resolves below the token
            bounded = sorted({projection for _, projection in maps} - {AVERAGE})
            ceiling = token_ceiling(truth, tokens)
            ceilings = {(CEILING, projection): ceiling for projection in bounded}
        return Level(
            name=NUCLEOTIDE,
            ids=self.ids,
            lengths=next(iter(self.nucleotides.values())).lengths,
            maps=maps,
            signs=self.signs,
            sited=self._sited,
            truth=truth,
            weights=self._weights(width),
            ceilings=ceilings,
        )

    @cached_property
    def token_level(self) -> Level:
        """All maps on the token model's tokens; true are those of which half lies in sites."""
        tokens = real_tokens(self.token_spans)
        truth = self._truth(max(map(len, self.sequences)))
        return Level(
            name=TOKEN,
            ids=self.ids,
            lengths=tokens.counts,
            maps={key: stored.padded() for key, stored in self.tokens.items()},
            signs=self.signs,
            sited=self._sited,
            truth=None if truth is None else token_mask(truth, tokens),
        )

    @property
    def _sited(self) -> Integers:
        rows = {name: row for row, name in enumerate(self.ids)}
        return np.array([rows[name] for name in self.masks], dtype=np.int64)

    def _truth(self, width: int) -> Mask | None:
        return self._joined(self.masks, width) > 0 if self.masks else None

    def _weights(self, width: int) -> Array | None:
        known = bool(self.masks) and self.weights.keys() >= self.masks.keys()
        return self._joined(self.weights, width) if known else None

    def _joined(self, arrays: Mapping[str, npt.NDArray], width: int) -> Array:
        """Arrays (length,) as rows of one, zero beyond the end of each and where there is none."""
        result = np.zeros((len(self.ids), width))
        for row, name in zip(result, self.ids, strict=True):
            values = arrays.get(name, ())
            row[: len(values)] = values
        return result
