"""From a model or a group on a dimension down to its statements, and from those to the replies."""

import re
from dataclasses import dataclass
from html import escape

import pandas as pd

from alignment.asking import collection, plan
from alignment.study.stamps import KINDS
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import CELL

NO_TEXTS = "The texts belong to others and are not shown here; the ids lead to them."
NO_REPLIES = (
    "The replies themselves are not on the machine that built this site; their answers are."
)
TABLE3 = "../notebooks/10_table3_languages"
FIGURE1 = "../notebooks/08_figure1_groups_and_people"


@dataclass(frozen=True)
class Material:
    """What the pages of a study show, read once for all of them."""

    workspace: Workspace
    stances: pd.DataFrame  # statement_id, model, language, agreed ("agrees 4/5")
    scores: pd.DataFrame  # 07_scores with agreed
    answers: pd.DataFrame
    texts: dict[tuple[str, str], str]  # (statement_id, language) -> text, if it may be shown
    replies: dict[tuple, str]  # (statement_id, model, language, run) -> reply

    @property
    def stamp(self) -> str:
        """What stands on every page of answers that are not real models'."""
        words = KINDS[self.workspace.respondents].caution
        return f'<p class="stamp"><strong>{words}</strong></p>\n\n' if words else ""

    @property
    def no_texts(self) -> str:
        return "" if self.texts else NO_TEXTS

    def text(self, statement: str) -> str:
        """The statement in the study's first language."""
        return escape(self.texts.get((statement, self.workspace.study.languages[0]), "–"))


def slug(*parts: str) -> str:
    """Return a name for a file: letters, numbers, points and dashes.

    >>> slug("PDI", "Great Britain"), slug("D#2")
    ('PDI--Great-Britain', 'D-2')
    """
    return "--".join(re.sub(r"[^\w.-]+", "-", part) for part in parts)


def pages(workspace: Workspace) -> dict[str, str]:
    """Return every page below the site's tables and figures, by its name, in Markdown."""
    material = _read_material(workspace)
    by_name = {}
    for (dimension, model), rows in _group(material.scores, "model"):
        by_name[slug(dimension, model)] = _describe_model(material, dimension, model, rows)
    different = set(workspace.read("08_differing")["statement_id"])
    for (dimension, culture), rows in _group(material.scores, "culture"):
        page = _describe_group(material, dimension, culture, rows, different)
        by_name[slug(dimension, "group", culture)] = page
    labels = workspace.read("05_sociocultural_statements")
    for statement, rows in labels.groupby("statement_id", sort=False):
        by_name[slug("statement", statement)] = _describe_statement(material, statement, rows)
    orphans = {name: f"---\norphan: true\n---\n\n{text}" for name, text in by_name.items()}
    return {"index": _write_index(material)} | orphans


def _group(scores: pd.DataFrame, by: str):
    return scores.groupby(["dimension", by], sort=False)


def _read_material(workspace: Workspace) -> Material:
    votes, answers = workspace.read("07_votes"), workspace.read("07_answers.csv.gz")
    words = votes["vote"].map({1: "agrees", -1: "disagrees"}).fillna("undecided")
    share = votes["support"].astype(str) + "/" + votes["answered"].astype(str)
    keys = ["statement_id", "model", "language"]
    stances = votes[keys].assign(agreed=words + " " + share)
    scores = workspace.read("07_scores").merge(stances, on=keys)
    texts = plan.read_texts(workspace) if workspace.study.show_texts else {}
    replies = _read_replies(workspace, answers) if texts else {}
    return Material(workspace, stances, scores, answers, texts, replies)


def _read_replies(workspace: Workspace, answers: pd.DataFrame) -> dict[tuple, str]:
    """Return the replies without their thinking, by cell; nothing without an archive."""
    if workspace.study.respondents == "imported" or not collection.archive_paths(workspace):
        return {}
    last = collection.read_last_replies(workspace, ["text"])
    keys = collection.cell_keys(workspace, answers[CELL], plan.read_texts(workspace))
    cells = answers[["statement_id", "model", "language", "run"]].itertuples(index=False, name=None)
    return {
        cell: reply_parser.visible(last[key][0]).strip()
        for cell, key in zip(cells, keys, strict=True)
        if key in last
    }


