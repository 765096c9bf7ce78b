"""Does AttnLRP do on this very checkpoint what it promises? Checks, not opinions."""

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from transformers import PreTrainedModel

from dnalrp.attribution.catalogue import METHODS
from dnalrp.attribution.explanation import composite_of, explain, methods
from dnalrp.attribution.ledger import GAPS, ledger_gap
from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.targets import Target
from dnalrp.errors import InputError
from dnalrp.models.prediction import predict


def verify(
    model: PreTrainedModel, sequences: Sequence[str], method: str | None = None
) -> pd.DataFrame:
    """Check a checkpoint's explanations, in float64 and in the precision that the model has.

    Parameters
    ----------
    model
        From :func:`dnalrp.load`; it is left as it is. Of independent labels the first is explained.
    method
        One that keeps a ledger; by default the model's own, ``attnlrp`` or ``lrp``.

    Returns
    -------
    pandas.DataFrame
        ``check, value, bound, passed``, one row a check. ``bound`` and ``passed`` are missing
        where a value is told and not judged:

        - how many modules of each type obey a rule;
        - the largest change that the rules make to the logits, which must be none but rounding;
        - the largest gap between ledger and explained output, relative to the ledger's largest
          term, in both precisions;
        - the median share of the output that the words sum to, and the median share of relevance
          on special tokens;
        - the least rank correlation of a map in the model's precision with its float64 map.

    Raises
    ------
    InputError
        The model holds a module without a rule, gives outputs that are not finite, or has no
        method with a ledger.
    """
    accounting = [name for name, known in METHODS.items() if known.ledger]
    chosen = method or next((name for name in methods(model) if name in accounting), None)
    if chosen not in accounting:
        raise InputError(f"method {chosen!r} keeps no ledger; use {', '.join(accounting)}")
    exact_model = copy.deepcopy(model).double().eval()
    composite = composite_of(exact_model, chosen)
    assert composite is not None
    with composite.on(exact_model) as ruled:
        counts = dict(ruled.counts)
    independent = model.config.problem_type == "multi_label_classification"
    target = Target(0, "logit") if independent else None
    exact, used = (
        explain(m, sequences, chosen, target, progress=False) for m in (exact_model, model)
    )
    precision = str(model.dtype).removeprefix("torch.")
    rows: list[tuple[str, float, float | None]] = [
        (f"{kind} modules under a rule", float(number), None) for kind, number in counts.items()
    ]
    rows += [
        (
            "change of the logits by the rules",
            _logit_change(exact_model, exact),
            composite.rounding,
        ),
        ("ledger gap in float64", ledger_gap(exact).max(), GAPS["float64"]),
        (f"ledger gap in {precision}", ledger_gap(used).max(), GAPS[precision]),
        ("share of the output on the words, median", _word_share(exact), None),
        ("share of relevance on special tokens, median", _special_share(exact), None),
        ("rank correlation with float64, least", _least_correlation(exact, used), None),
    ]
    checks = pd.DataFrame(rows, columns=["check", "value", "bound"]).astype({"bound": float})
    judged = checks["bound"].notna()
    return checks.assign(passed=(checks["value"] <= checks["bound"]).where(judged))


def _logit_change(model: PreTrainedModel, maps: RelevanceMaps) -> float:
    logits = predict(model, maps.sequences)
    return float(np.abs(logits - maps.logits).max() / max(np.abs(logits).max(), 1e-300))


def _word_share(maps: RelevanceMaps) -> float:
    sums = np.array([relevance.sum() for relevance in maps.relevance])
    return float(np.median(sums / maps.outputs))


def _special_share(maps: RelevanceMaps) -> float:
    return float(np.nanmedian(maps.special_share()))


def _least_correlation(exact: RelevanceMaps, used: RelevanceMaps) -> float:
    pairs = zip(exact.relevance, used.relevance, strict=True)
    return min(float(spearmanr(a, b).statistic) for a, b in pairs)
