"""A masked-language model and its tokenizer, for models with `pretrained: pretraining`."""


rule pretrain:
    input:
        genomes=own_files(genome["fasta"] for genome in PRETRAINING["genomes"]),
    output:
        model=directory(RESULTS.pretrained(PRETRAINING["name"])),
    log:
        RESULTS.log("pretrain", PRETRAINING["name"]),
    benchmark:
        RESULTS.benchmark("pretrain", PRETRAINING["name"])
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
        gpu=GPU,
        code=code_of("pretrain.py"),
    script:
        "../workflow/scripts/pretrain.py"
