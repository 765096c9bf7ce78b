"""Of several labels a sequence, each as a data set and a model of its own: on or off."""


rule label_data:
    input:
        sequences=f"{RESULTS}/data/{{parent}}/sequences.parquet",
        sites=f"{RESULTS}/data/{{parent}}/sites.parquet",
    output:
        sequences=f"{RESULTS}/data/{{parent}}.{{label}}/sequences.parquet",
        sites=f"{RESULTS}/data/{{parent}}.{{label}}/sites.parquet",
        scan=f"{RESULTS}/data/{{parent}}.{{label}}/scan.parquet",
    log:
        f"{RESULTS}/logs/label_data/{{parent}}.{{label}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/label_data/{{parent}}.{{label}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        label=label_settings,
        jaspar=config["jaspar"],
        code=code_of("label_data.py"),
    script:
        "../workflow/scripts/label_data.py"


rule label_model:
    input:
        sequences=f"{RESULTS}/data/{{parent}}.{{label}}/sequences.parquet",
        model=f"{RESULTS}/models/{{parent}}/{{model}}/seed{{seed}}",
    output:
        model=directory(f"{RESULTS}/models/{{parent}}.{{label}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/label_model/{{parent}}.{{label}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/label_model/{{parent}}.{{label}}/{{model}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        label=label_settings,
        code=code_of("label_model.py"),
    script:
        "../workflow/scripts/label_model.py"
