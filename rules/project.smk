"""Relevance of nucleotides from tokens, and of tokens from nucleotides."""


rule project:
    input:
        attributions=f"{RESULTS}/attributions/{{dataset}}/{{model}}/seed{{seed}}",
        token_model=f"{RESULTS}/attributions/{{dataset}}/{TOKEN_MODEL}/seed{{seed}}",
    output:
        nucleotides=directory(f"{RESULTS}/nucleotides/{{dataset}}/{{model}}/seed{{seed}}"),
        tokens=directory(f"{RESULTS}/tokens/{{dataset}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/project/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/project/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        to_nucleotides=config["project"]["to_nucleotides"],
        to_tokens=config["project"]["to_tokens"],
        code=code_of("project.py"),
    script:
        "../workflow/scripts/project.py"
