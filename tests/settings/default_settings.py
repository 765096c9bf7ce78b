"""The settings of config.yaml, and the same with a change."""

import copy
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(path, value):
    settings = copy.deepcopy(DEFAULT)
    place = settings
    *parents, last = path.split("/")
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return settings


def with_methods(*entries, model="dnabert2"):
    settings = copy.deepcopy(DEFAULT)
    settings["attribute"]["methods"][model] = list(entries)
    return settings
