"""The settings: said once, in typed sections, and checked at the door.

:class:`~dnalrp.settings.configuration.Configuration` is all of them. Sections of data sources,
models and axes of metrics stand beside what they set; those of all other stages are here, one file
each. The JSON schema and the settings page are written from them (:mod:`dnalrp.settings.writing`).
"""

from dnalrp.settings.configuration import Configuration
from dnalrp.settings.door import read_configuration
from dnalrp.settings.reading import check_keys, without_nulls

__all__ = [
    "Configuration",
    "check_keys",
    "explained_datasets",
    "read_configuration",
    "without_nulls",
]


def explained_datasets(configuration: Configuration) -> dict[str, str]:
    """Data sets as all stages after training know them, each with the one that it is made from.

    That is itself, but of several labels a sequence every label becomes a data set of its own, such
    as ``marks.Oct4``; names in the settings have no dot, so that none is taken.
    """
    names: dict[str, str] = {}
    for name, dataset in configuration.datasets.items():
        labels = [f".{label}" for label in dataset.label_names()] or [""]
        names |= {name + label: name for label in labels}
    return names
