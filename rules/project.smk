"""Relevance of nucleotides from tokens, and of tokens from nucleotides."""


rule project:
    input:
        attributions=RESULTS.attributions(EACH_RUN),
        token_model=RESULTS.attributions(EACH_RUN._replace(model=PLAN.token_model)),
    output:
        nucleotides=directory(RESULTS.nucleotides(EACH_RUN)),
        tokens=directory(RESULTS.tokens(EACH_RUN)),
    log:
        RESULTS.log("project", EACH_RUN),
    benchmark:
        RESULTS.benchmark("project", EACH_RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        settings=settings_of("project"),
        code=code_of("project.py"),
    script:
        "../workflow/scripts/project.py"
