"""The data set that may be published (ids, hashes and labels, never a text), with its card."""

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
_TABLE = data_dictionary.columns_of("processed", f"12_release/{NAME}")
COLUMNS = {name: column.meaning for name, column in _TABLE.items()}
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
TEXTS = yaml.safe_load((TEMPLATES / "card_texts.yaml").read_text(encoding="utf-8"))


def build_dataset(
    labels: pd.DataFrame, statements: pd.DataFrame, polarity: pd.DataFrame
) -> pd.DataFrame:
    """Return the published table: one row per statement and dimension, ids and labels only.

    `polarity`: statement_id, dimension, votes (of the judges), as notebook 05 writes it; it may be
    empty. Problem for a label of an unknown statement.
    """
    hashes = statements[["statement_id", "votes"]].copy()
    hashes["content_hash"] = statements["text"].map(content_hash)
    data = labels.merge(hashes, on="statement_id", how="left", validate="many_to_one")
    unknown = data.loc[data["content_hash"].isna(), "statement_id"]
    if len(unknown):
        raise Problem(f"{unknown.iloc[0]} has a label but is not one of the statements kept.")
    if "votes" in polarity:
        judged = polarity[[*PAIR, "votes"]].rename(columns={"votes": "judge_votes"})
        data = data.merge(judged, on=PAIR, how="left", validate="one_to_one")
    else:
        data["judge_votes"] = pd.NA
    return data[list(COLUMNS)].astype({"votes": "Int64", "judge_votes": "Int64"})


