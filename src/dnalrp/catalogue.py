"""Catalogues: what can be chosen by name, each thing declared once.

There is one of methods, of axes of metrics, of data sources, of architectures and of encoders'
rules. Entries say where their code is as ``"package.module:name"``, so that a catalogue can be
read without importing torch; :func:`resolve` fetches it.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol, TypeVar

from dnalrp.errors import InputError


class Named(Protocol):
    """An entry of a catalogue."""

    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=Named)
Code = str | Callable[..., Any]
"""A function or class, or where it is, as ``"package.module:name"``: see :func:`resolve`."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Catalogue(Mapping[str, Entry]):
    """Entries by name, in the order in which they were declared.

    Parameters
    ----------
    kind
        What an entry is, for messages: ``method``, ``data source``.
    entries
        Those of the package. :meth:`add` takes those of others.
    """

    def __init__(self, kind: str, *entries: Entry) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> Entry:
        """Declare one more; it is handed back.

        Raises
        ------
        InputError
            Another entry has this name, or it would be no part of a file's name.
        """
        if not _NAME.fullmatch(entry.name):
            raise InputError(
                f"{self.kind} {entry.name!r}: begin with a letter, go on with letters, digits and _"
            )
        if entry.name in self._entries:
            raise InputError(f"{self.kind} {entry.name!r} is declared twice; rename one")
        self._entries[entry.name] = entry
        return entry

    def named(self, name: str, key: str = "") -> Entry:
        """The entry of this name; ``key`` says where the name was given.

        Raises
        ------
        InputError
            There is none; the message offers the closest, or all.
        """
        if name in self._entries:
            return self._entries[name]
        close = difflib.get_close_matches(name, self._entries, n=1)
        cure = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(self)}"
        raise InputError(f"{key}{': ' if key else ''}no {self.kind} {name!r}; {cure}")

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def resolve(reference: Any) -> Any:
    """What ``"package.module:name"`` stands for; anything but text stands for itself."""
    if not isinstance(reference, str):
        return reference
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
