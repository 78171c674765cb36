"""From a model or a group on a dimension down to its statements, and from those to the replies."""

import re
from dataclasses import dataclass
from html import escape

import pandas as pd

from alignment.asking import collection, plan
from alignment.study.stamps import KINDS
from alignment.study.workspace import Workspace
from utils import reply_parser, scores
from utils.cells import CELL, PAIR, WORDINGS
from utils.rules import Rules

NO_TEXTS = "The texts belong to others and are not shown here; the ids lead to them."
NO_REPLIES = (
    "The replies themselves are not on the machine that built this site; their answers are."
)
REPLY = ["step", "statement_id", "model", "language", "run"]
TABLE3 = "../notebooks/10_table3_languages"
FIGURE1 = "../notebooks/08_figure1_groups_and_people"


@dataclass(frozen=True)
class Material:
    """What the pages of a study show, read once for all of them."""

    workspace: Workspace
    stances: pd.DataFrame  # statement_id, model, language, agreed ("agrees 4/5")
    scores: pd.DataFrame  # 07_scores with agreed
    table3: pd.DataFrame  # 10_table3
    groups: pd.DataFrame  # each group's response to each label, and whether it counts in Figure 1
    wordings: pd.DataFrame  # 07_stances, by statement, model and language
    answers: pd.DataFrame  # in every wording
    texts: dict[tuple[str, str], str]  # (statement_id, language) -> text, if it may be shown
    replies: dict[tuple, str]  # the values of REPLY -> reply

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
    for (dimension, culture), rows in _group(material.scores, "culture"):
        page = _describe_group(material, dimension, culture, rows)
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
    scored = workspace.read("07_scores")
    groups = _read_groups(workspace, scored, answers)
    wordings = workspace.read("07_stances").set_index(keys)
    texts = plan.read_texts(workspace) if workspace.study.show_texts else {}
    answers = pd.concat([answers, workspace.read("07_wordings.csv.gz")], ignore_index=True)
    replies = _read_replies(workspace, answers) if texts else {}
    tables = (scored.merge(stances, on=keys), workspace.read("10_table3"), groups, wordings)
    return Material(workspace, stances, *tables, answers, texts, replies)


