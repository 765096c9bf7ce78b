"""Settings checked at the door: against a schema, then against each other and JASPAR."""

import difflib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from dnalrp.data.grammar import PAIR_RULES
from dnalrp.data.local import checked_url, is_url
from dnalrp.errors import InputError
from dnalrp.models.checkpoints import find_checkpoint

_EVERY_MODEL = ("saliency", "integrated_gradients", "occlusion", "mutagenesis", "random")
_ENCODER = (
    *("attnlrp", "cp_lrp", "gradient_x_input"),
    *("attention_rollout", "attention_x_gradient", *_EVERY_MODEL),
)
METHODS = {
    **dict.fromkeys(("dnabert2", "bert", "esm", "modernbert"), _ENCODER),
    "regulatory_cnn": ("lrp", "gradient_x_input", "deep_lift_shap", *_EVERY_MODEL),
}
"""What explains a model, by architecture: said here too, since this module imports no torch."""
RANDOMISED = "_randomised"
"""Ends a method that explains a copy of the model with new random parameters: a control."""
CNN_LAYERS = ("first.convolution", "second.convolution", "dense", "classifier")
"""Layers of a regulatory_cnn that an LRP rule can be chosen for."""
SHUFFLED = "_shuffled"
"""Ends the name of a model that was trained on shuffled labels: a control."""
BETWEEN_MODELS, BETWEEN_SEEDS = "between_models", "between_seeds"
"""In place of a model's name, or of a seed's, in rows of the tables that compare two."""


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
    _check_results(settings["results"])
    for name, model in settings["models"].items():
        if model["pretrained"] not in (None, "pretraining"):
            try:
                find_checkpoint(model["pretrained"])
            except InputError as error:
                raise InputError(f"models.{name}.pretrained: {error}") from error
    for name, dataset in settings["datasets"].items():
        for key, location in data_files(dataset).items():
            _check_file(f"datasets.{name}.{key}", location)
        if dataset["source"] == "table":
            _check_tables(f"datasets.{name}", dataset)


def check_keys(path: str | Path) -> None:
    """Refuse a YAML file with a key that is there twice: the first one would be lost.

    Raises
    ------
    InputError
        One line: file, lines and key. What is no YAML is left to who reads it.
    """
    with Path(path).open(encoding="utf-8-sig") as file:
        try:
            waiting = [yaml.compose(file, Loader=yaml.SafeLoader)]
        except yaml.YAMLError:
            return
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise InputError(
                    f"{path}, line {line}: {key.value!r} is on line {seen[key.value]} already; "
                    "remove one, or put what is below them together"
                )
            seen[str(key.value)] = line
            waiting.append(value)


