"""What pre-training gives: a data set of the workflow learnt from each of three starts.

`pretrained`: the weights and tokenizer of a folder. `tokenizer`: that tokenizer and random
weights. `random`: as config.yaml has it, a tokenizer of the data set and random weights. Prints
the dev AUROC after each epoch, the test AUROC of the best, and the localisation AUROC of its
AttnLRP `split` maps on test sequences with a true site.

    python benchmarks/pretraining.py results/data/oct4_mafk [--start pretrained] [--epochs 7]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml
from transformers import PreTrainedModel

import dnalrp
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.evaluation.axes.localisation import localise
from dnalrp.models.architectures.dnabert2 import DnaBert2Section
from dnalrp.models.building import build_model
from dnalrp.models.dnabert2 import DnaBert2ForSequenceClassification
from dnalrp.models.prediction import predict
from dnalrp.models.training_settings import Training
from dnalrp.performance import performance
from dnalrp.training import train

ROOT = Path(__file__).parent.parent
STARTS = ("pretrained", "tokenizer", "random")


def new_model(start: str, folder: str, sequences: pd.DataFrame, seed: int) -> PreTrainedModel:
    """Classifier to be trained, as the stage `train` builds it."""
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["dnabert2"]
    pretrained = None if start == "random" else folder
    section = DnaBert2Section.model_validate(settings | {"pretrained": pretrained})
    texts = sequences.loc[sequences["split"] == "train", "sequence"]
    model = build_model(section, [*texts, *texts.map(reverse_complement)], seed=seed)
    if start != "tokenizer":
        return model
    tokenizer = model.tokenizer
    torch.manual_seed(seed)
    model = DnaBert2ForSequenceClassification(model.config)
    model.tokenizer = tokenizer
    return model


def localisation(
    model: PreTrainedModel, test: pd.DataFrame, sites: pd.DataFrame, count: int
) -> pd.Series:
    """Localisation AUROC of AttnLRP's `split` maps, each in the sign of its class."""
    lengths = dict(zip(test["id"], test["sequence"].map(len), strict=True))
    masks: dict[str, np.ndarray] = {}
    for site in sites[(sites["role"] == "motif") & sites["id"].isin(lengths)].itertuples():
        masks.setdefault(site.id, np.zeros(lengths[site.id], bool))[site.start : site.end] = True
    chosen = test[test["id"].isin(masks.keys())].sample(frac=1, random_state=1).head(count)
    maps = dnalrp.explain(model, chosen["sequence"].tolist(), progress=False).nucleotides()
    signs = 2 * chosen["label"].to_numpy() - 1
    return pd.Series(
        localise(sign * relevance[None, : len(masks[name])], masks[name][None])["auroc"][0]
        for name, sign, relevance in zip(chosen["id"], signs, maps, strict=True)
    )


def main() -> None:
    """Train, test and explain one model; print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of sequences.parquet and sites.parquet")
    parser.add_argument("--start", choices=STARTS, default="pretrained")
    parser.add_argument("--folder", default=str(ROOT / "models/compact"))
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--sequences", type=int, default=300, help="explained")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sequences = pd.read_parquet(options.data / "sequences.parquet")
    model = new_model(options.start, options.folder, sequences, options.seed)
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["dnabert2"]
    changed = {"epochs": options.epochs, "learning_rate": options.learning_rate}
    training = Training.model_validate(settings["training"] | changed)
    with tempfile.TemporaryDirectory() as checkpoints:
        history = train(
            model,
            sequences,
            training,
            seed=options.seed,
            checkpoints=checkpoints,
            device=torch.device("cpu"),
        )
    test = sequences[sequences["split"] == "test"]
    logits = predict(model, test["sequence"].tolist())
    scores = performance(test["label"].to_numpy(), logits[:, 1] - logits[:, 0])
    located = localisation(
        model, test, pd.read_parquet(options.data / "sites.parquet"), options.sequences
    )
    error = located.std() / len(located) ** 0.5
    by_epoch = " ".join(f"{value:.4f}" for value in history["eval_auroc"].dropna())
    print(f"{options.data.name} {options.start} {changed}: dev AUROC {by_epoch}")
    print(f"  test {' '.join(f'{name} {value:.4f}' for name, value in scores.items())}")
    print(f"  localisation AUROC {located.mean():.4f} +- {error:.4f} of {len(located)} sequences")


if __name__ == "__main__":
    main()
