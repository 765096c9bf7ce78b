"""Models, their predictions and their performance."""


rule train:
    input:
        sequences=RESULTS.sequences("{dataset}"),
        pretrained=starting_point,
    output:
        model=directory(RESULTS.model(EACH_RUN)),
    log:
        RESULTS.log("train", EACH_RUN),
    benchmark:
        RESULTS.benchmark("train", EACH_RUN)
    wildcard_constraints:
        dataset=one_of(config["datasets"]),
    priority: 1
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=720,
        gpu=GPU,
    params:
        model=asked(PLAN.model, "model"),
        labels=asked(PLAN.labels, "model"),
        classes=asked(PLAN.class_names, "dataset"),
        gpu=GPU,
        code=code_of("train.py"),
    script:
        "../workflow/scripts/train.py"
