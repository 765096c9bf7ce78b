"""Apply the metrics that need no model to all maps of one model on one data set.

Those that ask the model are in :mod:`dnalrp.evaluation.probing`. Every function returns a data
frame in long form, ``method, level, map, axis, metric, id, value, chance``: one row a sequence,
map and metric. What the metrics mean, and which direction is better, is in
:data:`dnalrp.evaluation.metrics.METRICS`.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.storage import (
    Attributions,
    NucleotideMaps,
    on_tokens,
    read_attributions,
    read_nucleotides,
)
from dnalrp.errors import InputError
from dnalrp.evaluation import concentration, localisation, similarity
from dnalrp.evaluation.maps import Maps, check_finite, nucleotide_maps, token_maps
from dnalrp.evaluation.metrics import METRICS, Scores, long_form
from dnalrp.evaluation.orientation import orientation, oriented
from dnalrp.projection import RealTokens, real_tokens
from dnalrp.settings import RANDOMISED

log = logging.getLogger(__name__)

CEILING = "ceiling"
NATIVE = "native"
LEDGER_TOLERANCE = 1e-4
LEDGER_ROUNDING = 1e-6  # of values near 1 in float32; matters where a model says next to nothing
Spans = Sequence[npt.NDArray[np.int64]]


class Explained(NamedTuple):
    """Everything known about the explained sequences of one model.

    ``nucleotides`` are keyed by method and map, ``attributions`` by method; all hold the same
    sequences in the order of ``ids``. ``masks`` are the true sites, (length,) each, absent
    where a sequence has none; ``weights``, (length,) each or none at all, the information content
    of their motifs at each position. ``signs`` turn relevance into evidence
    for the true class. ``tokens`` are maps on the tokens of the token
    model, whose spans are ``token_spans``, keyed alike: ``native`` where the method attributes to
    these tokens, else brought there from nucleotides.
    """

    ids: list[str]
    sequences: list[str]
    labels: npt.NDArray[np.int64]
    masks: Mapping[str, npt.NDArray[np.bool_]]
    nucleotides: Mapping[tuple[str, str], NucleotideMaps]
    attributions: Mapping[str, Attributions]
    tokens: Mapping[tuple[str, str], Maps] = {}
    token_spans: Spans = ()
    weights: Mapping[str, npt.NDArray[np.float64]] = {}

    @property
    def logits(self) -> npt.NDArray[np.float64]:
        """What the model itself says, (sequences, classes); not a randomised copy of it."""
        own = [m for name, m in self.attributions.items() if not name.endswith(RANDOMISED)]
        return (own or list(self.attributions.values()))[0].logits

    @property
    def signs(self) -> npt.NDArray[np.int64]:
        return orientation(self.labels, self.logits)


def load_explained(
    sequences: pd.DataFrame,
    sites: pd.DataFrame,
    attributions: Path,
    nucleotides: Path,
    tokens: Path | None = None,
    information: Mapping[str, npt.NDArray[np.float64]] | None = None,
) -> Explained:
    """Gather the files of one model on one data set.

    ``information`` is the information content of motifs by position, as the table of sites names
    them; without it, or where a motif is not in it, positions of sites are not weighted.

    Raises
    ------
    InputError
        A site lies outside its sequence, or a map holds NaN.
    """
    methods = {path.stem: read_attributions(path) for path in sorted(attributions.glob("*.h5"))}
    maps = {}
    for path in sorted(nucleotides.glob("*.h5")):
        method, how = path.stem.rsplit(".", 1)
        maps[method, how] = read_nucleotides(path)
        check_finite(nucleotide_maps(maps[method, how]), f"{method}, {how}")
    ids = next(iter(methods.values())).ids
    frame = sequences.set_index("id").loc[ids]
    texts = frame["sequence"].tolist()
    by_id = dict(zip(ids, texts, strict=True))
    true = sites[(sites["role"] == "motif") & sites["id"].isin(by_id)]
    _check_inside(sites[sites["id"].isin(by_id)], by_id)
    masks = _site_masks(true, by_id)
    weights = _site_weights(true, by_id, information or {})
    on, spans = _maps_on_tokens(methods, tokens)
    return Explained(
        *(ids, texts, frame["label"].to_numpy(), masks, maps, methods, on, spans, weights)
    )


def _site_masks(
    sites: pd.DataFrame, sequences: Mapping[str, str]
) -> dict[str, npt.NDArray[np.bool_]]:
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    for site in sites.itertuples():
        own = masks.setdefault(site.id, np.zeros(len(sequences[site.id]), dtype=bool))
        own[site.start : site.end] = True
    covered = [name for name, mask in masks.items() if mask.all()]
    if covered:
        log.warning(
            "sites cover all of %s, as of %d sequences in all: they are not localised",
            *(covered[0], len(covered)),
        )
    return {name: mask for name, mask in masks.items() if not mask.all()}


def _check_inside(sites: pd.DataFrame, sequences: Mapping[str, str]) -> None:
    """Refuse a site of any role that lies outside its sequence."""
    for site in sites.itertuples():
        length = len(sequences[site.id])
        if not 0 <= site.start < site.end <= length:
            raise InputError(
                f"site {site.start}-{site.end} of {site.id} lies outside its {length} bases; "
                "correct the table of sites"
            )


def _site_weights(
    sites: pd.DataFrame,
    sequences: Mapping[str, str],
    information: Mapping[str, npt.NDArray[np.float64]],
) -> dict[str, npt.NDArray[np.float64]]:
    """Information content at every position of true sites, the higher one where they overlap."""
    weights: dict[str, npt.NDArray[np.float64]] = {}
    for site in sites.itertuples():
        bits = information.get(site.motif, np.empty(0))
        if len(bits) != site.end - site.start:
            log.info("%s has no matrix of its site's width: sites are not weighted", site.motif)
            return {}
        bits = bits[::-1] if site.strand == "-" else bits
        own = weights.setdefault(site.id, np.zeros(len(sequences[site.id])))
        np.maximum(own[site.start : site.end], bits, out=own[site.start : site.end])
    return weights


def _maps_on_tokens(
    methods: Mapping[str, Attributions], folder: Path | None
) -> tuple[dict[tuple[str, str], Maps], Spans]:
    """All maps on the token model's tokens; none where its tokens are single nucleotides."""
    pooled = {} if folder is None else {p.stem: p for p in sorted(folder.glob("*.h5"))}
    stored = {name: read_attributions(path) for name, path in pooled.items()}
    spans = next(iter(stored.values())).spans if stored else on_tokens(methods.values()).spans
    if (real_tokens(spans).width == 1).all():
        return {}, ()
    maps = {}
    for method, own in methods.items():
        if all(map(np.array_equal, own.spans, spans)):
            maps[method, NATIVE] = token_maps(own)
            continue
        for name, other in stored.items():
            if name.rsplit(".", 1)[0] == method:
                maps[method, name.rsplit(".", 1)[1]] = token_maps(other)
    for (method, how), own_maps in maps.items():
        check_finite(own_maps, f"{method}, tokens, {how}")
    return maps, spans