def without_nulls(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without the data sets, models and background keys that are null.

    So a configuration laid over another leaves them out; a model's methods go with it. What is
    no mapping stays for :func:`check_settings` to refuse.
    """
    result = {**settings, "datasets": _kept(settings.get("datasets") or {})}
    result["models"] = _kept(settings.get("models") or {})
    if isinstance(result["datasets"], dict):
        for name, dataset in result["datasets"].items():
            if isinstance(dataset, Mapping) and "background" in dataset:
                result["datasets"][name] = {**dataset, "background": _kept(dataset["background"])}
    models, attribute = settings.get("models"), settings.get("attribute")
    if isinstance(models, Mapping) and isinstance(attribute, Mapping):
        gone = dict.fromkeys(name for name, own in models.items() if own is None)
        methods = attribute.get("methods")
        if isinstance(methods, Mapping):
            result["attribute"] = {**attribute, "methods": _kept({**methods, **gone})}
    return result


def _kept(section: Any) -> Any:
    if not isinstance(section, Mapping):
        return section
    return {key: own for key, own in section.items() if own is not None}


def explained_datasets(datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Data sets as all stages after training know them, each with the one that it is made from.

    That is itself, but of several labels a sequence every label becomes a data set of its own, such
    as ``marks.Oct4``; names in the settings have no dot, so that none is taken.
    """
    names: dict[str, str] = {}
    for name, dataset in datasets.items():
        several = dataset.get("several_labels", False)
        labels = [f".{entry['name']}" for entry in dataset["classes"]] if several else [""]
        names |= {name + label: name for label in labels}
    return names


def data_files(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Paths and URLs of all files that a data set is read from, by the key that names each."""
    found = {"background.fasta": dataset.get("background", {}).get("fasta")}
    archive = dataset.get("archive")
    found["archive.local"] = archive["local"] if archive else None
    found["genome"] = dataset.get("genome")
    found |= {f"files.{name}": path for name, path in dataset.get("files", {}).items()}
    found |= {f"blacklist.{i}": path for i, path in enumerate(dataset.get("blacklist", []))}
    negatives = dataset.get("negatives") or {}
    found |= {f"negatives.files.{i}": path for i, path in enumerate(negatives.get("files", []))}
    for entry in dataset.get("classes", []):
        for kind in ("bed",) if archive else ("bed", "fasta"):
            for i, path in enumerate(entry.get(kind, [])):
                found[f"classes.{entry['name']}.{kind}.{i}"] = path
    return {key: location for key, location in found.items() if location is not None}


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
    if error.validator == "type":
        return f"{key}: {error.message}; {_cure_of_type(error)}"
    if error.validator == "enum" and isinstance(error.instance, str):
        known = [str(name) for name in error.validator_value]
        close = difflib.get_close_matches(error.instance, known, n=1)
        cure = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(known)}"
        return f"{key}: {error.instance!r} is not one of the choices; {cure}"
    message = error.message if len(error.message) < 200 else f"{error.message[:200]} ..."
    return f"{key}: {message.splitlines()[0]}; correct the value"


def _cure_of_type(error: ValidationError) -> str:
    """YAML reads ``yes`` as true, ``9`` as a number, and ``1e-3`` as text."""
    wanted, found = error.validator_value, error.instance
    if "string" in wanted and isinstance(found, bool):
        return "write it in quotes, else YAML reads yes, no, on and off as true and false"
    if "string" in wanted and isinstance(found, int | float):
        return f'write it in quotes: "{found}"'
    if wanted in ("number", "integer") and isinstance(found, str):
        try:
            return f"write {float(found):.12g}, without quotes"
        except ValueError:
            return "give a number"
    return "correct the value"


def _contradictions(settings: Mapping[str, Any]) -> Iterator[str]:
    yield from _map_contradictions(settings)
    yield from _pretraining_contradictions(settings)
    for name in settings["controls"]["shuffled_labels"]:
        if name not in settings["datasets"]:
            known = ", ".join(settings["datasets"])
            yield f"controls.shuffled_labels: no data set {name!r}; choose from {known}"
    for name, model in settings["models"].items():
        if name.endswith(SHUFFLED):
            yield f"models.{name}: names in {SHUFFLED!r} are those of controls; rename it"
        yield from _training_contradictions(f"models.{name}", model, settings["gpu"])
        dropout = (model["training"] or {}).get("segmentation_dropout")
        if dropout and model["architecture"] != "dnabert2":
            yield (
                f"models.{name}.training.segmentation_dropout: {dropout}, but only DNABERT-2's "
                "byte-pair tokens have merges to drop; leave it out"
            )
        size = model.get("size", {"hidden_size": 0})  # pretrained encoders have none
        heads = size.get("num_attention_heads", 1)
        if size["hidden_size"] % heads:
            yield (
                f"models.{name}.size: hidden_size {size['hidden_size']} is not a multiple of "
                f"num_attention_heads {heads}; change one"
            )
    yield from _attribution_contradictions(settings["attribute"], settings["models"])
    needed = settings["motifs"]["window"] + 2 * settings["motifs"]["flank"]
    for name, dataset in settings["datasets"].items():
        yield from _dataset_contradictions(f"datasets.{name}", dataset)
        shortest = dataset.get("length", dataset.get("lengths", [needed])[0])
        if shortest < needed:
            key = "length" if "length" in dataset else "lengths"
            yield (
                f"datasets.{name}.{key}: {shortest} is less than the {needed} bases that "
                "motif discovery looks at; raise it, or lower motifs.window or motifs.flank"
            )


def _attribution_contradictions(
    attribute: Mapping[str, Any], models: Mapping[str, Any]
) -> Iterator[str]:
    methods, segmentations = attribute["methods"], attribute["segmentations"]
    for name in models:
        if name not in methods:
            yield f"attribute.methods: no methods for model {name!r}; list some"
    for name, chosen in methods.items():
        if name not in models:
            yield f"attribute.methods: no model {name!r}; choose from {', '.join(models)}"
            continue
        fitting = METHODS[models[name]["architecture"]]
        for method in chosen:
            if method.removesuffix(RANDOMISED) not in fitting:
                yield (
                    f"attribute.methods.{name}: {method!r} does not explain a "
                    f"{models[name]['architecture']}; choose from {', '.join(fitting)}"
                )
    for layer in attribute["layer_rules"]:
        if not any(fnmatchcase(known, layer) for known in CNN_LAYERS):
            yield (
                f"attribute.layer_rules: no layer of a regulatory_cnn is {layer!r}; name or match "
                f"one of {', '.join(CNN_LAYERS)}"
            )
    if segmentations and segmentations["draws"] and not segmentations["dropout"]:
        yield (
            f"attribute.segmentations.draws: {segmentations['draws']} draws with dropout 0 are all "
            "alike; raise dropout, or set draws to 0"
        )


def _map_contradictions(settings: Mapping[str, Any]) -> Iterator[str]:
    """Maps that a stage asks for and no stage makes."""
    if settings["tracks"]["map"] not in settings["project"]["to_nucleotides"]:
        yield (
            f"tracks.map: {settings['tracks']['map']!r} is not projected; add it to "
            "project.to_nucleotides or choose another"
        )
    judged = settings["evaluate"]["faithfulness"]["map"]
    if judged == "average" and not settings["attribute"]["segmentations"]:
        yield (
            "evaluate.faithfulness.map: 'average' is not made; set attribute.segmentations or "
            "choose another"
        )
    if judged == "copy" and "copy" not in settings["project"]["to_nucleotides"]:
        yield (
            "evaluate.faithfulness.map: 'copy' is not projected; add it to "
            "project.to_nucleotides or choose another"
        )


def _training_contradictions(key: str, model: Mapping[str, Any], gpu: bool) -> Iterator[str]:
    training = model["training"]
    if training is None:
        if model["pretrained"] is None:
            yield (
                f"{key}.training: null takes a fine-tuned model as it is, but 'pretrained' names "
                "none; name one, or say how to train"
            )
        return
    if training["precision"] == "float16" and not gpu:
        yield f"{key}.training.precision: float16 needs a CUDA device; set gpu: true or float32"
    if training["adapter"] is not None and model["architecture"] == "regulatory_cnn":
        yield f"{key}.training.adapter: a regulatory_cnn has no encoder to adapt; set null"


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
        if dataset["rule"] in PAIR_RULES and len(dataset["motifs"]) < 2:
            yield f"{key}.rule: {dataset['rule']!r} needs two motifs; list them under 'motifs'"
        if dataset["rule"] == "decoy" and "mutations" not in dataset:
            yield f"{key}.rule: 'decoy' needs 'mutations', how many bases a near-copy differs by"
        if shared := set(dataset["motifs"]) & set(dataset["decoys"]):
            yield f"{key}.decoys: {min(shared)} is also a motif; choose another decoy"
        return
    names = [entry["name"] for entry in dataset["classes"]]
    if len(set(names)) < len(names):
        yield f"{key}.classes: two have one name; rename one"
    if dataset.get("several_labels"):
        yield from _label_contradictions(f"{key}.classes", names, dataset["splits"])
    if dataset["source"] == "peaks" and not any(entry["motifs"] for entry in dataset["classes"]):
        yield f"{key}.classes: no class names a motif; list JASPAR ids under 'motifs'"
    low, high = dataset.get("lengths", [0, 0])
    if low > high:
        yield f"{key}.lengths: from {low} to {high} is empty; give the smaller first"
    yield from _split_contradictions(f"{key}.splits", dataset)
    if dataset["source"] in ("fasta", "intervals"):
        yield from _negative_contradictions(key, dataset)


def _label_contradictions(
    key: str, names: Sequence[str], splits: Mapping[str, Any] | None
) -> Iterator[str]:
    """Names of labels that columns of a table, read in any case, could not have."""
    taken = {"sequence", "label", "id", (splits or {}).get("column", "id")}
    for place, name in enumerate(names):
        if name.lower() in {other.lower() for other in names[:place]}:
            yield f"{key}: two are named {name!r}, in whatever case; rename one"
        if name.lower() in taken:
            yield f"{key}: {name!r} is the name of another column of the table; rename it"


def _split_contradictions(key: str, dataset: Mapping[str, Any]) -> Iterator[str]:
    splits, files = dataset["splits"], set(dataset.get("files", ()))
    if files and files not in ({"all"}, {"train", "dev", "test"}):
        parent = key.removesuffix(".splits")
        yield f"{parent}.files: name train, dev and test, or one file as 'all'; not {sorted(files)}"
    if splits is None:
        if files == {"all"}:
            yield f"{key}: one file must be divided; give 'column', or dev, test and seed"
        return
    if len(files) > 1:
        yield f"{key}: the files are the splits already; set it to null"
    if "column" in splits:
        if len(splits) > 1:
            yield f"{key}: give 'column' alone, or dev, test and seed"
        return
    if files and not {"dev", "test", "seed"} <= set(splits):
        yield f"{key}: give 'column' alone, or all of dev, test and seed"
        return
    dev, test = splits["dev"], splits["test"]
    if isinstance(dev, list) != isinstance(test, list):
        yield f"{key}: dev and test must both be lists of chromosomes, or both shares"
    elif isinstance(dev, list):
        if shared := set(dev) & set(test):
            yield f"{key}: {min(shared)} is in dev and test; keep it in one of them"
        if "seed" in splits:
            yield f"{key}.seed: chromosomes are not drawn by chance; remove it"
    elif dev + test >= 1:
        yield f"{key}: dev {dev} and test {test} leave nothing to train on; lower them"
    elif "seed" not in splits:
        yield f"{key}: setting 'seed' is missing; shares are drawn by chance"


def _negative_contradictions(key: str, dataset: Mapping[str, Any]) -> Iterator[str]:
    count, negatives = len(dataset["classes"]), dataset["negatives"]
    if negatives is None and count < 2:
        yield f"{key}.negatives: one class only; say where negatives come from, or add a class"
    if negatives is not None and count > 1:
        yield f"{key}.negatives: there are {count} classes already; set it to null"
    if negatives is not None and dataset["classes"][0]["name"] == "background":
        yield f"{key}.classes: 'background' is the name of the negatives; choose another"
    if negatives is not None and negatives["kind"] == "genome" and dataset["source"] == "fasta":
        yield (
            f"{key}.negatives.kind: a FASTA file names no genome; choose shuffle or peaks, or "
            "give the intervals and 'source: intervals'"
        )


def _check_file(key: str, location: str) -> None:
    if is_url(location):
        try:
            checked_url(location)
        except InputError as error:
            raise InputError(f"{key}: {error}") from error
        return
    path = Path(location)
    if path.is_dir():
        raise InputError(f"{key}: {location} is a folder; give the file itself")
    if not path.exists():
        raise InputError(f"{key}: no such file {location}; correct the path or put it there")
    if not os.access(path, os.R_OK):
        raise InputError(f"{key}: {location} may not be read; correct its permissions")
    if path.stat().st_size == 0:
        raise InputError(f"{key}: {location} is empty; fetch or write it again")


def _check_tables(key: str, dataset: Mapping[str, Any]) -> None:
    from dnalrp.data.table import check_header  # here: it imports pandas

    column = (dataset["splits"] or {}).get("column")
    several = [own["name"] for own in dataset["classes"] if dataset.get("several_labels")]
    for name, location in dataset["files"].items():
        if not is_url(location):
            try:
                check_header(location, [column] if column else [], several)
            except InputError as error:
                raise InputError(f"{key}.files.{name}: {error}") from error


def _check_results(folder: str) -> None:
    from dnalrp.provenance import check_folder  # here: it imports pandas

    if "{" in folder or "}" in folder:
        raise InputError(f"results: {folder!r} holds a brace; leave it out")
    check_folder(folder, "results:")


def _check_motifs(settings: Mapping[str, Any]) -> None:
    families = _families(settings["jaspar"])
    for name, dataset in settings["datasets"].items():
        if dataset["source"] == "simulated":
            named = {"motifs": dataset["motifs"], "decoys": dataset["decoys"]}
        else:
            named = {f"classes.{c['name']}.motifs": c["motifs"] for c in dataset["classes"]}
        for key, ids in named.items():
            for motif_id in ids:
                if motif_id not in families:
                    raise InputError(
                        f"datasets.{name}.{key}: {settings['jaspar']} has no matrix "
                        f"{motif_id!r}; look up the id, for example MA0139 or MA0139.2"
                    )
        planted = set().union(*(families[motif_id] for motif_id in named.get("motifs", ())))
        for decoy in named.get("decoys", ()):
            if shared := families[decoy] & planted:
                raise InputError(
                    f"datasets.{name}.decoys: {decoy} is of the family {min(shared)!r} of a "
                    "planted motif; choose another decoy"
                )


def _families(release: str) -> dict[str, set[str]]:
    """Families by matrix id, with and without version, of all matrices of a release.

    Read from the database file itself: importing pyjaspar would take longer than all the rest.
    """
    spec = find_spec("pyjaspar")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "data" / f"{release}.sqlite"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT BASE_ID, VERSION, VAL FROM MATRIX LEFT JOIN MATRIX_ANNOTATION "
            "ON MATRIX.ID = MATRIX_ANNOTATION.ID AND TAG = 'family' ORDER BY VERSION"
        ).fetchall()
    finally:
        connection.close()
    families: dict[str, set[str]] = {}
    for base, version, family in rows:
        families.setdefault(f"{base}.{version}", set()).update([family] if family else [])
        families[base] = families[f"{base}.{version}"]  # the latest version comes last
    return families
