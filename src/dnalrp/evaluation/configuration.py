"""What a run's configuration says of the axes of metrics: read before any library is loaded."""

from collections.abc import Mapping
from typing import Any

from dnalrp.data.grammar import GRAMMARS


def grammar_of(dataset: Any) -> str | None:
    """The grammar on several motifs that made a data set's labels, if one did.

    ``dataset`` is its section of the settings.
    """
    grammar = value_of(dataset, "grammar") or value_of(dataset, "rule")  # of older manifests
    return grammar if grammar in GRAMMARS else None


def has_grammar(configuration: Any) -> bool:
    """Did a grammar make the labels of any data set?"""
    return any(map(grammar_of, value_of(configuration, "datasets").values()))


def has_alibi(configuration: Any) -> bool:
    """Does any model add ALiBi's bias to its attention?"""
    models = value_of(configuration, "models").values()
    return any(value_of(model, "architecture") == "dnabert2" for model in models)


def value_of(section: Any, key: str) -> Any:
    """A value of a section, which is a mapping or a typed record; None where it has none."""
    return section.get(key) if isinstance(section, Mapping) else getattr(section, key, None)
