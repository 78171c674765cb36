"""The way down: from a model or a group on a dimension to its statements, and from a statement to the replies."""

import re
from html import escape

import pandas as pd

from alignment.asking import collection, plan
from alignment.study.respondents import KINDS
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import CELL

NO_TEXTS = "The texts belong to others and are not shown here; the ids lead to them."
NO_REPLIES = (
    "The replies themselves are not on the machine that built this site; their answers are."
)


def slug(*parts: str) -> str:
    """A name for a file: letters, numbers, points and dashes.

    >>> slug("PDI", "Great Britain"), slug("D#2")
    ('PDI--Great-Britain', 'D-2')
    """
    return "--".join(re.sub(r"[^\w.-]+", "-", part) for part in parts)


def pages(workspace: Workspace) -> dict[str, str]:
    """Every page of the way down, by its name, in Markdown."""
    said, texts, answers = _said(workspace), _texts(workspace), workspace.read("07_answers.csv.gz")
    scores = workspace.read("07_scores").merge(
        said.groupby(["statement_id", "model", "language"], as_index=False)["agreed"].agg(" ".join)
    )
    found = {"index": _index(workspace, scores)}
    for (dimension, model), rows in scores.groupby(["dimension", "model"], sort=False):
        found[slug(dimension, model)] = _of_model(workspace, dimension, model, rows, texts)
    groups, dividing = (
        workspace.models.groupby("culture", sort=False)["model"].agg(list),
        set(workspace.read("08_differing")["statement_id"]),
    )
    for (dimension, culture), rows in scores.groupby(["dimension", "culture"], sort=False):
        found[slug(dimension, "group", culture)] = _of_group(
            workspace, dimension, culture, rows, groups, dividing, texts
        )
    labels = workspace.read("05_sociocultural_statements").groupby("statement_id", sort=False)
    spoken = _spoken(workspace, answers)
    for statement, rows in labels:
        found[slug("statement", statement)] = _of_statement(
            workspace, statement, rows, said, answers, spoken, texts
        )
    return {
        name: text if name == "index" else f"---\norphan: true\n---\n\n{text}"
        for name, text in found.items()
    }


def _said(workspace: Workspace) -> pd.DataFrame:
    """Each stance with how many runs gave it: statement_id, model, language, agreed ("agrees 4/5")."""
    votes = workspace.read("07_votes")
    words = votes["vote"].map({1: "agrees", -1: "disagrees"}).fillna("undecided")
    return votes.assign(
        agreed=words + " " + votes["support"].astype(str) + "/" + votes["answered"].astype(str)
    )


def _texts(workspace: Workspace) -> dict[tuple[str, str], str]:
    """(statement_id, language) -> text, where the study may show it."""
    return plan.read_texts(workspace) if workspace.study.show_texts else {}


def _spoken(workspace: Workspace, answers: pd.DataFrame) -> dict[tuple, str]:
    """(statement_id, model, language, run) -> the reply without its thinking; nothing without an archive."""
    if (
        not workspace.study.show_texts
        or workspace.study.respondents == "imported"
        or not collection.archive_paths(workspace)
    ):
        return {}
    found = collection.read_last_replies(workspace, ["text"])
    keys = collection.cell_keys(workspace, answers[CELL], plan.read_texts(workspace))
    names = answers[["statement_id", "model", "language", "run"]].itertuples(index=False, name=None)
    return {
        name: reply_parser.visible(found[key][0]).strip()
        for name, key in zip(names, keys, strict=True)
        if key in found
    }


def link(statement: str) -> str:
    return f'<a href="{slug("statement", statement)}.html">{escape(statement)}</a>'


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of cells that are HTML already, in a box that scrolls; the first cell of a row names it, `text` may wrap."""
    kinds = [' class="text"' if name == "text" else "" for name in head[1:]]
    lines = [
        "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, rest, strict=True))
        for _, *rest in rows
    ]
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{line}</tr>'
        for row, line in zip(rows, lines, strict=True)
    )
    top = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in head)
    return f'<div class="scroll"><table class="table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _index(workspace: Workspace, scores: pd.DataFrame) -> str:
    """A table of dimensions by models and groups, each number a way down."""
    groups, languages = list(workspace.models["culture"].unique()), workspace.study.languages
    means = scores.groupby(["dimension", "model", "language"])["score"].mean()
    places = (
        workspace.read("08_figure1")
        .query("kind == 'models' and selection == 'differing'")
        .set_index(["dimension", "group"])["value"]
    )
    rows = []
    for dimension in workspace.dimensions:
        of_models = {
            m: " · ".join(_number(means.get((dimension, m, l)), ".2f") for l in languages)
            for m in workspace.study.models
        }
        of_groups = {g: _number(places.get((dimension, g)), ".0f") for g in groups}
        ways = [_way(dimension, m, slug(dimension, m), n) for m, n in of_models.items()]
        ways += [_way(dimension, g, slug(dimension, "group", g), n) for g, n in of_groups.items()]
        rows.append([dimension, *ways])
    return "\n\n".join([
        "# Down to the replies",
        f"{_stamp(workspace)}Each number leads to the statements behind it, and each statement to the replies. Of a model its mean "
        f"score in {' and '.join(languages)}, as in [Table 3](../notebooks/10_table3_languages); of a group its place from 0 to 100 in "
        "[Figure 1](../notebooks/08_figure1_groups_and_people).",
        table(["", *workspace.study.models, *groups], rows),
    ])  # fmt: skip


def _way(dimension: str, who: str, page: str, number: str) -> str:
    return f'<a href="{page}.html" aria-label="{dimension}, {escape(who)}: {number}">{number}</a>'


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or pd.isna(value) else format(value, form)


def _of_model(
    workspace: Workspace, dimension: str, model: str, rows: pd.DataFrame, texts: dict
) -> str:
    """A cell of Table 3: every statement of the dimension, with the model's stance and score in each language."""
    languages = workspace.study.languages
    means = ", ".join(
        f"{rows.loc[rows['language'] == l, 'score'].mean():.2f} in {l}" for l in languages
    )
    wide = rows.pivot(index="statement_id", columns="language", values=["agreed", "score"])
    polarity = rows.drop_duplicates("statement_id").set_index("statement_id")["polarity"]
    lines = []
    for statement in polarity.index:
        cells = (
            [wide.at[statement, ("agreed", l)] for l in languages],
            [wide.at[statement, ("score", l)] for l in languages],
        )
        scores = [_number(score, "+g") for score in cells[1]]
        lines.append(
            [
                link(statement),
                escape(texts.get((statement, workspace.study.languages[0]), "–")),
                f"{polarity[statement]:+g}",
                *cells[0],
                *scores,
            ]
        )
    head = [
        "statement",
        "text",
        "polarity",
        *(f"stance, {l}" for l in languages),
        *(f"score, {l}" for l in languages),
    ]
    return "\n\n".join([
        f"# {dimension}: {model}",
        f"{_stamp(workspace)}The {len(lines)} statements behind the cell of Table 3 of **{model}** on **{dimension}**. Mean scores: {means}. A stance "
        f"is followed by how many of the readable runs gave it. {'' if texts else NO_TEXTS}",
        table(head, lines),
        "[Back to Table 3](../notebooks/10_table3_languages) · [All dimensions and models](index)",
    ])  # fmt: skip


