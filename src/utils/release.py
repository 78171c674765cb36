"""The data set that may be published: ids, hashes and labels, never a text; with its card and metadata."""

import json
import re

import pandas as pd
import yaml

from utils import croissant
from utils.errors import Problem
from utils.execution import Execution
from utils.text import content_hash

NAME = "sociocultural_statements.csv"
COLUMNS = {
    "statement_id": "debate and claim, as on Kialo: D.n (D#k, the k-th thesis, where an export told no claim)",
    "dimension": "Hofstede dimension",
    "polarity": "what agreeing says on the dimension: -2, -1, 1 or 2",
    "judge_votes": "judges' votes (one for each model and language) that the polarity rests on; 0 for brought labels",
    "votes": "people's votes on the statement when it was collected; empty where unknown",
    "content_hash": "first 16 hexadecimal digits of SHA-256 over the plain text",
    "respondents": "who labelled it: live, simulated or imported",
}
VERSION = "1.0.0"
PAPER = "https://arxiv.org/abs/2602.12878"
LICENCE = (
    "cc-by-4.0",
    "https://creativecommons.org/licenses/by/4.0/",
)  # of ids, hashes and labels; no text is released
CREATOR = "The contributors to this repository"
CITE = """@article{negru2026understanding,
  title = {Understanding Cultural Alignment in Multilingual LLMs via Natural Debate Statements},
  author = {Negru, Vlad-Andrei and Lemnaru, Camelia and Surdeanu, Mihai and Potolea, Rodica},
  journal = {arXiv preprint arXiv:2602.12878},
  year = {2026}
}"""

WARNING = """**These labels were made up by simulated respondents. They test the software and say nothing about any
statement, model or culture. Do not publish them as data.**"""
TEXTS = """No text is released: the statements belong to the users who wrote them. The ids lead back to the debates, and
`content_hash` tells whether a text is still the one that was labelled. With Kialo's permission, or from a folder of its
exports, this project's software fetches the texts again and says which are unchanged, changed or gone, and how their
votes moved:

    python -m utils.kialo rehydrate {file} --exports FOLDER     (or --study NAME)"""
SOURCES = {
    "kialo": "Theses of debates on kialo.com, collected through the site's interface.",
    "exports": "Theses of debates on kialo.com, from the site's exports.",
    "interface": "Theses of debates on kialo.com, from kept answers of the site's interface.",
    "table": "Statements that were brought as a table.",
    "written": "Theses of debates that were written for this project, in the form of Kialo's interface.",
}
USES = """For measuring what a language model's agreement or disagreement says on Hofstede's dimensions, and how that
differs between models and languages of the prompt. Not for describing people or countries, and not for training a
model to imitate a culture."""
ETHICS = """The statements are about complex societal issues. Some touch sensitive or potentially offensive subjects
(drugs, sexuality, religion, war); such subjects were deliberately left in, so that the statements stay those that people
debate. The data set is for analysis: for finding sociocultural biases of language models, not for comparing cultures,
and it says nothing about any person. It holds no names of users and no texts."""
LIMITS = """- The labels are the votes of language models, the same kind of system that they are meant to measure; people
  checked a sample of them at most.
- {translated}
- Hofstede's dimensions are a coarse description of countries; a model stands for its country by assumption.
- Disagreeing with a statement is taken as the exact opposite of agreeing.
- One source, statements in {first}: its users' choice of subjects and words.
- Dimensions have very different numbers of statements (see above), so that some allow far weaker conclusions.
- Debates change: texts are edited, votes grow, debates turn private or vanish. The hashes show it."""


