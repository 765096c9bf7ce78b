"""Settings checked at the door: against a schema, then against each other and JASPAR."""

import difflib
import sqlite3
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from dnalrp.errors import InputError

_EVERY_MODEL = ("saliency", "integrated_gradients", "occlusion", "mutagenesis", "random")
METHODS = {
    "dnabert2": (
        *("attnlrp", "cp_lrp", "gradient_x_input"),
        *("attention_rollout", "attention_x_gradient", *_EVERY_MODEL),
    ),
    "regulatory_cnn": ("lrp", "gradient_x_input", "deep_lift_shap", *_EVERY_MODEL),
}
"""What explains a model, by architecture: said here too, since this module imports no torch."""


def check_settings(settings: Mapping[str, Any], schema: str | Path) -> None:
    """Refuse settings that the workflow could not run with.

    Raises
    ------
    InputError
        One line: the key, the offending value and the cure.
    """
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    error = best_match(Draft202012Validator(rules).iter_errors(settings))
    if error is not None:
        raise InputError(_one_line(error))
    for complaint in _contradictions(settings):
        raise InputError(complaint)
    _check_motifs(settings)


def _one_line(error: ValidationError) -> str:
    key = ".".join(str(part) for part in error.absolute_path) or "top level"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(error.schema.get("properties", ()))
        unknown = next(name for name in error.instance if name not in known)
        close = difflib.get_close_matches(str(unknown), known, n=1)
        cure = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        return f"{key}: unknown setting {unknown!r}; {cure}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{key}: setting {missing!r} is missing; add it, config.yaml shows all"
    message = error.message if len(error.message) < 200 else f"{error.message[:200]} ..."
    return f"{key}: {message.splitlines()[0]}; correct the value"


def _contradictions(settings: Mapping[str, Any]) -> Iterator[str]:
    models, methods = settings["models"], settings["attribute"]["methods"]
    for name in models:
        if name not in methods:
            yield f"attribute.methods: no methods for model {name!r}; list some"
    for name, chosen in methods.items():
        if name not in models:
            continue
        fitting = METHODS[models[name]["architecture"]]
        for method in chosen:
            if method not in fitting:
                yield (
                    f"attribute.methods.{name}: {method!r} does not explain a "
                    f"{models[name]['architecture']}; choose from {', '.join(fitting)}"
                )
    yield from _pretraining_contradictions(settings)
    for name, model in models.items():
        size = model["size"]
        heads = size.get("num_attention_heads", 1)
        if size["hidden_size"] % heads:
            yield (
                f"models.{name}.size: hidden_size {size['hidden_size']} is not a multiple of "
                f"num_attention_heads {heads}; change one"
            )
    needed = settings["motifs"]["window"] + 2 * settings["motifs"]["flank"]
    for name, dataset in settings["datasets"].items():
        yield from _dataset_contradictions(f"datasets.{name}", dataset)
        if dataset.get("length", needed) < needed:
            yield (
                f"datasets.{name}.length: {dataset['length']} is less than the {needed} bases that "
                "motif discovery looks at; raise it, or lower motifs.window or motifs.flank"
            )


def _pretraining_contradictions(settings: Mapping[str, Any]) -> Iterator[str]:
    pretraining = settings.get("pretraining")
    for name, model in settings["models"].items():
        if model["pretrained"] != "pretraining":
            continue
        if not pretraining:
            yield (
                f"models.{name}.pretrained: 'pretraining' is a section that is not there; "
                "add one as in config/pretraining.yaml, or give a folder"
            )
        elif model["architecture"] != "dnabert2":
            yield f"models.{name}.pretrained: pre-training makes a dnabert2; set it to null"
    if pretraining:
        shortest, longest = pretraining["crops"]["length"]
        if shortest > longest:
            yield (
                f"pretraining.crops.length: from {shortest} to {longest} is empty; "
                "give the smaller first"
            )
        steps = pretraining["training"]
        if steps["warmup_steps"] + steps["decay_steps"] > steps["steps"]:
            yield (
                f"pretraining.training: warm-up and decay take more than all {steps['steps']} "
                "steps; lower them or raise 'steps'"
            )
        size = pretraining["size"]
        if size["hidden_size"] % size["num_attention_heads"]:
            yield (
                f"pretraining.size: hidden_size {size['hidden_size']} is not a multiple of "
                f"num_attention_heads {size['num_attention_heads']}; change one"
            )


def _dataset_contradictions(key: str, dataset: Mapping[str, Any]) -> Iterator[str]:
    if dataset["source"] == "simulated":
        for pair in ("sites", "spacing"):
            low, high = dataset[pair]
            if low > high:
                yield f"{key}.{pair}: from {low} to {high} is empty; give the smaller first"
        if dataset["rule"] in ("xor", "spacing") and len(dataset["motifs"]) < 2:
            yield f"{key}.rule: {dataset['rule']!r} needs two motifs; list them under 'motifs'"
        if shared := set(dataset["motifs"]) & set(dataset["decoys"]):
            yield f"{key}.decoys: {min(shared)} is also a motif; choose another decoy"
        return
    splits = dataset["splits"]
    if shared := set(splits["dev"]) & set(splits["test"]):
        yield f"{key}.splits: {min(shared)} is in dev and test; keep it in one of them"
    if not any(entry["motifs"] for entry in dataset["classes"]):
        yield f"{key}.classes: no class names a motif; list JASPAR ids under 'motifs'"


def _check_motifs(settings: Mapping[str, Any]) -> None:
    known = _matrix_ids(settings["jaspar"])
    for name, dataset in settings["datasets"].items():
        if dataset["source"] == "simulated":
            named = {"motifs": dataset["motifs"], "decoys": dataset["decoys"]}
        else:
            named = {f"classes.{c['name']}.motifs": c["motifs"] for c in dataset["classes"]}
        for key, ids in named.items():
            for motif_id in ids:
                if motif_id not in known:
                    raise InputError(
                        f"datasets.{name}.{key}: {settings['jaspar']} has no matrix "
                        f"{motif_id!r}; look up the id, for example MA0139 or MA0139.2"
                    )


def _matrix_ids(release: str) -> set[str]:
    """All matrix ids of a release, with and without version.

    Read from the database file itself: importing pyjaspar would take longer than all the rest.
    """
    spec = find_spec("pyjaspar")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "data" / f"{release}.sqlite"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT BASE_ID, VERSION FROM MATRIX").fetchall()
    finally:
        connection.close()
    return {base for base, _ in rows} | {f"{base}.{version}" for base, version in rows}
