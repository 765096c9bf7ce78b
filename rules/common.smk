"""Settings checked at the door, and what several rule files need."""

import ast
import hashlib
import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(workflow.basedir)
PACKAGE = ROOT / "src"
sys.path.insert(0, str(PACKAGE))

from dnalrp.data.catalogue import named_data
from dnalrp.data.grammar import GRAMMAR_RULES, PAIR_RULES
from dnalrp.data.local import is_url
from dnalrp.errors import InputError
from dnalrp.models.checkpoints import checkpoint_files
from dnalrp.report.sections import figure_names
from dnalrp.settings import (
    SHUFFLED,
    check_keys,
    check_settings,
    data_files,
    explained_datasets,
    without_nulls,
)

try:
    for file in workflow.configfiles:
        check_keys(file)
    config.update(without_nulls(config))
    check_settings(config, ROOT / "workflow/schemas/config.schema.yaml")
except InputError as error:
    raise WorkflowError(f"config: {error}") from None

RESULTS = config["results"]
TRAINED_ON = explained_datasets(config["datasets"])
DATASETS = list(TRAINED_ON)
MODELS = list(config["models"])
SEEDS = config["seeds"]
PRETRAINING = config.get("pretraining") or {}
PRETRAINED = f"{RESULTS}/pretrained/{PRETRAINING.get('name')}"
for model in config["models"].values():
    if model["pretrained"] == "pretraining":
        model["pretrained"] = PRETRAINED
TOKEN_MODEL = next(
    (name for name in MODELS if config["models"][name]["architecture"] != "regulatory_cnn"),
    MODELS[0],
)
ENVIRONMENT = "../envs/dnalrp.yaml"
GPU = int(config["gpu"])
DOWNLOADS = {row.result: vars(row) for row in named_data().values()}


def datasets_from(*sources):
    """Names of the data sets of some sources, as a wildcard constraint."""
    names = [name for name, dataset in config["datasets"].items() if dataset["source"] in sources]
    return "|".join(names) or "(?!)"


def ordered(value):
    """The same settings with sorted keys: Snakemake compares params by their text."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


CONTROL_MODELS = [model + SHUFFLED for model in MODELS]
MODELS_OF = {
    dataset: MODELS + CONTROL_MODELS * (trained_on in config["controls"]["shuffled_labels"])
    for dataset, trained_on in TRAINED_ON.items()
}
RUNS = [
    f"{dataset}/{model}/seed{seed}"
    for dataset in DATASETS
    for model in MODELS_OF[dataset]
    for seed in SEEDS
]
FIGURES = figure_names(config)
METRIC_ORIGINS = [
    f"{dataset}/{model}/seed{seed}"
    for dataset in DATASETS
    for model in [*MODELS_OF[dataset], "between_models"]
    for seed in SEEDS
]
if len(SEEDS) > 1:
    METRIC_ORIGINS += [
        f"{dataset}/{model}/between_seeds" for dataset in DATASETS for model in MODELS_OF[dataset]
    ]


def settings_of(*keys):
    """Params function: the settings below ``keys``, wildcards filled in."""

    def read(wildcards):
        value = config
        for key in keys:
            value = value[key.format(**wildcards)]
        return ordered(value)

    return read


def model_settings(wildcards):
    """Settings of a model; those of a control are of the model that it is a control of."""
    return ordered(config["models"][wildcards.model.removesuffix(SHUFFLED)])


def training_labels(wildcards):
    """The labels that a model is trained on: true or shuffled."""
    return "shuffled" if wildcards.model.endswith(SHUFFLED) else "true"


def class_names(wildcards):
    """Names of a data set's classes in the order of their labels; none where it is simulated."""
    dataset = config["datasets"][wildcards.dataset]
    made = ["background"] if dataset.get("negatives") else []
    return made + [entry["name"] for entry in dataset.get("classes", [])]


def label_settings(wildcards):
    """Number, name and motifs of one of a data set's labels."""
    labels = config["datasets"][wildcards.parent]["classes"]
    number = [entry["name"] for entry in labels].index(wildcards.label)
    return ordered({"number": number, **labels[number]})


def attribute_methods(wildcards):
    """The methods that explain a model, or the model that it is a control of."""
    return config["attribute"]["methods"][wildcards.model.removesuffix(SHUFFLED)]


def attribute_settings(wildcards):
    """Settings of the attribute stage without the list of methods."""
    return ordered({k: v for k, v in config["attribute"].items() if k != "methods"})


def grammar_rule(wildcards):
    """The rule on two motifs that made a simulated data set's labels, if one did."""
    name = config["datasets"][TRAINED_ON[wildcards.dataset]].get("rule")
    return name if name in GRAMMAR_RULES else None


def true_motifs(wildcards):
    """Ids of a data set's true motifs by the sign of relevance they should appear with."""
    dataset = config["datasets"][TRAINED_ON[wildcards.dataset]]
    if dataset["source"] == "simulated":
        pair = dataset["rule"] in PAIR_RULES
        return {"positive": dataset["motifs"][:2] if pair else dataset["motifs"]}
    if dataset.get("several_labels"):
        label = wildcards.dataset.rpartition(".")[2]
        return {"positive": next(e["motifs"] for e in dataset["classes"] if e["name"] == label)}
    motifs = [entry["motifs"] for entry in dataset["classes"]]
    if len(motifs) == 2:
        return {"negative": motifs[0], "positive": motifs[1]}
    return {"positive": [motif for own in motifs for motif in own]}


def pretrained_files(wildcards):
    """What training starts from: the pre-training stage's folder, or the files of a checkpoint."""
    name = model_settings(wildcards)["pretrained"]
    if name == PRETRAINED:
        return [PRETRAINED]
    return checkpoint_files(name) if name else []


def simulation_background(wildcards):
    """The FASTA file that a simulated background is drawn from, if one is."""
    return config["datasets"][wildcards.dataset]["background"].get("fasta", [])


def prepared_from(wildcards):
    """A data set's archive, or the local files that it is read from."""
    dataset = config["datasets"][wildcards.dataset]
    if dataset.get("archive"):
        return {"archive": f"{RESULTS}/data/{wildcards.dataset}/archive.whl"}
    return {"files": [path for path in data_files(dataset).values() if not is_url(path)]}


@cache
def code_of(script):
    """Digest of all package code that a script imports, however far down.

    Snakemake sees a change of the script alone. Comments, layout and docstrings do not count.
    """
    digest, found = hashlib.sha256(), {}
    waiting = list(_package_imports(ROOT / "workflow/scripts" / script))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = _code_text(path)
            waiting.extend(_package_imports(path))
    for path in sorted(found):
        digest.update(f"{path.relative_to(PACKAGE)}\n{found[path]}\n".encode())
    return digest.hexdigest()[:16]


@cache
def _parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _package_imports(path):
    """Files of the package that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    for name in names:
        if name.startswith("dnalrp."):
            file = PACKAGE.joinpath(*name.split(".")).with_suffix(".py")
            if file.is_file():
                yield file


def _code_text(path):
    tree = _parsed(path)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
                body.pop(0)
    return ast.dump(tree)


wildcard_constraints:
    dataset="|".join(map(re.escape, DATASETS)),
    parent="|".join(sorted(set(config["datasets"]) - set(DATASETS))) or "(?!)",
    label="|".join(name.partition(".")[2] for name in DATASETS if "." in name) or "(?!)",
    model="|".join(MODELS + CONTROL_MODELS),
    seed=r"\d+",
