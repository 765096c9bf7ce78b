"""A masked-language model and its tokenizer, for models with `pretrained: pretraining`."""


rule pretrain:
    input:
        genomes=[genome["fasta"] for genome in PRETRAINING["genomes"]],
    output:
        model=directory(PRETRAINED),
    log:
        f"{RESULTS}/logs/pretrain/{PRETRAINING['name']}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pretrain/{PRETRAINING['name']}.tsv"
    conda:
        ENVIRONMENT
    threads: 8
    resources:
        mem_mb=6000,
        runtime=2880,
        gpu=GPU,
    params:
        settings=settings_of("pretraining"),
        seed=PRETRAINING["seed"],
        checkpoints=f"{RESULTS}/checkpoints/pretraining/{PRETRAINING['name']}",
        gpu=GPU,
        code=code_of("pretrain.py"),
    script:
        "../workflow/scripts/pretrain.py"
