from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"


if PRETRAINING:

    include: "rules/pretrain.smk"


include: "rules/label.smk"
include: "rules/attribute.smk"
include: "rules/project.smk"
include: "rules/motifs.smk"
include: "rules/tracks.smk"
include: "rules/evaluate.smk"
include: "rules/report.smk"


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        f"{RESULTS}/report/index.html",
        f"{RESULTS}/metrics.tsv",
    localrule: True
