"""Label, split and scan the sequences of a data set that is not simulated."""

from job import running

with running(snakemake):
    from dnalrp.stages.prepare import prepare
    from dnalrp.stages.provisional import Downloads

    prepare(
        settings=snakemake.params.dataset,
        jaspar=snakemake.params.jaspar,
        downloads=Downloads(**snakemake.params.downloads),
        archive=snakemake.input.get("archive"),
        inputs=snakemake.input.get("files", []),
        **snakemake.output,
    )
