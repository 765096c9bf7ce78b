"""Label, split and scan the sequences of a data set, or simulate them."""

from job import running

with running(snakemake):
    from dnalrp.data.sources.catalogue import SOURCES
    from dnalrp.settings.downloads import Downloads
    from dnalrp.stages.prepare import prepare

    dataset = snakemake.params.dataset

    prepare(
        settings=SOURCES[dataset["source"]].section(**dataset),
        jaspar=snakemake.params.jaspar,
        downloads=Downloads(**snakemake.params.downloads),
        archive=snakemake.input.get("archive"),
        inputs=snakemake.input.get("files", []),
        **snakemake.output,
    )
