"""Models, their predictions and their performance."""


rule train:
    input:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
    output:
        model=directory(f"{RESULTS}/models/{{dataset}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/train/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    params:
        model=settings_of("models", "{model}"),
        checkpoints=f"{RESULTS}/checkpoints/{{dataset}}/{{model}}/seed{{seed}}",
        gpu=GPU,
        code=code_of("train.py"),
    threads: 1
    priority: 1
    resources:
        mem_mb=3000,
        runtime=720,
        gpu=GPU,
    conda:
        ENVIRONMENT
    script:
        "../workflow/scripts/train.py"
