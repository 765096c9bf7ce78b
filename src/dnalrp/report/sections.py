"""Which figures a report has, by the settings of its run."""

from typing import Any

from dnalrp.evaluation.catalogue import axes_in


def figure_names(configuration: Any) -> list[str]:
    """Names of the figures, in the order of the page; each is an axis, and a section of it."""
    return [axis.name for axis in axes_in(configuration) if axis.figure is not None]