def _read_groups(workspace: Workspace, scored: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return what Figure 1 is made of, by dimension, group and statement."""
    rules = Rules.from_parameters(workspace.parameters)
    groups = scores.group_scores(scored, workspace.models, rules.split_group, answers)
    counted = scores.differing(groups, rules.differ)
    if workspace.models["culture"].nunique() == 1:  # as on page 08, all statements of one group
        counted["differs"] = counted["comparable"]
    by = ["dimension", "group", "statement_id"]
    return groups.merge(counted, on=PAIR).set_index(by).sort_index()


def _read_replies(workspace: Workspace, answers: pd.DataFrame) -> dict[tuple, str]:
    """Return the replies without their thinking, by cell; nothing without an archive."""
    if workspace.study.respondents == "imported" or not collection.archive_paths(workspace):
        return {}
    last = collection.read_last_replies(workspace, ["text"])
    keys = collection.cell_keys(workspace, answers[CELL], plan.read_texts(workspace))
    cells = answers[REPLY].itertuples(index=False, name=None)
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
    workspace = material.workspace
    cultures = list(workspace.models["culture"].unique())
    drawn = workspace.read("08_figure1").query("kind == 'models'")
    places = drawn[drawn["selection"] == ("differing" if len(cultures) > 1 else "all")]
    places = places.set_index(["dimension", "group"])["value"]
    rows = []
    for d in workspace.dimensions:
        row = [d]
        for m in workspace.study.models:
            number = "; ".join(" · ".join(means) for *_, means in _list_entries(material, d, m))
            row.append(_link_number(d, m, slug(d, m), number))
        for c in cultures:
            number = _format(places.get((d, c)), ".0f")
            row.append(_link_number(d, c, slug(d, "group", c), number))
        rows.append(row)
    intro = "Each number leads to the statements behind it, and each statement to the replies. A "
    intro += f"model's numbers are its mean scores as in [Table 3]({TABLE3}), on the statements "
    intro += "that it answered in both of the languages compared; a group's is its position from "
    intro += f"0 to 100, as in [Figure 1]({FIGURE1})."
    table = _table(["", *workspace.study.models, *cultures], rows)
    return "\n\n".join(["# Down to the replies", f"{material.stamp}{intro}", table])


def _link_number(dimension: str, who: str, page: str, number: str) -> str:
    return f'<a href="{page}.html" aria-label="{dimension}, {escape(who)}: {number}">{number}</a>'


def _format(value: float | None, form: str) -> str:
    if value is None or pd.isna(value):
        return "–"
    return format(value, form) if value else format(0.0, form.replace("+", ""))


def _list_entries(
    material: Material, dimension: str, model: str
) -> list[tuple[str, str, pd.Series, list[str]]]:
    """List a model's entries of Table 3: both languages, the row, and its means as text.

    In a study with one language, which compares models there, the entry is the model's own mean.
    """
    languages, rows = material.workspace.study.languages, material.table3
    rows = rows[(rows["dimension"] == dimension) & (rows["model"] == model)]
    means = ["mean_base", "mean_other"]
    entries = [
        (r["base"], r["other"], r, [_format(r[mean], ".2f") for mean in means])
        for _, r in rows.iterrows()
    ]
    if entries or len(languages) > 1:
        return entries
    own = material.scores.query("dimension == @dimension and model == @model")["score"]
    row = pd.Series({"n": own.count(), "mean_base": own.mean(), "mean_other": own.mean()})
    return [(languages[0], languages[0], row, [_format(own.mean(), ".2f")])]


def _describe_model(material: Material, dimension: str, model: str, rows: pd.DataFrame) -> str:
    """Describe an entry of Table 3: every statement, with the model's stance and score.

    The scores of the statements that count add up to its means.
    """
    languages = material.workspace.study.languages
    entries = _list_entries(material, dimension, model)
    wide = rows.pivot(index="statement_id", columns="language", values=["agreed", "score"])
    polarity = rows.drop_duplicates("statement_id").set_index("statement_id")["polarity"]
    lines = []
    for statement, label in polarity.items():
        line = [_link(statement), material.text(statement), f"{label:+g}"]
        line += [wide.at[statement, ("agreed", l)] for l in languages]
        line += [_format(wide.at[statement, ("score", l)], "+g") for l in languages]
        for a, b, *_ in entries:
            both = wide.loc[statement, [("score", a), ("score", b)]].notna().all()
            line.append("yes" if both else "left out")
        lines.append(line)
    head = [f"{what}, {l}" for what in ("stance", "score") for l in languages]
    counts = [f"counts, {a} and {b}" if len(entries) > 1 else "counts" for a, b, *_ in entries]
    intro = f"The {len(lines)} statements of **{dimension}** and what **{model}** said. "
    for a, b, row, means in entries:
        where = f"{' and '.join(means)} in {a} and {b}" if a != b else f"{means[0]} in {a}"
        intro += f"Mean scores: {where}, on the {row['n']:.0f} that count: those with a score in "
        intro += "each. " if a != b else "it. "
    intro += "A stance is followed by how many of the readable runs gave it. "
    return "\n\n".join(
        [
            f"# {dimension}: {model}",
            f"{material.stamp}{intro}{material.no_texts}",
            _table(["statement", "text", "polarity", *head, *counts], lines),
            f"[Back to Table 3]({TABLE3}) · [All dimensions and models](index)",
        ]
    )


def _describe_group(material: Material, dimension: str, culture: str, rows: pd.DataFrame) -> str:
    """Describe a bar of Figure 1: every statement, with its models' stances and its score.

    The scores of the statements that count have the mean that is drawn, on another scale.
    """
    models = material.workspace.models
    names = list(models.loc[models["culture"] == culture, "model"])
    own, lines = material.groups.loc[(dimension, culture)], []
    native = rows.merge(models[["model", "culture", "language"]])
    for statement, votes in native.groupby("statement_id", sort=False):
        stances = votes.set_index("model")["agreed"]
        group = own.loc[statement]
        line = [_link(statement), material.text(statement), f"{votes['polarity'].iloc[0]:+g}"]
        line += [stances.get(name, "–") for name in names]
        line += [_format(group["response"], "+g"), _format(group["score"], "+g")]
        why = "yes" if group["differs"] else "left out: "
        if not group["differs"]:
            why += "groups agree" if group["comparable"] else "a group has no response"
        lines.append([*line, why])
    counted = own.loc[own["differs"], "score"]
    place = _format(scores.to_0_100(counted.mean()), ".0f")
    intro = f"The {len(lines)} statements of **{dimension}** and what the models of **{culture}** "
    intro += "said, each in its native language. The group's response is the median of their "
    several = models["culture"].nunique() > 1
    which = "those to which the groups respond differently" if several else "all with a response"
    intro += f"stances. Figure 1 counts {which}, {len(counted)} here: their mean score is "
    intro += f"{_format(counted.mean(), '.2f')}, which is {place} on the scale from 0 to 100. "
    head = ["statement", "text", "polarity", *names, "response", "score", "counts"]
    return "\n\n".join(
        [
            f"# {dimension}: models of {culture}",
            f"{material.stamp}{intro}{material.no_texts}",
            _table(head, lines),
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
        is_asked = rows["step"] == "stance"
        said = ", ".join(_name_answer(row) for row in rows[is_asked].itertuples())
        parts.append(_fold(material, f"As the paper asks: {said}", rows[is_asked]))
        said = _describe_wordings(material, (statement, model, language))
        parts.append(_fold(material, said, rows[~is_asked]) if said else "")
    return "\n\n".join(filter(None, parts))


def _describe_wordings(material: Material, voter: tuple[str, str, str]) -> str:
    """Say which stance a model took in other wordings of the question; "" where none was asked."""
    stances = material.wordings.loc[[voter]].iloc[0]
    said = [f"{w}: {_name_stance(stances[w])}" for w in WORDINGS if w in stances]
    return f"In other wordings: {', '.join(said)}" if said else ""


def _fold(material: Material, summary: str, rows: pd.DataFrame) -> str:
    """Return a summary that opens to the runs behind it."""
    runs = [
        _describe_run(row, material.replies.get(tuple(getattr(row, c) for c in REPLY), ""))
        for row in rows.itertuples()
    ]
    return f"<details><summary>{escape(summary)}</summary>{''.join(runs)}</details>"


def _name_stance(stance: float) -> str:
    return {1.0: "for it", -1.0: "against it", 0.0: "neither"}.get(stance, "undecided")


def _name_answer(row) -> str:
    return row.answer if row.state == "answered" else row.state


def _describe_run(row, reply: str) -> str:
    """Describe one run: its answer or its state, and the reply in the model's words."""
    wording = row.step.removeprefix("stance").removeprefix("_")
    named = f"Run {row.run}{f' ({wording})' if wording else ''}"
    text = f"<p>{named}: <strong>{escape(_name_answer(row))}</strong></p>"
    if lines := [escape(line) for line in reply.splitlines() if line.strip()]:
        quote = "<br>".join(lines)
        text += f'<blockquote class="reply" lang="{row.language}">{quote}</blockquote>'
    return text
