"""Token relevance of the held-out sequences."""


rule attribute:
    input:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        model=f"{RESULTS}/models/{{dataset}}/{{model}}/seed{{seed}}",
    output:
        attributions=directory(f"{RESULTS}/attributions/{{dataset}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/attribute/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/attribute/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=GPU,
    params:
        settings=attribute_settings,
        methods=attribute_methods,
        gpu=GPU,
        code=code_of("attribute.py"),
    script:
        "../workflow/scripts/attribute.py"
