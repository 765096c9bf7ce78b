"""Fetch a data set's archive and verify its checksum."""

from job import running

with running(snakemake):
    from dnalrp.stages.fetch import fetch
    from dnalrp.stages.provisional import Archive, Downloads

    fetch(
        archive=snakemake.output.archive,
        settings=Archive(**snakemake.params.archive),
        downloads=Downloads(**snakemake.params.downloads),
    )