def _of_group(
    workspace: Workspace,
    dimension: str,
    culture: str,
    rows: pd.DataFrame,
    groups: pd.Series,
    dividing: set,
    texts: dict,
) -> str:
    """A bar of Figure 1: every statement of the dimension, with what each model of the group replied in its language."""
    native = rows.merge(workspace.models[["model", "language"]])
    lines = []
    for statement, votes in native.groupby("statement_id", sort=False):
        replied = dict(zip(votes["model"], votes["agreed"], strict=True))
        lines.append([link(statement), escape(texts.get((statement, workspace.study.languages[0]), "–")), f"{votes['polarity'].iloc[0]:+g}",
                      *(replied.get(m, "–") for m in groups[culture]), "yes" if statement in dividing else "no"])  # fmt: skip
    return "\n\n".join([
        f"# {dimension}: models of {culture}",
        f"{_stamp(workspace)}The {len(lines)} statements behind the bar of Figure 1 of the group **{culture}** on **{dimension}**, each "
        f"model in its native language. Figure 1 takes only those on which the groups differ. {'' if texts else NO_TEXTS}",
        table(["statement", "text", "polarity", *groups[culture], "groups differ"], lines),
        "[Back to Figure 1](../notebooks/08_figure1_groups_and_people) · [All dimensions and models](index)",
    ])  # fmt: skip


def _of_statement(
    workspace: Workspace,
    statement: str,
    labels: pd.DataFrame,
    said: pd.DataFrame,
    answers: pd.DataFrame,
    spoken: dict,
    texts: dict,
) -> str:
    """A statement: its texts, its labels, and what every model replied in every language and run."""
    own = said[said["statement_id"] == statement].set_index(["model", "language"])["agreed"]
    answers = answers[answers["statement_id"] == statement]
    shown = [
        f'<p lang="{l}"><strong>{escape(texts[statement, l])}</strong></p>'
        for l in workspace.study.languages
        if (statement, l) in texts
    ]
    named = ", ".join(f"{r.dimension} {r.polarity:+g}" for r in labels.itertuples())
    ways = ", ".join(
        f"[{r.dimension}, {m}]({slug(r.dimension, m)})"
        for r in labels.itertuples()
        for m in workspace.study.models
    )
    parts = [
        f"# Statement {statement}",
        f"{_stamp(workspace)}{'' if shown else NO_TEXTS}",
        "".join(shown),
        f"Labels: {named}. In Table 3: {ways}.",
    ]
    parts += [] if spoken or not texts else [NO_REPLIES]
    for (model, language), rows in answers.groupby(["model", "language"], sort=False):
        parts.append(f"## {model}, {language}: {own.get((model, language), 'undecided')}")
        parts += [
            _reply(row, spoken.get((statement, model, language, row.run)), language)
            for row in rows.itertuples()
        ]
    return "\n\n".join(parts)


def _reply(row, text: str | None, language: str) -> str:
    """One run: its answer or its state, and the reply in the model's words."""
    what = row.answer if row.state == "answered" else row.state
    quoted = "<br>".join(escape(line) for line in text.splitlines() if line.strip()) if text else ""
    return f"<p>Run {row.run}: <strong>{escape(what)}</strong></p>" + (
        f'<blockquote class="reply" lang="{language}">{quoted}</blockquote>' if quoted else ""
    )


def _stamp(workspace: Workspace) -> str:
    """What stands on every page of answers that are not real models'."""
    words = KINDS[workspace.respondents].caution
    return f'<p class="stamp"><strong>{words}</strong></p>\n\n' if words else ""
