"""What a data source is, what its section of the settings says to all who ask, and what it gives.

Nothing here imports pandas or torch: the settings are checked before any stage runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnalrp.section import CheckedSection

if TYPE_CHECKING:
    import pandas as pd

    from dnalrp.data.jaspar import Motif


class Shortest(NamedTuple):
    """The shortest sequence that the settings allow, in bases, and the key that says so."""

    key: str
    bases: int


class DatasetSection(CheckedSection):
    """Settings of a data set of one source, and what other stages ask of them.

    A section narrows ``source`` to ``Literal["its name"]`` and adds its own fields. What this
    class answers fits a data set of classes that are listed under ``classes``, each with a
    ``name`` and ``motifs``; a source that differs overrides the method.
    """

    source: str
    """What the data set is read from."""

    def entries(self) -> Sequence[Any]:
        """The classes as they are listed in the settings, in the order of their labels."""
        return getattr(self, "classes", ())

    def class_names(self) -> list[str]:
        """Names of the classes in the order of their labels; none where they have no names."""
        return [entry.name for entry in self.entries()]

    def motifs_by_label(self) -> list[list[str]]:
        """JASPAR ids of each class, in the order of the labels."""
        return [list(entry.motifs) for entry in self.entries()]

    def label_names(self) -> list[str]:
        """Labels that a sequence may have several of at once: each is a data set later on."""
        return []

    def locations(self) -> dict[str, str]:
        """Paths and URLs of all files that are read, by the key that names each."""
        return {}

    def check_files(self) -> None:
        """Look into the files, which are there, as far as takes no time.

        Raises
        ------
        InputError
            One line that starts with the key, relative to this section.
        """

    def motif_ids(self) -> dict[str, list[str]]:
        """JASPAR ids by the key that lists them."""
        return {f"classes.{entry.name}.motifs": list(entry.motifs) for entry in self.entries()}

    def true_motifs(self, label: str | None = None) -> dict[str, list[str]]:
        """JASPAR ids of the true motifs by the sign of relevance that they should have.

        ``label`` is one of :meth:`label_names`, where there are any.
        """
        if label is not None:
            return {"positive": next(e.motifs for e in self.entries() if e.name == label)}
        motifs = self.motifs_by_label()
        if len(motifs) == 2:
            return {"negative": motifs[0], "positive": motifs[1]}
        return {"positive": [motif for listed in motifs for motif in listed]}

    def shortest_sequence(self) -> Shortest | None:
        """The shortest sequence that may come; None where the settings do not say."""
        return None

    def pair_grammar(self) -> str | None:
        """The grammar on two motifs that makes the labels, if one does."""
        return None


class Supply(NamedTuple):
    """From where a source takes what its settings name.

    Attributes
    ----------
    jaspar
        Release of the motifs.
    folder
        An existing folder for downloads, unpacked files and an index; the caller removes it.
    archive
        The fetched wheel of a data set of peaks that has one.
    mirror, offline
        For files given by URL: see :func:`dnalrp.data.downloads.download`.
    """

    jaspar: str
    folder: Path
    archive: Path | None = None
    mirror: str | None = None
    offline: bool = False

    def motifs(self, ids: Sequence[str]) -> "list[Motif]":
        """Matrices of JASPAR ids."""
        from dnalrp.data.jaspar import fetch_motifs

        return fetch_motifs(ids, self.jaspar)

    def paths(self, locations: Sequence[str]) -> list[Path]:
        """The files of paths and URLs; URLs are downloaded into a folder of their own each."""
        from dnalrp.data.local import local_copy
        from dnalrp.provenance import digest

        return [
            local_copy(
                location,
                self.folder / digest(location),
                mirror=self.mirror,
                offline=self.offline,
            )
            for location in locations
        ]


class Prepared(NamedTuple):
    """A data set, ready for every stage.

    Attributes
    ----------
    sequences
        ``id, sequence, label, split`` and, where known, ``chrom, start, end, strand``: upper case
        ACGTN, ids unique, splits free of leakage.
    sites
        ``id, start, end, strand, motif, role``: the ground truth; empty where there is none.
    scan
        ``id, score``: how well the true motifs fit, a classifier that knows them and nothing
        else; empty where that says nothing.
    dropped
        ``id, label, split, reason, other, other_split``: what was left out, and why.
    class_names
        In the order of the labels; none where classes have no names.
    """

    sequences: "pd.DataFrame"
    sites: "pd.DataFrame"
    scan: "pd.DataFrame"
    dropped: "pd.DataFrame"
    class_names: Sequence[str]


@dataclass(frozen=True)
class Source:
    """A data source.

    Attributes
    ----------
    name
        As the setting ``source`` has it.
    section
        Its settings.
    prepare
        ``(section, supply) -> Prepared``, or where it is, as ``"package.module:name"``.
    about
        What it is, in one line.
    """

    name: str
    section: type[DatasetSection]
    prepare: "str | Callable[[Any, Supply], Prepared]"
    about: str


def numbered(key: str, locations: Sequence[str]) -> dict[str, str]:
    """Locations of a list in the settings, by the key of each."""
    return {f"{key}.{index}": location for index, location in enumerate(locations)}