def information_contents(motifs: Iterable[str], release: str) -> dict[str, npt.NDArray[np.float64]]:
    """Information content by position of those motifs that a JASPAR release has."""
    from dnalrp.data.jaspar import fetch_motifs

    found = {}
    for name in sorted(set(motifs)):
        try:
            found[name] = fetch_motifs([name], release)[0].information
        except InputError:
            log.info("motif %s is not in %s", name, release)
    return found


def judge_localisation(explained: Explained) -> pd.DataFrame:
    """Localisation on the true sites, in the sign of the sequence's own class, at both levels.

    Maps of methods without a sign are not turned.
    Sequences without a true site, as all simulated negatives, are left out. Token maps brought to
    nucleotides get a method ``ceiling``: the truth seen through their tokens. On tokens, those
    are true of which at least half lies in sites, and the ceiling is 1.
    """
    if not explained.masks:
        log.warning("no sequence has a true site: localisation is left out")
        return long_form([])
    place = {name: row for row, name in enumerate(explained.ids)}
    rows = np.array([place[name] for name in explained.masks])
    mask = _joined(explained.masks.values()) > 0
    weighted = explained.weights.keys() >= explained.masks.keys()
    weights = [explained.weights[name] for name in explained.masks] if weighted else None
    signs = explained.signs[rows]
    lengths = np.array([len(own) for own in explained.masks.values()])
    maps = {
        key: oriented(key[0], own.relevance[rows][:, : mask.shape[1]], signs)
        for key, own in explained.nucleotides.items()
    }
    own_tokens = on_tokens(explained.attributions.values())
    ceiling = localisation.token_ceiling(mask, _tokens_of(own_tokens.spans, rows))
    bounded = sorted({how for _, how in maps} - {"average"})  # it resolves below the token
    maps |= {(CEILING, how): ceiling for how in bounded}
    scores = _localised(
        "nucleotide", maps, mask, lengths, None if weights is None else _joined(weights)
    )
    if explained.tokens:
        tokens = _tokens_of(explained.token_spans, rows)
        true = localisation.token_mask(mask, tokens)
        on = {
            key: oriented(key[0], own.relevance[rows][:, : true.shape[1]], signs)
            for key, own in explained.tokens.items()
        }
        scores += _localised("token", on, true, tokens.counts, None)
    ids = list(explained.masks)
    return long_form(own._replace(ids=ids) for own in scores)


def _joined(arrays: Iterable[npt.NDArray]) -> npt.NDArray[np.float64]:
    """Arrays (length,) as rows of one, zero beyond the end of each."""
    rows = list(arrays)
    result = np.zeros((len(rows), max(map(len, rows))))
    for own, row in zip(result, rows, strict=True):
        own[: len(row)] = row
    return result


def _tokens_of(spans: Spans, rows: npt.NDArray[np.int64]) -> RealTokens:
    return real_tokens([spans[row] for row in rows])


