"""What the notebooks share: small modules of plain functions, listed here in the order in which they may import each other.

ground    errors paths dictionary tables text settings study execution progress
words     words reading prompts
debates   kialo exports scraping statements translation_checks
replies   replies plan simulation endpoint asking collecting provenance answers
texts     translators translation workbook corrections croissant release rehydrate
scores    significance scores
labels    tally votes chance judging agreement rating sampling imported
results   published consistency ledger recovery null claims relabelling sensitivity changes
figures   drawing figures plots styled
runner    parameters pages freshness preview terminal pipeline

A line belongs to the first group that can hold it. The commands are `alignment.runner.pipeline` (run_all.sh), `alignment.asking.archive`,
`alignment.kialo.responses`, `alignment.translation.translations`, `alignment.annotation.rating_sheets` and `alignment.asking.simulation`, each with `python -m`.
"""