def dataset(labels: pd.DataFrame, statements: pd.DataFrame, polarity: pd.DataFrame) -> pd.DataFrame:
    """The published table: one row a statement and dimension, ids and labels only.

    `polarity`: statement_id, dimension, votes (of the judges), as notebook 05 writes it; it may be empty.
    """
    known = statements.assign(content_hash=statements["text"].map(content_hash))[
        ["statement_id", "votes", "content_hash"]
    ]
    out = labels.merge(known, on="statement_id", how="left", validate="many_to_one")
    if "votes" in polarity:
        judged = polarity[["statement_id", "dimension", "votes"]].rename(columns={"votes": "judge_votes"})
        out = out.merge(judged, on=["statement_id", "dimension"], how="left", validate="one_to_one")
    else:
        out["judge_votes"] = pd.NA
    if out["content_hash"].isna().any():
        raise Problem(
            f"{out.loc[out['content_hash'].isna(), 'statement_id'].iloc[0]} has a label and is no kept statement."
        )
    return out[list(COLUMNS)].astype({"votes": "Int64", "judge_votes": "Int64"})


def examples(data: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    """Table 4: for each dimension the statement with the most votes."""
    first = data.sort_values(["votes", "statement_id"], ascending=[False, True]).drop_duplicates("dimension")
    known = [d for d in dimensions if d in set(first["dimension"])]
    return first.set_index("dimension").loc[known, ["statement_id", "polarity"]].reset_index()


def is_simulated(here: Execution, data: pd.DataFrame) -> bool:
    """Whether any label of a release was made up: then all of it is no data set."""
    return here.study.respondents == "simulated" or bool(data["respondents"].eq("simulated").any())


def file_name(here: Execution, data: pd.DataFrame) -> str:
    """The release's file; a simulated one says so in its name."""
    return f"simulated_{NAME}" if is_simulated(here, data) else NAME


def card(here: Execution, data: pd.DataFrame, translated: pd.DataFrame) -> str:
    """The data card, as Hugging Face reads it: a YAML head, then what a user must know."""
    simulated, languages = is_simulated(here, data), here.study.languages
    title = f"{'Simulated ' if simulated else ''}Sociocultural Statements"
    counts = data["dimension"].value_counts().reindex(here.dimensions, fill_value=0)
    who = sorted(data["respondents"].unique())
    parts = [
        f"# {title}: {here.study.title}",
        *([WARNING] if simulated else []),
        f"{data['statement_id'].nunique()} statements, {len(data)} statement-dimension pairs ({', '.join(who)}). "
        f"{_labelled(here)} after the method of [arXiv 2602.12878]({PAPER}).",
        f"## Collection\n\n{_collected(here)} Left out were statements with too few votes, empty ones, duplicates, and "
        "by default debates with several theses or in another language.",
        "## Columns\n\n" + _table(("column", "meaning"), [(f"`{n}`", m) for n, m in COLUMNS.items()]),
        "## Sizes\n\n" + _table(("dimension", "pairs"), counts.items()),
        "## Texts\n\n" + TEXTS.format(file=file_name(here, data)),
        "## Uses\n\n" + USES,
        "## Ethics\n\n" + ETHICS,
        "## Limits\n\n" + LIMITS.format(translated=_translated(translated), first=languages[0]),
        *(
            []
            if simulated
            else [f"## Licence and citation\n\nIds, hashes and labels: {', '.join(licence(here))}.\n\n```\n{CITE}\n```"]
        ),
    ]
    return f"---\n{_head(here, data, title)}---\n\n" + "\n\n".join(parts) + "\n"


def _head(here: Execution, data: pd.DataFrame, title: str) -> str:
    """The card's metadata, in the terms of the Hugging Face hub."""
    simulated = is_simulated(here, data)
    head = {
        "pretty_name": f"{title} ({here.study.name})",
        "language": here.study.languages,
        **({} if simulated else {"license": licence(here)[0]}),
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "multilinguality": ["translation" if len(here.study.languages) > 1 else "monolingual"],
        "size_categories": ["n<1K" if len(data) < 1000 else "1K<n<10K"],
        "source_datasets": ["original"],
        "task_categories": ["text-classification"],
        "tags": ["culture", "hofstede", "cultural-alignment", "debates", *(["simulated"] if simulated else [])],
        "configs": [{"config_name": "default", "data_files": file_name(here, data)}],
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def licence(here: Execution) -> tuple[str, str]:
    """The licence of ids, hashes and labels, as the hub names it, and where it stands; brought labels keep their own."""
    return (
        LICENCE if not here.study.labels else ("unknown", "the terms of the source that the labels were brought from")
    )


def _labelled(here: Execution) -> str:
    """Who labelled them, as the beginning of a sentence."""
    if here.study.labels:
        return "The labels were brought with the study, for stances"
    judges = f"{', '.join(here.judges)} in {', '.join(here.study.languages)}"
    return (
        f"Labelled by {judges} (relevance to a dimension, then polarity, each the vote of all judges in all languages),"
    )


def _collected(here: Execution) -> str:
    """Where the statements come from, in a sentence; texts that may be shown are the project's own."""
    own = here.study.debates.source == "interface" and here.study.show_texts
    return SOURCES["written" if own else here.study.debates.source]


def _table(names: tuple[str, str], rows) -> str:
    return "\n".join(f"| {a} | {b} |" for a, b in [names, ("---", "---"), *rows])


def _translated(translated: pd.DataFrame) -> str:
    """Who made the texts in other languages, and how many of them a reader corrected."""
    if translated.empty:
        return "Everything was asked in one language."
    if translated["translator"].eq("simulated").any():
        return "**The texts in other languages were placeholders, no translations.**"
    by = ", ".join(sorted(translated.loc[~translated["corrected"].astype(bool), "translator"].unique()))
    made = (
        f"The texts in other languages were made by: {by}"
        if by
        else "The texts in other languages were made by readers"
    )
    n = int(translated["corrected"].astype(bool).sum())
    return f"{made}; a reader corrected {n} of {len(translated)}" + ("." if n else ", so nobody may have checked them.")


def about(here: Execution, data: pd.DataFrame, date: str) -> dict:
    """What catalogues are told about the release.

    `date` is the newest day of what went in: who publishes sets the day of publication, and the address, anew.
    """
    counts = f"{len(data)} labels of {data['statement_id'].nunique()} debate statements on Hofstede's dimensions"
    return {
        "name": re.sub(r"\W+", "-", f"sociocultural-statements-{here.study.name}"),
        "description": f"{counts}; ids, no texts. Study: {here.study.title}",
        "citeAs": CITE,
        "license": licence(here)[1],
        "url": PAPER,
        "creator": {"@type": "sc:Organization", "name": CREATOR},
        "datePublished": date,
        "version": VERSION,
        "inLanguage": here.study.languages,
        "keywords": ["culture", "Hofstede", "language models", "debate statements"],
        "rai:dataCollection": _collected(here),
        "rai:dataSocialImpact": " ".join(ETHICS.split()),
    }


def newest(here: Execution, translated: pd.DataFrame) -> str:
    """The newest day of what went into a release: of its translations and of the answers of Kialo's interface."""
    days = list(translated["date"].fillna("").astype("str")) if "date" in translated else []
    responses = here.raw / "debates" / "responses.csv"
    days += list(pd.read_csv(responses)["time"].str[:10]) if responses.exists() else []
    return max((d for d in days if re.fullmatch(r"\d{4}-\d\d-\d\d", d)), default="2026-01-01")


def write(here: Execution, data: pd.DataFrame, translated: pd.DataFrame) -> list[str]:
    """Write the release below the study's tables, in place of an older one; returns the names of its files."""
    folder, name = here.processed / "12_release", file_name(here, data)
    for old in folder.glob("*"):
        old.unlink()
    here.write(data, f"12_release/{name}")
    (folder / "README.md").write_text(card(here, data, translated), encoding="utf-8")
    if not is_simulated(here, data):  # made-up labels are no data set, and stand in no catalogue
        told = about(here, data, newest(here, translated))
        metadata = croissant.metadata(told, name, (folder / name).read_bytes(), data, COLUMNS)
        (folder / "croissant.json").write_text(
            json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
