"""What is done to settings as YAML gives them, before they are understood."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dnalrp.errors import InputError


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


GivenSettings = Mapping[str, Any]
"""Settings as YAML gives them, not yet understood."""


def without_nulls(settings: GivenSettings) -> dict[str, Any]:
    """The settings without the data sets, models and background keys that are null.

    So a configuration laid over another leaves them out; a model's methods go with it. What is
    no mapping stays for :func:`~dnalrp.settings.read_configuration` to refuse.
    """
    result = {**settings, "datasets": _kept(settings.get("datasets") or {})}
    result["models"] = _kept(settings.get("models") or {})
    if isinstance(result["datasets"], dict):
        for name, dataset in result["datasets"].items():
            if isinstance(dataset, Mapping) and "background" in dataset:
                result["datasets"][name] = {**dataset, "background": _kept(dataset["background"])}
    models, attribute = settings.get("models"), settings.get("attribute")
    if isinstance(models, Mapping) and isinstance(attribute, Mapping):
        gone = dict.fromkeys(name for name, model in models.items() if model is None)
        methods = attribute.get("methods")
        if isinstance(methods, Mapping):
            result["attribute"] = {**attribute, "methods": _kept({**methods, **gone})}
    return result


def _kept(section: Any) -> Any:
    if not isinstance(section, Mapping):
        return section
    return {key: value for key, value in section.items() if value is not None}