def _link(statement: str) -> str:
    return f'<a href="{slug("statement", statement)}.html">{escape(statement)}</a>'


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of entries that are HTML already, in a box that scrolls.

    The first entry of a row names it; the column `text` may wrap.
    """
    kinds = [' class="text"' if name == "text" else "" for name in head]
    top = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in head)
    body = ""
    for row in rows:
        body += f'<tr><th scope="row">{row[0]}</th>'
        for kind, entry in zip(kinds[1:], row[1:], strict=True):
            body += f"<td{kind}>{entry}</td>"
        body += "</tr>"
    table = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table class="table">{table}</table></div>'


def _write_index(material: Material) -> str:
    """Write a table of dimensions by models and groups, each number a link to its statements."""
    workspace, languages = material.workspace, material.workspace.study.languages
    cultures = list(workspace.models["culture"].unique())
    means = material.scores.groupby(["dimension", "model", "language"])["score"].mean()
    places = workspace.read("08_figure1").query("kind == 'models' and selection == 'differing'")
    places = places.set_index(["dimension", "group"])["value"]
    rows = []
    for d in workspace.dimensions:
        row = [d]
        for m in workspace.study.models:
            number = " · ".join(_format(means.get((d, m, l)), ".2f") for l in languages)
            row.append(_link_number(d, m, slug(d, m), number))
        for c in cultures:
            number = _format(places.get((d, c)), ".0f")
            row.append(_link_number(d, c, slug(d, "group", c), number))
        rows.append(row)
    intro = "Each number leads to the statements behind it, and each statement to the replies. A "
    intro += f"model's number is its mean score in {' and '.join(languages)}, as in "
    intro += f"[Table 3]({TABLE3}); a group's is its position from 0 to 100, as in "
    intro += f"[Figure 1]({FIGURE1})."
    table = _table(["", *workspace.study.models, *cultures], rows)
    return "\n\n".join(["# Down to the replies", f"{material.stamp}{intro}", table])


def _link_number(dimension: str, who: str, page: str, number: str) -> str:
    return f'<a href="{page}.html" aria-label="{dimension}, {escape(who)}: {number}">{number}</a>'


def _format(value: float | None, form: str) -> str:
    return "–" if value is None or pd.isna(value) else format(value, form)


def _describe_model(material: Material, dimension: str, model: str, rows: pd.DataFrame) -> str:
    """Describe an entry of Table 3: every statement, with the model's stance and score."""
    languages = material.workspace.study.languages
    means = rows.groupby("language")["score"].mean().reindex(languages)
    listed = ", ".join(f"{mean:.2f} in {language}" for language, mean in means.items())
    wide = rows.pivot(index="statement_id", columns="language", values=["agreed", "score"])
    polarity = rows.drop_duplicates("statement_id").set_index("statement_id")["polarity"]
    lines = []
    for statement, label in polarity.items():
        line = [_link(statement), material.text(statement), f"{label:+g}"]
        line += [wide.at[statement, ("agreed", l)] for l in languages]
        line += [_format(wide.at[statement, ("score", l)], "+g") for l in languages]
        lines.append(line)
    head = [f"{what}, {l}" for what in ("stance", "score") for l in languages]
    intro = f"The {len(lines)} statements behind **{model}** on **{dimension}** in Table 3. Mean "
    intro += f"scores: {listed}. A stance is followed by how many of the readable runs gave it. "
    return "\n\n".join(
        [
            f"# {dimension}: {model}",
            f"{material.stamp}{intro}{material.no_texts}",
            _table(["statement", "text", "polarity", *head], lines),
            f"[Back to Table 3]({TABLE3}) · [All dimensions and models](index)",
        ]
    )


def _describe_group(
    material: Material, dimension: str, culture: str, rows: pd.DataFrame, different: set[str]
) -> str:
    """Describe a bar of Figure 1: every statement, with the stances of the group's models."""
    models = material.workspace.models
    names = list(models.loc[models["culture"] == culture, "model"])
    lines = []
    native = rows.merge(models[["model", "culture", "language"]])
    for statement, votes in native.groupby("statement_id", sort=False):
        stances = votes.set_index("model")["agreed"]
        line = [_link(statement), material.text(statement), f"{votes['polarity'].iloc[0]:+g}"]
        line += [stances.get(name, "–") for name in names]
        lines.append([*line, "yes" if statement in different else "no"])
    intro = f"The {len(lines)} statements behind the group **{culture}** on **{dimension}** in "
    intro += "Figure 1, with each model in its native language. Figure 1 uses only those on which "
    intro += "the groups differ. "
    return "\n\n".join(
        [
            f"# {dimension}: models of {culture}",
            f"{material.stamp}{intro}{material.no_texts}",
            _table(["statement", "text", "polarity", *names, "groups differ"], lines),
            f"[Back to Figure 1]({FIGURE1}) · [All dimensions and models](index)",
        ]
    )


def _describe_statement(material: Material, statement: str, labels: pd.DataFrame) -> str:
    """Describe a statement: its texts, its labels, and every model's reply in every run."""
    study, texts = material.workspace.study, ""
    for l in study.languages:
        if text := material.texts.get((statement, l)):
            texts += f'<p lang="{l}"><strong>{escape(text)}</strong></p>'
    named = ", ".join(f"{r.dimension} {r.polarity:+g}" for r in labels.itertuples())
    pairs = [(d, m) for d in labels["dimension"] for m in study.models]
    links = ", ".join(f"[{d}, {m}]({slug(d, m)})" for d, m in pairs)
    parts = [
        f"# Statement {statement}",
        f"{material.stamp}{'' if texts else NO_TEXTS}",
        texts,
        f"Labels: {named}. In Table 3: {links}.",
    ]
    if material.texts and not material.replies:
        parts.append(NO_REPLIES)
    own = material.stances[material.stances["statement_id"] == statement]
    agreed = own.set_index(["model", "language"])["agreed"]
    answers = material.answers[material.answers["statement_id"] == statement]
    for (model, language), rows in answers.groupby(["model", "language"], sort=False):
        parts.append(f"## {model}, {language}: {agreed.get((model, language), 'undecided')}")
        for row in rows.itertuples():
            reply = material.replies.get((statement, model, language, row.run), "")
            parts.append(_describe_run(row, reply, language))
    return "\n\n".join(parts)


def _describe_run(row, reply: str, language: str) -> str:
    """Describe one run: its answer or its state, and the reply in the model's words."""
    state = row.answer if row.state == "answered" else row.state
    text = f"<p>Run {row.run}: <strong>{escape(state)}</strong></p>"
    if lines := [escape(line) for line in reply.splitlines() if line.strip()]:
        quote = "<br>".join(lines)
        text += f'<blockquote class="reply" lang="{language}">{quote}</blockquote>'
    return text