def _localised(
    level: str,
    maps: Mapping[tuple[str, str], npt.NDArray[np.floating]],
    mask: npt.NDArray[np.bool_],
    lengths: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64] | None,
) -> list[Scores]:
    chance = localisation.chance_levels(mask, lengths)
    judged = {
        key: localisation.localise(maps[key], mask, lengths, weights)
        for key in set(same_as(maps).values())
    }
    return [
        Scores(method, level, how, "localisation", metric, (), values, chance[metric])
        for (method, how), first in same_as(maps).items()
        for metric, values in judged[first].items()
    ]


def same_as(
    maps: Mapping[tuple[str, str], npt.NDArray[np.floating]],
) -> dict[tuple[str, str], tuple[str, str]]:
    """For each map the first of the same method that is equal to it, often itself.

    All ways to nucleotides are one for a method that attributes to them: judged once.
    """
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for key, values in maps.items():
        others = [other for other in found if other[0] == key[0] and found[other] == other]
        equal = (other for other in others if np.array_equal(maps[other], values))
        found[key] = next(equal, key)
    return found


def _levels(explained: Explained) -> Iterator[tuple[str, dict[tuple[str, str], Maps]]]:
    """Maps at each level, by method and map."""
    yield "nucleotide", {k: nucleotide_maps(own) for k, own in explained.nucleotides.items()}
    yield "token", dict(explained.tokens)


def judge_concentration(explained: Explained) -> pd.DataFrame:
    """Sparsity and complexity of every map; compare with the random map's."""
    scores = []
    for level, maps in _levels(explained):
        first = same_as({key: own.relevance for key, own in maps.items()})
        judged = {
            key: concentration.concentrate(maps[key].relevance, maps[key].lengths)
            for key in set(first.values())
        }
        scores += [
            Scores(method, level, how, METRICS[metric].axis, metric, explained.ids, values)
            for method, how in maps
            for metric, values in judged[first[method, how]].items()
        ]
    return long_form(scores)


def judge_similarity(explained: Explained) -> pd.DataFrame:
    """Similarity of every two methods' maps; ``method`` names both, joined by ``~``."""
    scores: list[Scores] = []
    for level, maps in _levels(explained):
        first = same_as({key: own.relevance for key, own in maps.items()})
        known = {
            key: similarity.comparable(maps[key].relevance, maps[key].lengths)
            for key in set(first.values())
        }
        for how in sorted({how for _, how in maps}):
            ready = {m: known[first[m, how]] for m, other in sorted(maps) if other == how}
            pairs = {f"{a}~{b}": (ready[a], ready[b]) for a, b in combinations(ready, 2)}
            lengths = next(own.lengths for (_, other), own in maps.items() if other == how)
            scores += similarity.compare(pairs, level, how, explained.ids, lengths)
    return long_form(scores)


def judge_ledger(explained: Explained) -> pd.DataFrame:
    """Where the explained output went: each term of the ledger, and the specials' share.

    Terms are in the sign of the explained output, so that they add up to its size. Methods that
    promise a sum get ``completeness_gap``: by how much they miss it, over the range of the
    outputs; undefined where all outputs are equal.

    Raises
    ------
    ArithmeticError
        A ledger does not add up to the explained output within LEDGER_TOLERANCE, relative to
        its largest term, and LEDGER_ROUNDING: the implementation is wrong.
    """
    from dnalrp.attribution.maps import LEDGER_TERMS

    scores = []
    for method, maps in explained.attributions.items():
        values = {"special_share": _special_shares(maps)}
        if maps.gap is not None:
            spread = float(np.ptp(maps.outputs))
            values["completeness_gap"] = np.abs(maps.gap) / (spread if spread > 0 else np.nan)
        if maps.ledger is not None:
            _check_ledger(method, maps)
            oriented = maps.ledger * np.sign(maps.outputs)[:, None]
            terms = (*LEDGER_TERMS, "position")[: oriented.shape[1]]  # BERT's and ESM's seventh
            values |= dict(zip(terms, oriented.T, strict=True))
        scores += [
            Scores(method, "token", "token", "ledger", metric, maps.ids, own)
            for metric, own in values.items()
        ]
    return long_form(scores)


def _special_shares(maps: Attributions) -> npt.NDArray[np.float64]:
    shares = np.full(len(maps.ids), np.nan)
    for row, (relevance, spans) in enumerate(zip(maps.relevance, maps.spans, strict=True)):
        absolute = np.abs(relevance)
        if absolute.any():
            shares[row] = absolute[spans[:, 1] == 0].sum() / absolute.sum()
    return shares


def _check_ledger(method: str, maps: Attributions) -> None:
    assert maps.ledger is not None
    gap = np.abs(maps.ledger.sum(axis=1) - maps.outputs)
    scale = np.maximum(np.abs(maps.ledger).max(axis=1), np.abs(maps.outputs))
    if (gap > LEDGER_TOLERANCE * scale + LEDGER_ROUNDING).any():
        worst = maps.ids[int(np.argmax(gap / scale))]
        raise ArithmeticError(f"{method}: the ledger of {worst} is off by {gap.max():.3g}")
