"""Token relevance of the held-out sequences."""


rule attribute:
    input:
        sequences=RESULTS.sequences("{dataset}"),
        model=RESULTS.model(EACH_RUN),
    output:
        attributions=directory(RESULTS.attributions(EACH_RUN)),
    log:
        RESULTS.log("attribute", EACH_RUN),
    benchmark:
        RESULTS.benchmark("attribute", EACH_RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=GPU,
    params:
        settings=settings_of("attribute", leaving_out=["methods"]),
        methods=asked(PLAN.methods, "model"),
        gpu=GPU,
        code=code_of("attribute.py"),
    script:
        "../workflow/scripts/attribute.py"
