"""Models, their predictions and their performance."""


rule train:
    input:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        pretrained=pretrained_files,
    output:
        model=directory(f"{RESULTS}/models/{{dataset}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/train/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    wildcard_constraints:
        dataset="|".join(config["datasets"]),
    priority: 1
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=720,
        gpu=GPU,
    params:
        model=model_settings,
        labels=training_labels,
        classes=class_names,
        checkpoints=f"{RESULTS}/checkpoints/{{dataset}}/{{model}}/seed{{seed}}",
        gpu=GPU,
        code=code_of("train.py"),
    script:
        "../workflow/scripts/train.py"
