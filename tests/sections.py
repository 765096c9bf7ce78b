"""Sections of the settings for tests: what a test does not speak of has a value here."""

from pathlib import Path

from dnalrp.data.jaspar import fetch_motifs
from dnalrp.data.simulate import simulate
from dnalrp.data.sources.catalogue import SOURCES, Supply, prepare
from dnalrp.models.catalogue import ARCHITECTURES
from dnalrp.models.training_settings import Training

RELEASE = "JASPAR2026"
SHARES = {"dev": 0.2, "test": 0.2, "seed": 1}
TRAINING = Training(
    epochs=4,
    batch_size=32,
    learning_rate=0.01,
    weight_decay=0.01,
    warmup_share=0.1,
    reverse_complement=0.5,
    patience=3,
    warmup_steps=None,
    schedule="cosine",
    evaluate_steps=None,
    best_by="auroc",
    adapter=None,
    class_weights=None,
    precision="float32",
)
CNN_SIZE = {
    "filters": 32,
    "kernel_size": 15,
    "pool_size": 4,
    "second_filters": 32,
    "second_kernel_size": 7,
    "hidden_size": 32,
    "dropout": 0.0,
}
ENCODER_SIZE = {
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "hidden_dropout_prob": 0.0,
}
_MODELS = {
    "dnabert2": {"size": ENCODER_SIZE, "max_token_length": 4},
    "regulatory_cnn": {"size": CNN_SIZE, "max_token_length": 1},
}
_INTERVALS = {"aliases": {}, "length": 20, "blacklist": [], "negatives": None, "splits": SHARES}
_DATASETS = {
    "simulated": {
        "length": 120,
        "sequences": {"train": 4, "dev": 4, "test": 4},
        "background": {"kind": "composition", "gc": 0.4},
        "motifs": ["MA0139", "MA0138", "MA0106"],
        "decoys": ["MA0112", "MA0798", "MA0732"],
        "sites": [1, 3],
        "grammar": "any",
        "spacing": [5, 10],
        "seed": 3,
    },
    "peaks": {"archive": None, "site_p_value": 1e-4},
    "table": {"splits": SHARES, "lengths": [20, 100], "site_p_value": 1e-4},
    "fasta": {"splits": SHARES, "lengths": [20, 100], "negatives": None, "site_p_value": 1e-4},
    "intervals": {**_INTERVALS, "site_p_value": 1e-4},
}


def changed(section, **changes):
    """The same section, checked again, with other values."""
    return type(section).model_validate(section.model_dump(exclude_unset=True) | changes)


def model_section(architecture, **changes):
    """Settings of a model: small, from random weights, briefly trained."""
    given = {"pretrained": None, "revision": "main", "training": TRAINING.model_dump()}
    fields = {"architecture": architecture, **given, **_MODELS.get(architecture, {}), **changes}
    return ARCHITECTURES[architecture].section.model_validate(fields)


def dataset(source, **changes):
    """Settings of a data set; paths may be paths."""
    fields = {"source": source, **_DATASETS[source], **changes}
    return SOURCES[source].section.model_validate(_plain(fields))


def prepared(folder, source, **changes):
    """A data set; ``folder`` is for what reading it unpacks."""
    return prepare(dataset(source, **changes), Supply(RELEASE, Path(folder)))


def named(*names, motifs=(), **files):
    """Classes as settings list them: by names alone, and with the files of each.

    ``files`` holds one kind, such as ``bed={"a": [path]}``.
    """
    classes = [{"name": name, "motifs": list(motifs)} for name in names]
    for kind, listed in files.items():
        classes += [
            {"name": name, "motifs": list(motifs), kind: paths} for name, paths in listed.items()
        ]
    return classes


def simulated(counts=None, **changes):
    """Sequences and sites of the splits that ``counts`` names, and no others."""
    counts = counts or {"train": 60, "test": 40}
    section = dataset(
        "simulated", sequences=_DATASETS["simulated"]["sequences"] | counts, **changes
    )
    matrices = [fetch_motifs(ids, RELEASE) for ids in (section.motifs, section.decoys)]
    sequences, sites = simulate(section, *matrices)
    sequences = sequences[sequences["split"].isin(counts)].reset_index(drop=True)
    return sequences, sites[sites["id"].isin(sequences["id"])].reset_index(drop=True)


def _plain(value):
    """Paths as text and tuples as lists, as YAML would have them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
