"""Time of every group of metrics, faithfulness's rate, and what its sample does to its interval.

Six methods on a random compact model and random sequences with random sites, or on a trained
folder and its sequences; all metrics of the evaluate stage in its default settings, faithfulness
on its default sample and on all sequences::

    python benchmarks/evaluation.py
    python benchmarks/evaluation.py --model results/models/implant/dnabert2/seed1 \
        --data results/data/implant --split test --threads 2

Times are of the processor, all threads together, and of the wall, which is longer where other
programs run. Explaining, which comes before, is not part of the sums.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import yaml
from transformers import PreTrainedModel

import dnalrp
from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import Attributions, NucleotideMaps
from dnalrp.data.scan import SITE_COLUMNS
from dnalrp.evaluation import judging, probing
from dnalrp.evaluation.comparison import compare, relative_to_ceiling
from dnalrp.evaluation.maps import token_maps
from dnalrp.evaluation.metrics import IN_UNITS_OF_THE_OUTPUT, direction_of
from dnalrp.evaluation.summary import bootstrap_means, summarise, summarise_over_seeds
from dnalrp.models.building import build_model

DEFAULTS = Path(__file__).parent.parent / "config.yaml"
SAMPLED = "of these, for faithfulness; by default config.yaml's number, then all"
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


def stored_data(folder: Path, count: int, split: str | None) -> tuple[pd.DataFrame, ...]:
    """A seeded sample of the sequences held out from training, and their sites."""
    frame = pd.read_parquet(folder / "sequences.parquet")
    frame = frame[frame["split"] == split if split else frame["split"] != "train"]
    frame = frame.sample(min(count, len(frame)), random_state=0).sort_values("id")
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


class Spent(NamedTuple):
    """Seconds of the processor, all threads together, and of the wall."""

    processor: float
    wall: float


def timed(name: str, call: Callable[[], Any], spent: dict[str, Spent]) -> Any:
    """Result of a call; its times go to the terminal and into ``spent``."""
    wall, processor = time.perf_counter(), time.process_time()
    result = call()
    spent[name] = own = Spent(time.process_time() - processor, time.perf_counter() - wall)
    rows = f"{len(result):9d} rows" if isinstance(result, pd.DataFrame) else ""
    print(f"{name:20}{own.processor:9.2f} s {own.wall:9.2f} s wall {rows}", flush=True)
    return result


def tables(values: pd.DataFrame, settings: dict[str, int]) -> pd.DataFrame:
    """What the evaluate stage makes of all values: means, intervals, comparisons."""
    values = values.assign(dataset="data", model="model", seed="seed1")
    resampling = (settings["resamples"], settings["seed"])
    means = summarise(values, *resampling)
    values = pd.concat([values, relative_to_ceiling(values)], ignore_index=True)
    directions = {name: direction_of(name) for name in values["metric"].unique()}
    directions = {name: sign for name, sign in directions.items() if sign}
    compare(values, directions, frozenset(directions) - IN_UNITS_OF_THE_OUTPUT, *resampling)
    summarise_over_seeds(values, *resampling)
    return means


def interval_table(values: pd.DataFrame, rate: float) -> None:
    """Half-widths of 95 % intervals for smaller samples: a sample holds every smaller one."""
    print("\nhalf-width of the 95 % interval on nucleotides, mean over the methods, by")
    print("evaluate.faithfulness.sequences (of normalised: range_sequences)")
    print(f"{'sequences':>10} {'processor':>10} {'lerf_minus_morf':>16} {'normalised':>12}")
    own = values[(values["level"] == "nucleotide") & (values["method"] != probing.BEST)]
    count, most = 15, own["id"].nunique()
    while count <= most:
        widths = []
        for metric in ("lerf_minus_morf", "normalised"):
            groups = [
                group["value"].iloc[:count].dropna().to_numpy()
                for _, group in own[own["metric"] == metric].groupby("method")
                if len(group) >= count
            ]
            means = [bootstrap_means(group[None], 1000, 0)[0] for group in groups]
            widths.append(np.mean([(m[2] - m[1]) / 2 for m in means]) if means else np.nan)
        print(f"{count:10d} {count / rate:8.0f} s {widths[0]:16.3f} {widths[1]:12.3f}")
        count *= 2


def random_model() -> PreTrainedModel:
    """A compact DNABERT-2 that has learned nothing."""
    texts = random_data(1000)[0]["sequence"].tolist()
    return build_model("dnabert2", COMPACT, None, "main", texts, 8, seed=1).eval()


def arguments() -> argparse.Namespace:
    """Options; those on faithfulness default to config.yaml's settings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="trained folder; a random model by default")
    parser.add_argument("--data", type=Path, help="folder of sequences.parquet and sites.parquet")
    parser.add_argument("--split", help="of the data; by default all but train")
    parser.add_argument("--sequences", type=int, default=500, help="judged")
    parser.add_argument("--sampled", type=int, nargs="+", help=SAMPLED)
    parser.add_argument("--range", type=int, help="of these, for the model's range")
    parser.add_argument("--robust", type=int, help="of these, for robustness")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Explain, judge, time."""
    options = arguments()
    torch.set_num_threads(options.threads)
    settings = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["evaluate"]
    model = dnalrp.load(options.model) if options.model else random_model()
    count = options.sequences
    frame, sites = (
        stored_data(options.data, count, options.split) if options.data else random_data(count)
    )
    texts, spent = frame["sequence"].tolist(), {}
    methods = METHODS[model.config.model_type]
    print(f"{len(texts)} sequences, {options.threads} threads, {', '.join(methods)}")

    def maps() -> dict[str, RelevanceMaps]:
        return {method: dnalrp.explain(model, texts, method, progress=False) for method in methods}

    held = explained(frame, sites, timed("explaining, before", maps, spent))
    if (np.concatenate([own[:, 1] - own[:, 0] for own in held.token_spans]) <= 1).all():
        held = held._replace(tokens={}, token_spans=())
    values = [
        timed("localisation", lambda: judging.judge_localisation(held), spent),
        timed("concentration", lambda: judging.judge_concentration(held), spent),
        timed("similarity", lambda: judging.judge_similarity(held), spent),
        timed("ledger", lambda: judging.judge_ledger(held), spent),
    ]
    explaining, *cheap = spent.values()
    share = sum(own.processor for own in cheap) / explaining.processor
    print(f"these four take {100 * share:.1f} % of the time that explaining took")
    robust = settings["robustness"]
    robust |= {"sequences": options.robust or robust["sequences"]}
    values.append(timed("robustness", lambda: probing.judge_robustness(held, model, robust), spent))
    faithful = settings["faithfulness"]
    faithful |= {"range_sequences": options.range or faithful["range_sequences"]}
    for sampled in options.sampled or (faithful["sequences"], count):
        own, sample = dict(spent), faithful | {"sequences": sampled}
        found = timed(
            f"faithfulness of {sampled}",
            lambda sample=sample: probing.judge_faithfulness(held, model, sample),
            own,
        )
        rate = min(count, sampled) / own[f"faithfulness of {sampled}"].processor
        print(f"    {rate:.2f} sequences a second of the processor, all methods together")
        joined = pd.concat([*values, found], ignore_index=True)
        timed("tables", lambda joined=joined: tables(joined, settings["intervals"]), own)
        judging_alone = list(own.values())[1:]
        print(
            f"all metrics of {len(texts)} sequences, {len(methods)} methods, faithfulness of "
            f"{sampled}: {sum(each.processor for each in judging_alone):.0f} s of the processor, "
            f"{sum(each.wall for each in judging_alone):.0f} s wall\n"
        )
    means = found.groupby(["level", "method", "metric"])["value"].mean().unstack()
    print(means.round(3).to_string())
    interval_table(found, rate)


if __name__ == "__main__":
    main()
