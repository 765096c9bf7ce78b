"""Provisional: does a ledger account for the explained output? The attribution room's file wins."""

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.maps import RelevanceMaps

TOLERANCE, ROUNDING = 1e-4, 1e-6


def ledger_gap(maps: RelevanceMaps) -> npt.NDArray[np.float64]:
    """Gap between a ledger's sum and the output, relative to its largest term, (sequences,)."""
    assert maps.ledger is not None
    terms = maps.ledger.to_numpy()
    scale = np.maximum(np.abs(terms).max(axis=1), np.abs(maps.outputs))
    return np.abs(terms.sum(axis=1) - maps.outputs) / np.maximum(scale, 1e-300)


def check_ledger(maps: RelevanceMaps) -> None:
    """Raise ArithmeticError where a ledger does not add up to the explained output."""
    assert maps.ledger is not None
    terms = maps.ledger.to_numpy()
    gap = np.abs(terms.sum(axis=1) - maps.outputs)
    scale = np.maximum(np.abs(terms).max(axis=1), np.abs(maps.outputs))
    if (gap > TOLERANCE * scale + ROUNDING).any():
        worst = maps.ids[int(np.argmax(gap / scale))]
        raise ArithmeticError(f"{maps.method}: the ledger of {worst} is off by {gap.max():.3g}")
