from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")


# the folder of this file, also where another workflow imports it
ROOT = Path(str(workflow.current_basedir))


configfile: "config.yaml" if Path("config.yaml").is_file() else str(ROOT / "config.yaml")


include: "rules/common.smk"


rule all:
    input:
        RESULTS.report.page,
        RESULTS.table("metrics"),
    localrule: True


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
