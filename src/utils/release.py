"""The data set that may be published: ids, hashes and labels, never a text; and its card."""

import hashlib
import json

import pandas as pd

from utils.execution import Execution
from utils.text import content_hash

NAME = "sociocultural_statements.csv"
COLUMNS = {
    "statement_id": "debate and claim, as on Kialo: D.n",
    "dimension": "Hofstede dimension",
    "polarity": "what agreeing says on the dimension: -2, -1, 1 or 2",
    "votes": "votes on the statement when it was collected",
    "content_hash": "first 16 hexadecimal digits of SHA-256 over the plain text",
    "respondents": "who labelled it: live, simulated or imported",
}
ETHICS = """The statements come from an online debate platform and touch sensitive subjects (drugs, sexuality, religion,
war among them); such subjects were deliberately left in. The data set serves to find sociocultural biases of language
models. It is not meant for comparing cultures, and says nothing about any person. The Chinese texts that the labels
rest on were made by a machine translator unless a reader of Chinese corrected them."""


def dataset(labels: pd.DataFrame, statements: pd.DataFrame) -> pd.DataFrame:
    """The published table: one row a statement and dimension, ids and labels only."""
    known = statements.assign(content_hash=statements["text"].map(content_hash))[["statement_id", "votes", "content_hash"]]
    return labels.merge(known, on="statement_id", how="left", validate="many_to_one")[list(COLUMNS)]


def examples(data: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    """Table 4: for each dimension the statement with the most votes."""
    first = data.sort_values(["votes", "statement_id"], ascending=[False, True]).drop_duplicates("dimension")
    known = [d for d in dimensions if d in set(first["dimension"])]
    return first.set_index("dimension").loc[known, ["statement_id", "polarity"]].reset_index()


def file_name(here: Execution) -> str:
    """The release's file; a simulated one says so in its name."""
    return f"simulated_{NAME}" if here.study.respondents == "simulated" else NAME


def card(here: Execution, data: pd.DataFrame) -> str:
    """The data card, as Hugging Face reads it: a YAML head, then what a user must know."""
    simulated = here.study.respondents == "simulated"
    warning = (
        "\n**These labels were made up by simulated respondents. They test the software and say nothing about any statement, "
        "model or culture. Do not publish them as data.**\n"
        if simulated
        else ""
    )
    counts = "\n".join(f"| {d} | {n} |" for d, n in data["dimension"].value_counts().reindex(here.dimensions, fill_value=0).items())
    columns = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in COLUMNS.items())
    return f"""---
pretty_name: {"Simulated " if simulated else ""}Sociocultural Statements ({here.study.name})
language: [{", ".join(here.study.languages)}]
size_categories: [n<1K]
tags: [culture, Hofstede, language models{", simulated" if simulated else ""}]
configs:
- config_name: default
  data_files: {file_name(here)}
---

# {"Simulated " if simulated else ""}Sociocultural Statements: {here.study.title}
{warning}
{data["statement_id"].nunique()} statements, {len(data)} statement-dimension pairs, labelled by {", ".join(here.judges)}
in {", ".join(here.study.languages)}, after the method of arXiv 2602.12878.

| column | meaning |
|---|---|
{columns}

| dimension | pairs |
|---|---|
{counts}

## Texts

No text is released: the statements belong to the users who wrote them. The ids lead back to the debates, and
`content_hash` tells whether a text is still the one that was labelled.

## Ethics and limits

{ETHICS}
"""


def croissant(here: Execution, data: pd.DataFrame, csv: bytes) -> dict | None:
    """Croissant metadata (MLCommons 1.0) for the release; None for simulated labels, which are no data set."""
    if here.study.respondents == "simulated":
        return None
    kinds = {"polarity": "sc:Integer", "votes": "sc:Integer"}
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"statements/{name}",
            "name": name,
            "description": meaning,
            "dataType": kinds.get(name, "sc:Text"),
            "source": {"fileObject": {"@id": "csv"}, "extract": {"column": name}},
        }
        for name, meaning in COLUMNS.items()
    ]
    file = {"@type": "cr:FileObject", "@id": "csv", "name": NAME, "contentUrl": NAME, "encodingFormat": "text/csv"}
    return {
        "@context": {"@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"},
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"sociocultural-statements-{here.study.name}",
        "description": f"{len(data)} labels of debate statements on Hofstede's dimensions; ids only. {here.study.title}",
        "distribution": [file | {"sha256": hashlib.sha256(csv).hexdigest()}],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "statements", "name": "statements", "field": fields}],
    }


def write(here: Execution, data: pd.DataFrame) -> list[str]:
    """Write the release below the study's tables; returns the names of its files."""
    folder = here.processed / "12_release"
    here.write(data, f"12_release/{file_name(here)}")
    csv = (folder / file_name(here)).read_bytes()
    (folder / "README.md").write_text(card(here, data), encoding="utf-8")
    metadata = croissant(here, data, csv)
    if metadata:
        (folder / "croissant.json").write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
