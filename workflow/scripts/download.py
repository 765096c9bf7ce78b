"""Fetch a named data set and verify its checksum."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    from dnalrp.data.catalogue import fetch_named

    settings, name = snakemake.params.downloads, snakemake.params.named["name"]
    fetch_named(
        name,
        Path(snakemake.output[0]).parent,
        settings["sha256"].get(name),
        mirror=settings["mirror"],
        offline=settings["offline"],
    )
