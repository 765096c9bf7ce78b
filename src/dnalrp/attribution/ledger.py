"""The ledger: where the explained output went, and whether all of it is accounted for."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import LEDGER_TERMS, RelevanceMaps

GAPS = {"float64": 1e-8, "float32": 1e-4, "bfloat16": 5e-2, "float16": 5e-3}
"""Largest gap of a ledger, relative to its largest term, by the model's precision."""
ROUNDING = 1e-6
"""Of values near 1 in single precision: it matters where a model says next to nothing."""

Entries = Mapping[tuple[str, str], npt.NDArray[np.float64]]
"""What modules kept, (sequences,) each, by the module's name and term."""


def layer_ledger(rows: npt.NDArray[np.int64], entries: Entries) -> pd.DataFrame:
    """Entries in long form, ``sequence, place, term, relevance``; ``rows`` number the sequences."""
    return pd.DataFrame(
        [
            (int(row), module, term, values[index])
            for (module, term), values in entries.items()
            for index, row in enumerate(rows)
        ],
        columns=["sequence", "place", "term", "relevance"],
    )


def ledger_of(layers: pd.DataFrame) -> pd.DataFrame:
    """Sums over modules: a row a sequence, a column a term, in the order of LEDGER_TERMS."""
    ledger = layers.pivot_table(index="sequence", columns="term", values="relevance", aggfunc="sum")
    others = sorted(set(ledger.columns) - set(LEDGER_TERMS))
    return ledger.reindex(columns=[*LEDGER_TERMS, *others], fill_value=0.0)


def ledger_gap(maps: RelevanceMaps) -> npt.NDArray[np.float64]:
    """By how much ledgers miss the outputs, relative to their largest terms, (sequences,)."""
    gap, scale = _gap_and_scale(maps)
    return gap / np.maximum(scale, np.finfo(np.float64).tiny)


def check_ledger(maps: RelevanceMaps, name: str = "", *, precision: str = "float32") -> None:
    """Refuse maps whose ledger does not add up to the explained output.

    Parameters
    ----------
    maps
        With a ledger; the message has the worst of their ``ids``.
    name
        Of the method, for the message; by default the maps' own.
    precision
        Of the model: a key of :data:`GAPS`.

    Raises
    ------
    ArithmeticError
        A gap is larger than the precision explains: the implementation is wrong.
    """
    gap, scale = _gap_and_scale(maps)
    excess = gap - (GAPS[precision] * scale + ROUNDING)
    if (excess > 0).any():
        worst = int(np.argmax(excess))
        sequence = maps.ids[worst] if len(maps.ids) else f"sequence {worst}"
        method = name or maps.method
        raise ArithmeticError(f"{method}: the ledger of {sequence} is off by {gap[worst]:.3g}")


def _gap_and_scale(
    maps: RelevanceMaps,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    assert maps.ledger is not None
    terms = maps.ledger.to_numpy()
    gap = np.abs(terms.sum(axis=1) - maps.outputs)
    return gap, np.maximum(np.abs(terms).max(axis=1), np.abs(maps.outputs))
