"""Apply the metrics to all maps of one model on one data set.

Every function returns a data frame in long form, ``method, level, map, axis, metric, id, value,
chance``: one row a sequence, map and metric.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from transformers import PreTrainedModel

from dnalrp.attribution.storage import (
    Attributions,
    NucleotideMaps,
    on_tokens,
    read_attributions,
    read_nucleotides,
)
from dnalrp.errors import InputError
from dnalrp.evaluation import concentration, localisation, similarity
from dnalrp.evaluation.faithfulness import Perturbation, replacement_curves

COLUMNS = similarity.VALUE_COLUMNS
CEILING = "ceiling"
LEDGER_TOLERANCE = 1e-4


class Explained(NamedTuple):
    """Everything known about the explained sequences of one model.

    ``nucleotides`` are keyed by method and map, ``attributions`` by method; all hold the same
    sequences in the order of ``ids``. ``masks`` are the true sites, (length,) each, absent
    where a sequence has none. ``signs`` are 1 where the evidence for class 1 is explained by
    the true sites, -1 where that for class 0 is.
    """

    ids: list[str]
    sequences: list[str]
    labels: npt.NDArray[np.int64]
    masks: dict[str, npt.NDArray[np.bool_]]
    nucleotides: dict[tuple[str, str], NucleotideMaps]
    attributions: dict[str, Attributions]

    @property
    def signs(self) -> npt.NDArray[np.int64]:
        return 2 * self.labels - 1


def load_explained(
    sequences: pd.DataFrame, sites: pd.DataFrame, attributions: Path, nucleotides: Path
) -> Explained:
    """Gather the files of one model on one data set.

    Raises
    ------
    InputError
        A site lies outside its sequence.
    """
    methods = {path.stem: read_attributions(path) for path in sorted(attributions.glob("*.h5"))}
    maps = {}
    for path in sorted(nucleotides.glob("*.h5")):
        method, how = path.stem.rsplit(".", 1)
        maps[method, how] = read_nucleotides(path)
    ids = next(iter(methods.values())).ids
    frame = sequences.set_index("id").loc[ids]
    texts = frame["sequence"].tolist()
    masks = _site_masks(sites[sites["role"] == "motif"], dict(zip(ids, texts, strict=True)))
    return Explained(ids, texts, frame["label"].to_numpy(), masks, maps, methods)


def _site_masks(
    sites: pd.DataFrame, sequences: Mapping[str, str]
) -> dict[str, npt.NDArray[np.bool_]]:
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    for site in sites[sites["id"].isin(sequences.keys())].itertuples():
        length = len(sequences[site.id])
        if not 0 <= site.start < site.end <= length:
            raise InputError(
                f"site {site.start}-{site.end} of {site.id} lies outside its {length} bases; "
                "correct the table of sites"
            )
        masks.setdefault(site.id, np.zeros(length, dtype=bool))[site.start : site.end] = True
    return {name: mask for name, mask in masks.items() if not mask.all()}


def judge_localisation(explained: Explained) -> pd.DataFrame:
    """Localisation on the true sites, in the sign of the sequence's own class.

    Sequences without a true site, as all simulated negatives, are left out. Token maps get a
    method ``ceiling``: the truth seen through their tokens.
    """
    rows: list[tuple[object, ...]] = []
    place = {name: row for row, name in enumerate(explained.ids)}
    tokens = on_tokens(explained.attributions.values())
    for name, mask in explained.masks.items():
        row, length = place[name], len(mask)
        sign = explained.signs[row]
        maps = {key: sign * m.relevance[row, :length] for key, m in explained.nucleotides.items()}
        spans = tokens.spans[row]
        for how in sorted({how for _, how in maps}):
            maps[CEILING, how] = localisation.token_ceiling(mask, spans)
        chance = localisation.chance_levels(mask)
        for (method, how), relevance in maps.items():
            for metric, score in localisation.localise(relevance, mask).items():
                rows.append(_row(method, how, "localisation", metric, name, score, chance[metric]))
    return pd.DataFrame(rows, columns=COLUMNS)


def judge_concentration(explained: Explained) -> pd.DataFrame:
    """Sparsity and complexity of every map; compare with the random map's."""
    rows = []
    for (method, how), maps in explained.nucleotides.items():
        for row, name in enumerate(explained.ids):
            relevance = maps.relevance[row, : maps.lengths[row]]
            for metric, score in concentration.METRICS.items():
                axis = "sparsity" if metric == "gini" else "complexity"
                rows.append(_row(method, how, axis, metric, name, score(relevance), np.nan))
    return pd.DataFrame(rows, columns=COLUMNS)


