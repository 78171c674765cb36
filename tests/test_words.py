"""The project's words have an entry in the glossary, and what the READMEs name exists."""

import re

import pytest

from alignment.study.paths import ROOT

WORDS = """
study, statement, dimension, step, relevance, polarity, stance, model, judge, culture, group,
language, native language, people, human values, run, execution, workspace, cell, reply, answer,
vote, label, answered, refused, unreadable, cut off, wrong language, failed, not asked,
respondents, quorum, marginal, open, tie, undecided, cap, pilot, batch file, cluster, worker, archive, fresh, seal, simulated
ground truth, recovery, MAE, alpha, precision, GRIM, ledger, specification curve, null model,
sign-flip test, bootstrap interval, Holm, BH, leaning, position, response, score, release,
rehydration, tolerance, control
"""
GLOSSARY = (ROOT / "site" / "pages" / "glossary.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^(?P<terms>[^\s:#].*)\n: (?P<text>.*(?:\n  .*)*)", re.M)
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "studies/README.md", "figures/README.md"]
PAGES += ["data/raw/README.md", "data/raw/demo/README.md", "data/reference/README.md"]
PATH = re.compile(
    r"(?:\.github|\.venv|benchmarks|data|figures|notebooks|site|src|studies|tests)/\S*"
)


def test_every_word_of_the_project_is_in_the_glossary_once():
    terms = [t for m in ENTRY.finditer(GLOSSARY) for t in re.split(r", |; ", m["terms"])]
    assert not {word.strip() for word in WORDS.replace("\n", " ").split(",")} - set(terms)
    assert len(terms) == len(set(terms))


def test_every_entry_is_two_sentences_or_fewer_and_links_to_where_the_word_is_used():
    for entry in ENTRY.finditer(GLOSSARY):
        text = " ".join(entry["text"].split())
        pages = re.findall(r"\]\(notebooks/(\w+)\)", text)
        assert pages and all((ROOT / "notebooks" / f"{page}.py").is_file() for page in pages), text
        sentences = re.findall(r"[.?!](?= [A-Z(`*]|$)", re.sub(r" \(\[notebook.*", "", text))
        assert 1 <= len(sentences) <= 2, text


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page):
    """Names with <study>, NAME, NN, xx or a wildcard stand for many files; `mine` is an example."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    named = [ROOT / p for q in re.findall(r"`([^`]+)`", text) for p in PATH.findall(q)]
    named = [
        p
        for p in named
        if not re.search(r"[<*{$]|\bNN|NAME|\bxx\b|mine|\.venv|html", str(p.relative_to(ROOT)))
    ]
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    named += [(ROOT / page).parent / p for p in linked]
    assert not [str(p) for p in named if not p.exists()]


def test_the_tree_in_contributing_is_the_tree_of_src():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = {p.parent.name for p in (ROOT / "src").glob("alignment/*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/ ", text, re.M)) == packages
