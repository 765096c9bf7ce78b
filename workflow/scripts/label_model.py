"""Cut a model of several labels to one of them: two classes, off and on, and its predictions."""

from job import running

with running(snakemake):
    from dnalrp.stages.label import Label, label_model

    label_model(
        sequences=snakemake.input.sequences,
        whole=snakemake.input.model,
        label=Label(**snakemake.params.label),
        model=snakemake.output.model,
    )
