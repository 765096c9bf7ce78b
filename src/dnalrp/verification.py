"""Does AttnLRP do on this very checkpoint what it promises? Checks, not opinions."""

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr
from transformers import PreTrainedModel

from dnalrp.attribution.explanation import LEDGER_METHODS, explain, methods, rule_table
from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.targets import Target
from dnalrp.errors import InputError
from dnalrp.models.prediction import predict

BOUNDS = {torch.float64: 1e-8, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 5e-3}
"""Largest gap of a ledger, relative to its largest term, by precision."""


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
    chosen = method or next((m for m in methods(model) if m in LEDGER_METHODS), None)
    if chosen not in LEDGER_METHODS:
        raise InputError(f"method {chosen!r} keeps no ledger; use {', '.join(LEDGER_METHODS)}")
    exact_model = copy.deepcopy(model).double().eval()
    exact_model.tokenizer = model.tokenizer
    table = rule_table(exact_model, chosen)
    assert table is not None
    with table.on(exact_model) as ruled:
        counts = dict(ruled.counts)
    independent = model.config.problem_type == "multi_label_classification"
    target = Target(0, "logit") if independent else None
    exact, used = (
        explain(m, sequences, chosen, target, progress=False) for m in (exact_model, model)
    )
    bound = BOUNDS[model.dtype]
    rows: list[tuple[str, float, float | None]] = [
        (f"{kind} modules under a rule", float(number), None) for kind, number in counts.items()
    ]
    rows += [
        ("change of the logits by the rules", _logit_change(exact_model, exact), table.rounding),
        ("ledger gap in float64", ledger_gap(exact), BOUNDS[torch.float64]),
        (f"ledger gap in {str(model.dtype).removeprefix('torch.')}", ledger_gap(used), bound),
        ("share of the output on the words, median", _word_share(exact), None),
        ("share of relevance on special tokens, median", _special_share(exact), None),
        ("rank correlation with float64, least", _least_correlation(exact, used), None),
    ]
    checks = pd.DataFrame(rows, columns=["check", "value", "bound"]).astype({"bound": float})
    judged = checks["bound"].notna()
    return checks.assign(passed=(checks["value"] <= checks["bound"]).where(judged))


def ledger_gap(maps: RelevanceMaps) -> float:
    """Largest gap between a ledger's sum and the explained output, relative to its largest term."""
    assert maps.ledger is not None
    gap = np.abs(maps.ledger.sum(axis="columns").to_numpy() - maps.outputs)
    scale = np.maximum(maps.ledger.abs().max(axis="columns").to_numpy(), np.abs(maps.outputs))
    return float((gap / np.maximum(scale, np.finfo(np.float64).tiny)).max())


def _logit_change(model: PreTrainedModel, maps: RelevanceMaps) -> float:
    logits = predict(model, maps.sequences)
    return float(np.abs(logits - maps.logits).max() / max(np.abs(logits).max(), 1e-300))


def _word_share(maps: RelevanceMaps) -> float:
    sums = np.array([relevance.sum() for relevance in maps.relevance])
    return float(np.median(sums / maps.outputs))


def _special_share(maps: RelevanceMaps) -> float:
    return float(np.median(maps.special_share()))


def _least_correlation(exact: RelevanceMaps, used: RelevanceMaps) -> float:
    pairs = zip(exact.relevance, used.relevance, strict=True)
    return min(float(spearmanr(a, b).statistic) for a, b in pairs)
