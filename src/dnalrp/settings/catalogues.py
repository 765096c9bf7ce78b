"""The sections that catalogues hold, by the name that chooses each."""

from collections.abc import Mapping

from dnalrp.attribution.catalogue import METHODS, Choice, method_names, methods_of
from dnalrp.catalogue import resolve
from dnalrp.data.sources.catalogue import SOURCES
from dnalrp.evaluation.catalogue import AXES
from dnalrp.models.catalogue import ARCHITECTURES
from dnalrp.section import Section

__all__ = [
    "ARCHITECTURES",
    "METHODS",
    "Choice",
    "axis_sections",
    "dataset_sections",
    "method_names",
    "methods_of",
    "model_sections",
]


def dataset_sections() -> Mapping[str, type[Section]]:
    """Settings of a data set by its source."""
    return {name: source.section for name, source in SOURCES.items()}


def model_sections() -> Mapping[str, type[Section]]:
    """Settings of a model by its architecture."""
    return {name: architecture.section for name, architecture in ARCHITECTURES.items()}


def axis_sections() -> Mapping[str, type[Section]]:
    """Settings of the axes of metrics that have some."""
    return {name: resolve(axis.settings) for name, axis in AXES.items() if axis.settings}
