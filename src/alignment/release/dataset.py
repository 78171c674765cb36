"""The data set that may be published: ids, hashes and labels, never a text; with its card and metadata."""

import json
import re
from pathlib import Path

import pandas as pd
import yaml

from alignment.release import croissant
from alignment.study import data_dictionary
from alignment.study.files import write_whole
from alignment.study.hashes import content_hash
from alignment.study.workspace import Workspace
from utils.cells import PAIR
from utils.errors import Problem

NAME = "sociocultural_statements.csv"
COLUMNS = {
    name: column.meaning
    for name, column in data_dictionary.columns_of("processed", f"12_release/{NAME}").items()
}
VERSION = "1.0.0"
PAPER = "https://arxiv.org/abs/2602.12878"
LICENCE = ("cc-by-4.0", "https://creativecommons.org/licenses/by/4.0/")  # of ids, hashes and labels
CREATOR = "The contributors to this repository"
CITE = """@article{negru2026understanding,
  title = {Understanding Cultural Alignment in Multilingual LLMs via Natural Debate Statements},
  author = {Negru, Vlad-Andrei and Lemnaru, Camelia and Surdeanu, Mihai and Potolea, Rodica},
  journal = {arXiv preprint arXiv:2602.12878},
  year = {2026}
}"""
TEMPLATES = Path(__file__).parent / "templates"
SAID = yaml.safe_load((TEMPLATES / "card.yaml").read_text(encoding="utf-8"))


def dataset(labels: pd.DataFrame, statements: pd.DataFrame, polarity: pd.DataFrame) -> pd.DataFrame:
    """The published table: one row a statement and dimension, ids and labels only.

    `polarity`: statement_id, dimension, votes (of the judges), as notebook 05 writes it; it may be empty.
    """
    hashes = statements["text"].map(content_hash)
    known = statements.assign(content_hash=hashes)[["statement_id", "votes", "content_hash"]]
    out = labels.merge(known, on="statement_id", how="left", validate="many_to_one")
    if "votes" in polarity:
        judged = polarity[["statement_id", "dimension", "votes"]].rename(
            columns={"votes": "judge_votes"}
        )
        out = out.merge(judged, on=PAIR, how="left", validate="one_to_one")
    else:
        out["judge_votes"] = pd.NA
    if out["content_hash"].isna().any():
        lost = out.loc[out["content_hash"].isna(), "statement_id"].iloc[0]
        raise Problem(f"{lost} has a label and is no kept statement.")
    return out[list(COLUMNS)].astype({"votes": "Int64", "judge_votes": "Int64"})


