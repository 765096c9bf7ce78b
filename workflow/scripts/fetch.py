"""Fetch a data set's archive and verify its checksum."""

from job import running

with running(snakemake):
    from dnalrp.data.sources.peaks import Archive
    from dnalrp.settings.downloads import Downloads
    from dnalrp.stages.fetch import fetch

    fetch(
        archive=snakemake.output.archive,
        settings=Archive(**snakemake.params.archive),
        downloads=Downloads(**snakemake.params.downloads),
    )
