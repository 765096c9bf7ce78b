"""Fetch a named data set and verify its checksum."""

from pathlib import Path

from job import running

with running(snakemake):
    from dnalrp.settings.downloads import Downloads
    from dnalrp.stages.download import download

    download(
        name=snakemake.params.named["name"],
        folder=Path(snakemake.output[0]).parent,
        downloads=Downloads(**snakemake.params.downloads),
    )