def examples(data: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    """Table 4: for each dimension the statement with the most votes."""
    first = data.sort_values(["votes", "statement_id"], ascending=[False, True]).drop_duplicates(
        "dimension"
    )
    known = [d for d in dimensions if d in set(first["dimension"])]
    return first.set_index("dimension").loc[known, ["statement_id", "polarity"]].reset_index()


def is_simulated(workspace: Workspace, data: pd.DataFrame) -> bool:
    """Whether any label of a release was made up: then all of it is no data set."""
    return workspace.study.respondents == "simulated" or bool(
        data["respondents"].eq("simulated").any()
    )


def file_name(workspace: Workspace, data: pd.DataFrame) -> str:
    """The release's file; a simulated one says so in its name."""
    return f"simulated_{NAME}" if is_simulated(workspace, data) else NAME


def card(
    workspace: Workspace, data: pd.DataFrame, translated: pd.DataFrame, ratings: pd.DataFrame
) -> str:
    """The data card, as Hugging Face reads it: a YAML head, then what a user must know.

    `ratings`: as notebook 06 writes them, empty when nobody rated.
    """
    simulated, source = is_simulated(workspace, data), source_of(workspace)
    slots = {
        "file": file_name(workspace, data),
        "material": workspace.material.name,
        "first": workspace.study.languages[0],
    }
    counts = data["dimension"].value_counts().reindex(workspace.dimensions, fill_value=0)
    who = ", ".join(sorted(data["respondents"].unique()))
    terms = f"\n## Licence and citation\n\nIds, hashes and labels: {', '.join(licence(workspace))}.\n\n```\n{CITE}\n```\n"
    said = (TEMPLATES / "card.md").read_text(encoding="utf-8").format(
        title=_title(workspace, data),
        study=workspace.study.title,
        warning=SAID["warning"] + "\n\n" if simulated else "",
        sizes=f"{data['statement_id'].nunique()} statements, {len(data)} statement-dimension pairs ({who}).",
        labelled=_labelled(workspace),
        paper=PAPER,
        collected=source["collected"],
        columns=_table(("column", "meaning"), [(f"`{name}`", meaning) for name, meaning in _columns(workspace).items()]),
        counts=_table(("dimension", "pairs"), counts.items()),
        texts=source["texts"].format(**slots),
        uses=SAID["uses of simulated" if simulated else "uses"],
        ethics=source["ethics"],
        judged=_judged(workspace, data),
        checked=_checked(ratings),
        translated=_translated(translated),
        limits=source["limits"].format(**slots),
        licence="" if simulated else terms,
    )  # fmt: skip
    return f"---\n{_head(workspace, data)}---\n\n{said}"


def _title(workspace: Workspace, data: pd.DataFrame) -> str:
    return f"{'Simulated ' if is_simulated(workspace, data) else ''}Sociocultural Statements"


def source_of(workspace: Workspace) -> dict[str, str]:
    """What a card says of where a study's statements come from; texts that may be shown are the project's own."""
    own = workspace.study.debates.source == "interface" and workspace.study.show_texts
    return SAID["sources"]["written" if own else workspace.study.debates.source]


def _columns(workspace: Workspace) -> dict[str, str]:
    return COLUMNS | {"votes": source_of(workspace)["votes"]}


def _head(workspace: Workspace, data: pd.DataFrame) -> str:
    """The card's metadata, in the terms of the Hugging Face hub."""
    simulated = is_simulated(workspace, data)
    head = {
        "pretty_name": f"{_title(workspace, data)} ({workspace.study.name})",
        "language": workspace.study.languages,
        **({} if simulated else {"license": licence(workspace)[0]}),
        "annotations_creators": ["other" if workspace.study.labels else "machine-generated"],
        "language_creators": [source_of(workspace)["creators"]],
        "multilinguality": ["translation" if len(workspace.study.languages) > 1 else "monolingual"],
        "size_categories": ["n<1K" if len(data) < 1000 else "1K<n<10K"],
        "source_datasets": ["original"],
        "task_categories": ["text-classification"],
        "tags": [
            "culture",
            "hofstede",
            "cultural-alignment",
            "debates",
            *(["simulated"] if simulated else []),
        ],
        "configs": [{"config_name": "default", "data_files": file_name(workspace, data)}],
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def licence(workspace: Workspace) -> tuple[str, str]:
    """The licence of ids, hashes and labels, as the hub names it, and where it stands; brought labels keep their own."""
    return (
        LICENCE
        if not workspace.study.labels
        else ("unknown", "the terms of the source that the labels were brought from")
    )


def _labelled(workspace: Workspace) -> str:
    """Who labelled them, as the beginning of a sentence."""
    if workspace.study.labels:
        return "The labels were brought with the study, for stances"
    judges = f"{', '.join(workspace.judges)} in {', '.join(workspace.study.languages)}"
    return f"Labelled by {judges} (relevance to a dimension, then polarity, each the vote of all judges in all languages),"


def _judged(workspace: Workspace, data: pd.DataFrame) -> str:
    """What the labels are, as the beginning of a sentence."""
    if is_simulated(workspace, data):
        return "The labels are the votes of a program with planted leanings"
    if workspace.study.labels:
        return "The labels were made elsewhere, and how is for their source to say"
    return "The labels are the votes of language models, the same kind of system that they are meant to measure"


def _checked(ratings: pd.DataFrame) -> str:
    """Who checked the labels, as the end of a sentence.

    >>> _checked(pd.DataFrame(columns=["annotator", "statement_id", "dimension", "relevant", "polarity", "respondents"]))
    'no person has checked them'
    """
    rated = ratings.dropna(subset=["relevant", "polarity"], how="all")
    if rated["respondents"].eq("simulated").any():
        return "no person has checked them, for the annotators were simulated as well"
    if rated.empty:
        return "no person has checked them"
    pairs = len(rated[PAIR].drop_duplicates())
    return f"{pairs} of them were checked by people ({rated['annotator'].nunique()} annotators)"


def _table(names: tuple[str, str], rows) -> str:
    return "\n".join(f"| {a} | {b} |" for a, b in [names, ("---", "---"), *rows])


def _translated(translated: pd.DataFrame) -> str:
    """Who made the texts in other languages, and how many of them a reader corrected."""
    if translated.empty:
        return "Everything was asked in one language."
    if translated["translator"].eq("simulated").any():
        return "**The texts in other languages were placeholders, no translations.**"
    by = ", ".join(
        sorted(translated.loc[~translated["corrected"].astype(bool), "translator"].unique())
    )
    made = (
        f"The texts in other languages were made by: {by}"
        if by
        else "The texts in other languages were made by readers"
    )
    n = int(translated["corrected"].astype(bool).sum())
    return f"{made}; a reader corrected {n} of {len(translated)}" + (
        "." if n else ", so nobody may have checked them."
    )


def about(workspace: Workspace, data: pd.DataFrame, date: str | None) -> dict:
    """What catalogues are told about the release.

    `date` is the newest day of what went in: who publishes sets the day of publication, and the address, anew.
    Where none is known there is no date, and a reader of the format asks for it.
    """
    counts = f"{len(data)} labels of {data['statement_id'].nunique()} debate statements on Hofstede's dimensions"
    return {
        "name": re.sub(r"\W+", "-", f"sociocultural-statements-{workspace.study.name}"),
        "description": f"{counts}; ids, no texts. Study: {workspace.study.title}",
        "citeAs": CITE,
        "license": licence(workspace)[1],
        "url": PAPER,
        "creator": {"@type": "sc:Organization", "name": CREATOR},
        **({"datePublished": date} if date else {}),
        "version": VERSION,
        "inLanguage": workspace.study.languages,
        "keywords": ["culture", "Hofstede", "language models", "debate statements"],
        "rai:dataCollection": source_of(workspace)["collected"],
        "rai:dataSocialImpact": " ".join(source_of(workspace)["ethics"].split()),
    }


def newest(workspace: Workspace, translated: pd.DataFrame) -> str | None:
    """The newest day of what went into a release, its translations and the answers of Kialo's interface; None when no day is known."""
    days = list(translated["date"].fillna("").astype("str")) if "date" in translated else []
    responses = workspace.material / "debates" / "responses.csv"
    days += list(pd.read_csv(responses)["time"].str[:10]) if responses.exists() else []
    return max((d for d in days if re.fullmatch(r"\d{4}-\d\d-\d\d", d)), default=None)


def write(
    workspace: Workspace, data: pd.DataFrame, translated: pd.DataFrame, ratings: pd.DataFrame
) -> list[str]:
    """Write the release below the study's tables, in place of an older one; returns the names of its files."""
    folder, name = workspace.processed / "12_release", file_name(workspace, data)
    for old in folder.glob("*"):
        old.unlink()
    workspace.write(data, f"12_release/{name}")
    write_whole(folder / "README.md", card(workspace, data, translated, ratings))
    if not is_simulated(
        workspace, data
    ):  # made-up labels are no data set, and stand in no catalogue
        told = about(workspace, data, newest(workspace, translated))
        metadata = croissant.metadata(
            told, name, (folder / name).read_bytes(), data, _columns(workspace)
        )
        content = json.dumps(metadata, indent=1, ensure_ascii=False) + "\n"
        write_whole(folder / "croissant.json", content)
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
