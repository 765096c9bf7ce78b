"""Fetch a named data set."""

from pathlib import Path

from dnalrp.data.catalogue import fetch_named
from dnalrp.settings.downloads import Downloads


def download(*, name: str, folder: str | Path, downloads: Downloads) -> Path:
    """Write a named data set into a folder, its checksum verified; returns the file.

    Raises
    ------
    InputError
        No such name, no checksum known, it cannot be had, or is another file.
    """
    return fetch_named(
        name,
        folder,
        downloads.sha256.get(name),
        mirror=downloads.mirror,
        offline=downloads.offline,
    )