def judge_similarity(explained: Explained) -> pd.DataFrame:
    """Similarity of every two methods' maps; ``method`` names both, joined by ``~``."""
    rows = []
    for how in sorted({how for _, how in explained.nucleotides}):
        methods = sorted(method for method, other in explained.nucleotides if other == how)
        for first, second in combinations(methods, 2):
            a, b = explained.nucleotides[first, how], explained.nucleotides[second, how]
            for row, name in enumerate(explained.ids):
                length = a.lengths[row]
                x, y = a.relevance[row, :length], b.relevance[row, :length]
                for metric, score in similarity.METRICS.items():
                    pair = f"{first}~{second}"
                    rows.append(_row(pair, how, "similarity", metric, name, score(x, y), np.nan))
    return pd.DataFrame(rows, columns=COLUMNS)


def judge_ledger(explained: Explained) -> pd.DataFrame:
    """Where the explained output went: each term of the ledger, and the specials' share.

    Terms are in the sign of the explained output, so that they add up to its size.

    Raises
    ------
    ArithmeticError
        A ledger does not add up to the explained output within LEDGER_TOLERANCE, relative to
        its largest term: the implementation is wrong.
    """
    from dnalrp.attribution.maps import LEDGER_TERMS

    rows = []
    for method, maps in explained.attributions.items():
        for row, name in enumerate(maps.ids):
            absolute = np.abs(maps.relevance[row])
            special = absolute[maps.spans[row][:, 1] == 0].sum()
            share = special / absolute.sum() if absolute.any() else np.nan
            rows.append(_row(method, "token", "ledger", "special_share", name, share, np.nan))
        if maps.ledger is None:
            continue
        gap = np.abs(maps.ledger.sum(axis=1) - maps.outputs)
        scale = np.maximum(np.abs(maps.ledger).max(axis=1), np.abs(maps.outputs))
        if (gap > LEDGER_TOLERANCE * scale).any():
            worst = maps.ids[int(np.argmax(gap / scale))]
            raise ArithmeticError(f"{method}: the ledger of {worst} is off by {gap.max():.3g}")
        oriented = maps.ledger * np.sign(maps.outputs)[:, None]
        for column, term in enumerate(LEDGER_TERMS):
            for row, name in enumerate(maps.ids):
                value = oriented[row, column]
                rows.append(_row(method, "token", "ledger", term, name, value, np.nan))
    return pd.DataFrame(rows, columns=COLUMNS)


def judge_faithfulness(
    explained: Explained, model: PreTrainedModel, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Output while the most and the least relevant nucleotides are replaced, for each method.

    What is followed is the margin of the class that the model calls; relevance is oriented
    alike. A seeded sample of ``sequences`` is judged, the same for every method. Uses
    the ``split`` maps.
    """
    from dnalrp.models.prediction import predict

    count = min(settings["sequences"], len(explained.ids))
    rng = np.random.default_rng(settings["seed"])
    chosen = np.sort(rng.permutation(len(explained.ids))[:count])
    perturbation = Perturbation(
        shares=settings["shares"],
        draws=settings["draws"],
        frequencies=_base_frequencies(explained.sequences),
        seed=settings["seed"],
    )
    ids = [explained.ids[i] for i in chosen]
    texts = [explained.sequences[i] for i in chosen]
    rows = []
    for (method, how), maps in explained.nucleotides.items():
        if how != "split":
            continue
        called = np.where(maps.outputs[chosen] > 0, 1.0, -1.0)

        def margins(sequences: Sequence[str], method: str = method) -> npt.NDArray[np.float64]:
            logits = predict(model, sequences, progress=f"faithfulness of {method}")
            signs = called.repeat(len(sequences) // len(called))  # noqa: B023
            return (logits[:, 1] - logits[:, 0]) * signs

        curves = replacement_curves(
            margins, ids, texts, maps.relevance[chosen] * called[:, None], perturbation
        )
        scores = {
            "lerf_minus_morf": curves.faithfulness(),
            "morf_output": curves.most_first.mean(axis=1),
            "lerf_output": curves.least_first.mean(axis=1),
        }
        for metric, column in scores.items():
            chance = 0.0 if metric == "lerf_minus_morf" else np.nan
            for name, value in zip(ids, column, strict=True):
                rows.append(_row(method, how, "faithfulness", metric, name, value, chance))
    return pd.DataFrame(rows, columns=COLUMNS)


def _base_frequencies(sequences: Sequence[str]) -> list[float]:
    text = "".join(sequences)
    counts = np.array([text.count(letter) for letter in "ACGT"], dtype=float)
    return list(counts / counts.sum())


def _row(
    method: str, how: str, axis: str, metric: str, name: str, value: float, chance: float
) -> tuple[object, ...]:
    level = "token" if how == "token" else "nucleotide"
    return (method, level, how, axis, metric, name, float(value), chance)
