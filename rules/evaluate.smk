"""Localisation, sparsity, similarity, faithfulness, robustness and logic."""


rule evaluate:
    input:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        sites=f"{RESULTS}/data/{{dataset}}/sites.parquet",
        model=f"{RESULTS}/models/{{dataset}}/{{model}}/seed{{seed}}",
        attributions=f"{RESULTS}/attributions/{{dataset}}/{{model}}/seed{{seed}}",
        nucleotides=f"{RESULTS}/nucleotides/{{dataset}}/{{model}}/seed{{seed}}",
        tokens=f"{RESULTS}/tokens/{{dataset}}/{{model}}/seed{{seed}}",
    output:
        metrics=f"{RESULTS}/metrics/{{dataset}}/{{model}}/seed{{seed}}.parquet",
    log:
        f"{RESULTS}/logs/evaluate/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=GPU,
    params:
        faithfulness=settings_of("evaluate", "faithfulness"),
        robustness=settings_of("evaluate", "robustness"),
        grammar=grammar_rule,
        jaspar=config["jaspar"],
        gpu=GPU,
        code=code_of("evaluate.py"),
    script:
        "../workflow/scripts/evaluate.py"


rule similarity:
    input:
        nucleotides=expand(
            f"{RESULTS}/nucleotides/{{dataset}}/{{model}}/seed{{seed}}",
            model=MODELS,
            allow_missing=True,
        ),
        tokens=expand(
            f"{RESULTS}/tokens/{{dataset}}/{{model}}/seed{{seed}}",
            model=MODELS,
            allow_missing=True,
        ),
    output:
        metrics=f"{RESULTS}/metrics/{{dataset}}/between_models/seed{{seed}}.parquet",
    log:
        f"{RESULTS}/logs/similarity/{{dataset}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/similarity/{{dataset}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        between="models",
        names=MODELS,
        to_tokens=config["project"]["to_tokens"],
        code=code_of("similarity.py"),
    script:
        "../workflow/scripts/similarity.py"


rule similarity_of_seeds:
    input:
        nucleotides=expand(
            f"{RESULTS}/nucleotides/{{dataset}}/{{model}}/seed{{seed}}",
            seed=SEEDS,
            allow_missing=True,
        ),
        tokens=expand(
            f"{RESULTS}/tokens/{{dataset}}/{{model}}/seed{{seed}}",
            seed=SEEDS,
            allow_missing=True,
        ),
    output:
        metrics=f"{RESULTS}/metrics/{{dataset}}/{{model}}/between_seeds.parquet",
    log:
        f"{RESULTS}/logs/similarity/{{dataset}}/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/similarity/{{dataset}}/{{model}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        between="seeds",
        names=[f"seed{seed}" for seed in SEEDS],
        to_tokens=config["project"]["to_tokens"],
        code=code_of("similarity.py"),
    script:
        "../workflow/scripts/similarity.py"


rule summarise:
    input:
        metrics=expand(f"{RESULTS}/metrics/{{origin}}.parquet", origin=METRIC_ORIGINS),
        models=expand(f"{RESULTS}/models/{{run}}", run=RUNS),
        motifs=expand(f"{RESULTS}/motifs/{{run}}", run=RUNS),
        sequences=expand(f"{RESULTS}/data/{{dataset}}/sequences.parquet", dataset=DATASETS),
        scan=expand(f"{RESULTS}/data/{{dataset}}/scan.parquet", dataset=DATASETS),
    output:
        metrics=report(
            f"{RESULTS}/metrics.tsv",
            category="Tables",
            caption="../workflow/report/metrics.rst",
        ),
        overall=report(
            f"{RESULTS}/overall.tsv",
            category="Tables",
            caption="../workflow/report/overall.rst",
        ),
        comparisons=report(
            f"{RESULTS}/comparisons.tsv",
            category="Tables",
            caption="../workflow/report/comparisons.rst",
        ),
        controls=report(
            f"{RESULTS}/controls.tsv",
            category="Tables",
            caption="../workflow/report/controls.rst",
        ),
        performance=report(
            f"{RESULTS}/performance.tsv",
            category="Tables",
            caption="../workflow/report/performance.rst",
        ),
        recovery=report(
            f"{RESULTS}/recovery.tsv",
            category="Tables",
            caption="../workflow/report/recovery.rst",
        ),
    log:
        f"{RESULTS}/logs/summarise.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        origins=METRIC_ORIGINS,
        runs=RUNS,
        datasets=DATASETS,
        settings=settings_of("evaluate", "intervals"),
        code=code_of("summarise.py"),
    script:
        "../workflow/scripts/summarise.py"
