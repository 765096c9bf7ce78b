"""Of several labels a sequence, each as a data set and a model of its own: on or off."""


rule label_data:
    input:
        sequences=RESULTS.sequences("{parent}"),
        sites=RESULTS.sites("{parent}"),
    output:
        sequences=RESULTS.sequences("{parent}.{label}"),
        sites=RESULTS.sites("{parent}.{label}"),
        scan=RESULTS.scan("{parent}.{label}"),
    log:
        RESULTS.log("label_data", "{parent}.{label}"),
    benchmark:
        RESULTS.benchmark("label_data", "{parent}.{label}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        label=asked(PLAN.label, "parent", "label"),
        jaspar=config["jaspar"],
        code=code_of("label_data.py"),
    script:
        "../workflow/scripts/label_data.py"


rule label_model:
    input:
        sequences=RESULTS.sequences("{parent}.{label}"),
        model=RESULTS.model(EACH_RUN._replace(dataset="{parent}")),
    output:
        model=directory(RESULTS.model(EACH_RUN._replace(dataset="{parent}.{label}"))),
    log:
        RESULTS.log("label_model", EACH_RUN._replace(dataset="{parent}.{label}")),
    benchmark:
        RESULTS.benchmark("label_model", EACH_RUN._replace(dataset="{parent}.{label}"))
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        label=asked(PLAN.label, "parent", "label"),
        code=code_of("label_model.py"),
    script:
        "../workflow/scripts/label_model.py"
