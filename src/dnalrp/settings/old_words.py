"""Settings of the release before: understood, moved to where they are now, with a notice."""

from collections.abc import Mapping
from typing import Any

from dnalrp.mistakes import KeyPath
from dnalrp.names import base_method
from dnalrp.notices import renamed
from dnalrp.settings.catalogues import METHODS
from dnalrp.settings.reading import GivenSettings

OPTIONS = ("alibi", "layer_rules")
"""Once keys of ``attribute``, for all models; now options of the methods that have them."""


def in_new_words(settings: GivenSettings) -> tuple[GivenSettings, dict[KeyPath, KeyPath]]:
    """The settings in new words, and where old ones went: the new path, then the old.

    What has not the form that it should have is left for the sections to refuse.
    """
    settings, moved = _with_grammars(settings)
    attribute = settings.get("attribute")
    if not isinstance(attribute, Mapping):
        return settings, moved
    given = {key: attribute[key] for key in OPTIONS if key in attribute}
    if not given:
        return settings, moved
    for key in given:
        renamed(f"attribute.{key}", f"attribute.methods: {{METHOD: {{{key}: ...}}}}", "settings")
    kept = {key: value for key, value in attribute.items() if key not in given}
    if isinstance(kept.get("methods"), Mapping):
        kept["methods"] = {
            model: _with_options(("attribute", "methods", model), listed, given, moved)
            for model, listed in kept["methods"].items()
        }
    return {**settings, "attribute": kept}, moved


def _with_grammars(settings: GivenSettings) -> tuple[GivenSettings, dict[KeyPath, KeyPath]]:
    """Simulated data sets with ``grammar`` where they had ``rule``, which means LRP's alone now.

    A data set that has both is one of the new words with old ones laid over it, which count.
    """
    datasets = settings.get("datasets")
    if not isinstance(datasets, Mapping):
        return settings, {}
    old = [
        name
        for name, dataset in datasets.items()
        if isinstance(dataset, Mapping)
        and dataset.get("source") == "simulated"
        and "rule" in dataset
    ]
    changed = dict(datasets)
    for name in old:
        renamed("rule", "grammar", f"datasets.{name}")
        kept = {key: value for key, value in datasets[name].items() if key != "rule"}
        changed[name] = {**kept, "grammar": datasets[name]["rule"]}
    moved: dict[KeyPath, KeyPath] = {
        ("datasets", name, "grammar"): ("datasets", name, "rule") for name in old
    }
    return {**settings, "datasets": changed}, moved


def _with_options(
    path: KeyPath, listed: Any, given: dict[str, Any], moved: dict[KeyPath, KeyPath]
) -> Any:
    """Methods of a model, those that have an option of this name with it."""
    if not isinstance(listed, list):
        return listed
    entries = []
    for index, entry in enumerate(listed):
        one = isinstance(entry, Mapping) and len(entry) == 1
        name, options = next(iter(entry.items())) if one else (entry, {})
        method = METHODS.get(base_method(name)) if isinstance(name, str) else None
        known = method.options.model_fields if method is not None else {}
        added = {key: value for key, value in given.items() if key in known}
        if not added or not isinstance(options, Mapping):
            entries.append(entry)
            continue
        entries.append({name: {**added, **options}})
        moved |= {(*path, index, name, key): ("attribute", key) for key in added}
    return entries
