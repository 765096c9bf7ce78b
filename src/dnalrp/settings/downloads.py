"""Settings of what is downloaded."""

from dnalrp.section import Section, Sha256


class Downloads(Section):
    """Whence data come, and whether they are the right ones."""

    mirror: str | None
    """A folder with copies of what would be downloaded."""
    offline: bool
    """True: never download, say what is missing instead."""
    sha256: dict[str, Sha256]
    """Checksums, by name, of named data sets that come without."""