def pick_examples(data: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    """Return Table 4: for each dimension, in order, the statement with the most votes."""
    most_first = data.sort_values(["votes", "statement_id"], ascending=[False, True])
    examples = most_first.drop_duplicates("dimension").set_index("dimension")
    present = [dimension for dimension in dimensions if dimension in examples.index]
    return examples.loc[present, ["statement_id", "polarity"]].reset_index()


def is_simulated(workspace: Workspace, data: pd.DataFrame) -> bool:
    """Return whether any label of a release is simulated or planted: then it is no data set."""
    is_any = data["respondents"].isin(["simulated", "planted"]).any()
    return workspace.study.respondents == "simulated" or bool(is_any)


def file_name(workspace: Workspace, data: pd.DataFrame) -> str:
    """Return the name of the release's table; a simulated one says so."""
    return f"simulated_{NAME}" if is_simulated(workspace, data) else NAME


def make_card(
    workspace: Workspace, data: pd.DataFrame, translated: pd.DataFrame, ratings: pd.DataFrame
) -> str:
    """Return the data card as Hugging Face reads it: a YAML head, then what a user must know.

    `ratings`: as notebook 06 writes them, empty when nobody rated.
    """
    simulated, source = is_simulated(workspace, data), source_of(workspace)
    slots = {"file": file_name(workspace, data), "material": workspace.material.name}
    slots["first"] = workspace.study.languages[0]
    counts = data["dimension"].value_counts().reindex(workspace.dimensions, fill_value=0)
    n, respondents = data["statement_id"].nunique(), ", ".join(sorted(data["respondents"].unique()))
    columns = [(f"`{name}`", meaning) for name, meaning in _columns(workspace).items()]
    terms = TEXTS["terms"].format(licence=", ".join(licence_of(workspace)), cite=CITE)
    body = (TEMPLATES / "card.md").read_text(encoding="utf-8").format(
        title=_title(workspace, data),
        study=workspace.study.title,
        warning=TEXTS["warning"] + "\n\n" if simulated else "",
        sizes=f"{n} statements, {len(data)} statement-dimension pairs ({respondents}).",
        labelled=_who_labelled(workspace),
        paper=PAPER,
        collected=source["collected"],
        columns=_markdown_table(("column", "meaning"), columns),
        counts=_markdown_table(("dimension", "pairs"), counts.items()),
        texts=source["texts"].format(**slots),
        uses=TEXTS["uses of simulated" if simulated else "uses"],
        ethics=source["ethics"],
        judged=_what_labels_are(workspace, data),
        checked=_who_checked(ratings),
        translated=_who_translated(translated),
        limits=source["limits"].format(**slots),
        licence="" if simulated else terms,
    )  # fmt: skip
    return f"---\n{_head(workspace, data)}---\n\n{body}"


def _title(workspace: Workspace, data: pd.DataFrame) -> str:
    return f"{'Simulated ' if is_simulated(workspace, data) else ''}Sociocultural Statements"


def source_of(workspace: Workspace) -> dict[str, str]:
    """Return what a card says of the statements' source; texts that may be shown are our own."""
    debates = workspace.study.debates
    is_own = debates.source == "interface" and workspace.study.show_texts
    return TEXTS["sources"]["written" if is_own else debates.source]


def _columns(workspace: Workspace) -> dict[str, str]:
    return COLUMNS | {"votes": source_of(workspace)["votes"]}


def _head(workspace: Workspace, data: pd.DataFrame) -> str:
    """Return the card's metadata, in the terms of the Hugging Face hub."""
    study, simulated = workspace.study, is_simulated(workspace, data)
    tags = ["culture", "hofstede", "cultural-alignment", "debates"]
    head = {
        "pretty_name": f"{_title(workspace, data)} ({study.name})",
        "language": study.languages,
        **({} if simulated else {"license": licence_of(workspace)[0]}),
        "annotations_creators": ["other" if study.labels else "machine-generated"],
        "language_creators": [source_of(workspace)["creators"]],
        "multilinguality": ["translation" if len(study.languages) > 1 else "monolingual"],
        "size_categories": ["n<1K" if len(data) < 1000 else "1K<n<10K"],
        "source_datasets": ["original"],
        "task_categories": ["text-classification"],
        "tags": [*tags, "simulated"] if simulated else tags,
        "configs": [{"config_name": "default", "data_files": file_name(workspace, data)}],
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def licence_of(workspace: Workspace) -> tuple[str, str]:
    """Return the labels' licence (as hubs name it) and address; imported ones keep their own."""
    if workspace.study.labels:
        return "unknown", "the terms of the source that the labels were brought from"
    return LICENCE


def _who_labelled(workspace: Workspace) -> str:
    """Return who labelled the statements, as the beginning of a sentence."""
    judges, languages = ", ".join(workspace.judges), ", ".join(workspace.study.languages)
    text = TEXTS["labelled elsewhere" if workspace.study.labels else "labelled"]
    return text.format(judges=judges, languages=languages)


def _what_labels_are(workspace: Workspace, data: pd.DataFrame) -> str:
    """Return what the labels are, as the beginning of a sentence."""
    if is_simulated(workspace, data):
        return TEXTS["labels"]["simulated"]
    return TEXTS["labels"]["elsewhere" if workspace.study.labels else "judged"]


def _who_checked(ratings: pd.DataFrame) -> str:
    """Return who checked the labels, as the end of a sentence.

    >>> names = ["annotator", "statement_id", "dimension", "relevant", "polarity", "respondents"]
    >>> _who_checked(pd.DataFrame(columns=names))
    'no person has checked them'
    """
    rated = ratings.dropna(subset=["relevant", "polarity"], how="all")
    if rated["respondents"].eq("simulated").any():
        return "no person has checked them, for the annotators were simulated as well"
    if rated.empty:
        return "no person has checked them"
    pairs, annotators = len(rated[PAIR].drop_duplicates()), rated["annotator"].nunique()
    return f"{pairs} of them were checked by people ({annotators} annotators)"


def _markdown_table(names: tuple[str, str], rows) -> str:
    return "\n".join(f"| {a} | {b} |" for a, b in [names, ("---", "---"), *rows])


def _who_translated(translated: pd.DataFrame) -> str:
    """Return who made the texts in other languages, and how many of them a reader corrected."""
    if translated.empty:
        return "Everything was asked in one language."
    if translated["translator"].eq("simulated").any():
        return "**The texts in other languages were placeholders, no translations.**"
    is_corrected = translated["corrected"].astype(bool)
    translators = ", ".join(sorted(translated.loc[~is_corrected, "translator"].unique()))
    made_by = f"made by: {translators}" if translators else "made by readers"
    corrected = f"a reader corrected {is_corrected.sum()} of {len(translated)}"
    unchecked = "" if is_corrected.any() else ", so nobody may have checked them"
    return f"The texts in other languages were {made_by}; {corrected}{unchecked}."


def describe_for_catalogues(workspace: Workspace, data: pd.DataFrame, date: str | None) -> dict:
    """Return what catalogues are told about the release.

    `date` is the newest day of what went in: who publishes sets the day of publication, and the
    address, anew. Where none is known there is no date, and a reader of the format asks for it.
    """
    n = data["statement_id"].nunique()
    return {
        "name": re.sub(r"\W+", "-", f"sociocultural-statements-{workspace.study.name}"),
        "description": f"{len(data)} labels of {n} debate statements on Hofstede's dimensions; "
        f"ids, no texts. Study: {workspace.study.title}",
        "citeAs": CITE,
        "license": licence_of(workspace)[1],
        "url": PAPER,
        "creator": {"@type": "sc:Organization", "name": CREATOR},
        **({"datePublished": date} if date else {}),
        "version": VERSION,
        "inLanguage": workspace.study.languages,
        "keywords": ["culture", "Hofstede", "language models", "debate statements"],
        "rai:dataCollection": source_of(workspace)["collected"],
        "rai:dataSocialImpact": " ".join(source_of(workspace)["ethics"].split()),
    }


def find_newest_day(workspace: Workspace, translated: pd.DataFrame) -> str | None:
    """Return the newest day of the translations and of the responses of Kialo, if any is known."""
    days = list(translated["date"].fillna("").astype("str")) if "date" in translated else []
    responses = workspace.material / "debates" / "responses.csv"
    if responses.exists():
        days += list(pd.read_csv(responses)["time"].str[:10])
    return max((day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)), default=None)


def write_release(
    workspace: Workspace, data: pd.DataFrame, translated: pd.DataFrame, ratings: pd.DataFrame
) -> list[str]:
    """Write the release below the study's tables, replacing an older one; return its files' names.

    Simulated labels are no data set and get no metadata for catalogues.
    """
    folder, name = workspace.processed / "12_release", file_name(workspace, data)
    for old in folder.glob("*"):
        old.unlink()
    workspace.write(data, f"12_release/{name}")
    write_whole(folder / "README.md", make_card(workspace, data, translated, ratings))
    if not is_simulated(workspace, data):
        newest = find_newest_day(workspace, translated)
        about = describe_for_catalogues(workspace, data, newest)
        content = (folder / name).read_bytes()
        metadata = croissant.make_metadata(about, name, content, data, _columns(workspace))
        text = json.dumps(metadata, indent=1, ensure_ascii=False) + "\n"
        write_whole(folder / "croissant.json", text)
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
