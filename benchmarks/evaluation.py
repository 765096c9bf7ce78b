"""Time of every group of metrics, faithfulness's rate, and what its sample does to its interval.

Six methods on a random compact model and random sequences with random sites, or on a trained
folder and its sequences::

    python benchmarks/evaluation.py
    python benchmarks/evaluation.py --model results/models/implant/dnabert2/seed1 \
        --data results/data/implant

Times are of the processor, all threads together, and of the wall.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

import dnalrp
from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import Attributions, NucleotideMaps
from dnalrp.data.scan import SITE_COLUMNS
from dnalrp.evaluation import judging, probing
from dnalrp.evaluation.maps import token_maps
from dnalrp.evaluation.summary import bootstrap_means
from dnalrp.models.building import build_model

COMPACT = {
    "vocab_size": 2048,
    "hidden_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 256,
}
METHODS = {
    "dnabert2": (
        *("attnlrp", "cp_lrp", "gradient_x_input", "saliency", "attention_rollout", "random"),
    ),
    "regulatory_cnn": (
        *("lrp", "gradient_x_input", "saliency", "integrated_gradients", "deep_lift_shap"),
        "random",
    ),
}


def random_data(count: int, length: int = 200, width: int = 15) -> tuple[pd.DataFrame, ...]:
    """Sequences without meaning, each with one site somewhere."""
    rng = np.random.default_rng(0)
    ids = [f"random_{index:06d}" for index in range(count)]
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(count, length))]
    labels = np.arange(count) % 2
    starts = rng.integers(length - width, size=count)
    rows = [(name, s, s + width, "+", "site", "motif") for name, s in zip(ids, starts, strict=True)]
    frame = pd.DataFrame({"id": ids, "sequence": sequences, "label": labels})
    return frame, pd.DataFrame(rows, columns=SITE_COLUMNS)


def stored_data(folder: Path, count: int) -> tuple[pd.DataFrame, ...]:
    """Sequences held out from training, and their sites."""
    frame = pd.read_parquet(folder / "sequences.parquet")
    frame = frame[frame["split"] != "train"].sort_values("id").iloc[:count]
    return frame, pd.read_parquet(folder / "sites.parquet")


def explained(
    frame: pd.DataFrame, sites: pd.DataFrame, maps: dict[str, RelevanceMaps]
) -> judging.Explained:
    """What the stages before leave in files, kept in memory."""
    ids, texts = frame["id"].tolist(), frame["sequence"].tolist()
    lengths = np.array([len(text) for text in texts])
    true = sites[(sites["role"] == "motif") & sites["id"].isin(ids)]
    by_id = dict(zip(ids, texts, strict=True))
    masks = judging._site_masks(true, by_id)
    attributions = {
        method: Attributions(
            *(ids, lengths, own.relevance, own.spans, own.logits, own.outputs),
            None if own.ledger is None else own.ledger.to_numpy(),
            {"settings": {"alibi": "absorb"}},
        )
        for method, own in maps.items()
    }
    nucleotides = {
        (method, how): NucleotideMaps(ids, lengths, own.nucleotides(how), own.outputs)
        for method, own in maps.items()
        for how in ("split", "copy")
    }
    tokens = {(method, judging.NATIVE): token_maps(own) for method, own in attributions.items()}
    spans = next(iter(attributions.values())).spans
    weights = {name: mask.astype(float) for name, mask in masks.items()}
    return judging.Explained(
        *(ids, texts, frame["label"].to_numpy(), masks, nucleotides, attributions),
        *(tokens, spans, weights),
    )


def timed(name: str, call: Callable[[], Any], spent: dict[str, float]) -> Any:
    """Result of a call; its times go to the terminal, that of the processor into ``spent``."""
    wall, processor = time.perf_counter(), time.process_time()
    result = call()
    spent[name] = time.process_time() - processor
    rows = f"{len(result):9d} rows" if isinstance(result, pd.DataFrame) else ""
    print(f"{name:16}{spent[name]:9.2f} s {time.perf_counter() - wall:9.2f} s wall {rows}")
    return result


def interval_table(values: pd.DataFrame, most: int) -> None:
    """Half-widths of 95 % intervals for smaller samples: a sample holds every smaller one."""
    print("\nhalf-width of the 95 % interval, mean over the methods, by evaluate.faithfulness.*")
    print(f"{'sequences':>10} {'lerf_minus_morf':>16} {'normalised':>12}")
    count = 10
    while count <= most:
        widths = []
        for metric in ("lerf_minus_morf", "normalised"):
            own = values[(values["metric"] == metric) & (values["level"] == "nucleotide")]
            groups = [g["value"].dropna().to_numpy()[:count] for _, g in own.groupby("method")]
            full = [group for group in groups if len(group) == count]
            means = [bootstrap_means(group[None], 1000, 0)[0] for group in full]
            widths.append(np.mean([(m[2] - m[1]) / 2 for m in means]) if means else np.nan)
        print(f"{count:10d} {widths[0]:16.3f} {widths[1]:12.3f}")
        count *= 2


def random_model() -> PreTrainedModel:
    """A compact DNABERT-2 that has learned nothing."""
    texts = random_data(1000)[0]["sequence"].tolist()
    return build_model("dnabert2", COMPACT, None, "main", texts, 8, seed=1).eval()


def main() -> None:
    """Explain, judge, time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="trained folder; a random model by default")
    parser.add_argument("--data", type=Path, help="folder of sequences.parquet and sites.parquet")
    parser.add_argument("--sequences", type=int, default=500, help="judged")
    parser.add_argument("--sampled", type=int, default=500, help="of these, for faithfulness")
    parser.add_argument("--range", type=int, default=25, help="of these, for the model's range")
    parser.add_argument("--robust", type=int, default=32, help="of these, for robustness")
    parser.add_argument("--substitutions", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(vars(arguments))
    model = dnalrp.load(arguments.model) if arguments.model else random_model()
    count = arguments.sequences
    frame, sites = stored_data(arguments.data, count) if arguments.data else random_data(count)
    texts, spent = frame["sequence"].tolist(), {}

    def maps() -> dict[str, RelevanceMaps]:
        methods = METHODS[model.config.model_type]
        return {method: dnalrp.explain(model, texts, method, progress=False) for method in methods}

    held = explained(frame, sites, timed("attribution", maps, spent))
    if (np.concatenate([own[:, 1] - own[:, 0] for own in held.token_spans]) <= 1).all():
        held = held._replace(tokens={}, token_spans=())
    timed("localisation", lambda: judging.judge_localisation(held), spent)
    timed("concentration", lambda: judging.judge_concentration(held), spent)
    timed("similarity", lambda: judging.judge_similarity(held), spent)
    timed("ledger", lambda: judging.judge_ledger(held), spent)
    share = sum(list(spent.values())[1:]) / spent["attribution"]
    print(f"these four take {100 * share:.1f} % of the attribution time of their maps")
    sample = {"sequences": arguments.robust, "seed": 1}
    timed("robustness", lambda: probing.judge_robustness(held, model, sample), spent)
    sample = sample | {
        "sequences": arguments.sampled,
        "range_sequences": arguments.range,
        "draws": 2,
        "substitutions": arguments.substitutions,
        "filler": "background",
        "shares": [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5],
    }
    values = timed("faithfulness", lambda: probing.judge_faithfulness(held, model, sample), spent)
    rate = min(count, arguments.sampled) / spent["faithfulness"]
    print(f"faithfulness: {rate:.2f} sequences a second of the processor, all methods together")
    print(f"all: {sum(spent.values()):.0f} s of the processor")
    means = values.groupby(["level", "method", "metric"])["value"].mean().unstack()
    print(means.round(3).to_string())
    interval_table(values, arguments.sampled)


if __name__ == "__main__":
    main()
