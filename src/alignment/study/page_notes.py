"""Notes on a page about its answers: who gave them, how many are missing, and their texts."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from IPython.display import Markdown, display, update_display

from alignment.study.stamps import KINDS, RATERS, words_of
from alignment.study.workspace import Workspace

IN_SHORT = "in-short"  # the place at the head of a page that `conclude` fills


def open_page(banner: Markdown) -> None:
    """Show who answered, and below it the place for what `conclude` says."""
    display(banner)
    display(Markdown(""), display_id=IN_SHORT)


def conclude(files: Iterable[str], said: str) -> Markdown:
    """Put the answer of a page at its head, and name the files that it wrote."""
    update_display(Markdown(f"**In short.** {said}"), display_id=IN_SHORT)
    return Markdown(f"Written: {', '.join(f'`{file}`' for file in files)}.")


def banner(workspace: Workspace, kind: str = "") -> Markdown:
    """Say what a reader must know of the answers before anything else; nothing of real ones.

    `kind`: of the numbers on the page, where they are not this study's.
    """
    return _quote(KINDS[kind or workspace.respondents].banner, _lab_run(workspace))


def rating_banner(workspace: Workspace, raters: str) -> Markdown:
    """Say the same of labels and of ratings by `raters`; nothing when both are real."""
    labels = workspace.respondents
    if (labels, raters) == ("live", "live"):
        return _quote(_lab_run(workspace))
    finding = ""
    if raters and "simulated" in (labels, raters):
        finding = "How far they are from the labels is no finding."
    return _quote(KINDS[labels].labels, RATERS[raters], finding, _lab_run(workspace))


def _quote(*sentences: str) -> Markdown:
    text = " ".join(filter(None, sentences))
    return Markdown(f"> {text}" if text else "")


def _lab_run(workspace: Workspace) -> str:
    """Say of a page that it was made by hand, in JupyterLab, and not by the runner."""
    if not workspace.is_lab:
        return ""
    base = f"what it lacks it reads from the study `{workspace.study.name}`."
    return f"**A lab run.** This page was made by hand; {base}"


def caution(workspace: Workspace, kind: str = "") -> str:
    """End a sentence that states a result; nothing when real models answered.

    `kind`: of the result, where it is not the study's.
    """
    words = KINDS[kind or workspace.respondents].caution
    return f"*{words}*" if words else ""


def stamped(
    workspace: Workspace, frame: pd.DataFrame, kind: str = "", scope: str = ""
) -> pd.DataFrame:
    """Return a table of results that says in its head who answered; real answers need no words.

    `kind`: of the numbers, where they are not the study's; `scope`: the part that the words are on.
    """
    frame = frame.copy()
    frame.attrs["stamp"] = words_of(kind or workspace.respondents, scope)
    return frame


def count_answers(cells: pd.DataFrame, *notes: str) -> Markdown:
    """Say how many of the planned cells have an answer and who was asked, then the notes."""
    kinds = cells["respondents"].replace("", "nobody").value_counts()
    whose = ", ".join(f"{n:,} **{kind}**" for kind, n in kinds.items()) or "nobody"
    n = cells["state"].eq("answered").sum()
    share = f" ({100 * n / len(cells):.1f} %)" if len(cells) else ""
    answered = f"**{n:,} of {len(cells):,} cells are answered**{share}."
    return Markdown(" ".join(filter(None, [answered, f"Answers by: {whose}.", *notes])))


def missing_stances(workspace: Workspace) -> Markdown:
    """Say what became of the planned stances, and how far the missing ones could move a mean."""
    accounting, bounds = workspace.read("07_accounting"), workspace.read("07_bounds")
    counts = accounting.sum(numeric_only=True).astype(int)
    planned = counts.pop("planned")
    states = " + ".join(f"{n:,} {state}" for state, n in counts.items() if n)
    text = f"{planned:,} stances planned = {states}."
    if planned > counts["answered"]:
        has_mean = bounds["mean"].notna()
        if not has_mean.any():
            return Markdown(f"{text} **No model has a stance**, so there is no mean.")
        far = np.maximum(bounds["high"] - bounds["mean"], bounds["mean"] - bounds["low"]).max()
        text += " If all missing answers had gone the worst way, "
        text += f"a mean would move by up to {far:.2f}."
        if not has_mean.all():
            without = f"{(~has_mean).sum():,} of {len(bounds):,} means"
            text += f" **{without} do not exist**: no statement of these has a stance."
    silent = accounting.query("answered == 0")
    if len(silent):
        names = ", ".join(silent["model"] + " in " + silent["language"])
        text += f" **No answer of {names} could be read**,"
        text += " so there is no position and nothing is drawn."
    return Markdown(text)


def with_texts(workspace: Workspace, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with titles or statements beside it, if the study may show them."""
    if not workspace.study.show_texts:
        return frame
    on, name, text = "debate_id", "01_debates", "title"
    if "statement_id" in frame:
        on, name, text = "statement_id", "01_theses", "text"
    return frame.merge(workspace.read(name)[[on, text]], on=on, how="left")
