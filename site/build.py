"""Builds the site of a study into site/html from its rendered pages: `./run_all.sh --site`."""

import base64
import io
import json
import re
import shutil
import sys
from html import escape
from pathlib import Path

import matplotlib
from bs4 import BeautifulSoup

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import explore  # noqa: E402
from alignment.figures import paper_figures  # noqa: E402
from alignment.figures.style import stamp, use_style  # noqa: E402
from alignment.release import dataset  # noqa: E402
from alignment.runner.pages import digest  # noqa: E402
from alignment.study import paths  # noqa: E402
from alignment.study.loader import load  # noqa: E402
from alignment.study.respondents import KINDS  # noqa: E402
from alignment.study.workspace import Workspace  # noqa: E402
from utils.errors import Problem  # noqa: E402

SOURCES, HTML = paths.ROOT / ".cache" / "site", HERE / "html"
FONT = "StudySansSC-Regular.otf"


def main(name: str) -> None:
    """Build the site of a study."""
    workspace = Workspace(load(name), load(name).name)
    if not workspace.rendered.is_dir() or not (workspace.processed / "10_table3.csv").exists():
        raise Problem(
            f"The study {workspace.folder} has no pages yet: ./run_all.sh --study {workspace.folder} makes them."
        )
    shutil.rmtree(SOURCES, ignore_errors=True)
    shutil.copytree(HERE / "static", SOURCES / "static")
    shutil.copy(HERE / "conf.py", SOURCES)
    shutil.copy(paths.ROOT / "src" / "alignment" / "figures" / "fonts" / FONT, SOURCES / "static")
    _notebooks(workspace)
    _front(workspace)
    _data()
    write(SOURCES / "glossary.md", (HERE / "pages" / "glossary.md").read_text(encoding="utf-8"))
    for page, text in explore.pages(workspace).items():
        write(SOURCES / "explore" / f"{page}.md", text)
    _sphinx()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _notebooks(workspace: Workspace) -> None:
    """The rendered pages, with the ways down laid into Table 3 and Figure 1; pages of what changed beside them."""
    for page in sorted(workspace.rendered.glob("[0-9]*.ipynb")):
        notebook = json.loads(page.read_text(encoding="utf-8"))
        if page.name.startswith("08"):
            _link_figure1(workspace, notebook)
        if page.name.startswith("10"):
            _link_table3(workspace, notebook)
        write(SOURCES / "notebooks" / page.name, _with_pictures(notebook))
    for page in sorted(workspace.rendered.parent.glob(f"{workspace.folder}--*/what_changed.ipynb")):
        changed = page.parent.name.partition("--")[2]
        notebook = json.loads(page.read_text(encoding="utf-8"))
        notebook["cells"][0]["source"] = f"# What if {changed}?"
        write(SOURCES / "whatif" / f"{explore.slug(changed)}.ipynb", _with_pictures(notebook))


def _with_pictures(notebook: dict) -> str:
    """A notebook whose pictures are files with an alt text, each in a box that scrolls."""
    for output in _outputs(notebook):
        if coded := output["data"].get("image/png"):
            content = base64.b64decode("".join(coded))
            name = f"{digest(content)[:16]}.png"
            (SOURCES / "static" / name).write_bytes(content)
            alt = output["metadata"].get("image/png", {}).get("alt", "")
            output["data"] = {
                "text/html": f'<div class="scroll"><img src="../_static/{name}" alt="{escape(alt)}"></div>',
                "text/plain": [alt],
            }
    return json.dumps(notebook)


def _outputs(notebook: dict):
    return (
        output
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "data" in output
    )


def _link_table3(workspace: Workspace, notebook: dict) -> None:
    """Every cell of Table 3 leads to the statements behind it; in a study of one language the rows are its models."""
    for output in _outputs(notebook):
        html = "".join(output["data"].get("text/html", ""))
        if 'id="T_table3"' not in html:
            continue
        soup = BeautifulSoup(html, "html.parser")
        models = [th.get_text() for th in soup.select("thead tr:first-child th.col_heading")]
        dimension = ""
        for row in soup.select("tbody tr"):
            dimension = next((th.get_text() for th in row.select("th.level0")), dimension)
            side = row.select("th")[-1].get_text()
            for model, cell in zip(models, row.select("td"), strict=True):
                if cell.get_text().strip():
                    who = model if model in workspace.study.models else side
                    way = soup.new_tag("a", href=f"../explore/{explore.slug(dimension, who)}.html")
                    way["aria-label"] = (
                        f"{dimension}, {model}, {side}: {cell.get_text()}; to its statements"
                    )
                    way.string = cell.get_text()
                    cell.clear()
                    cell.append(way)
        output["data"]["text/html"] = f'<div class="scroll">{soup}</div>'
        return
    raise Problem("Page 10 shows no Table 3 to lay links into.")


def _link_figure1(workspace: Workspace, notebook: dict) -> None:
    """Figure 1 as a drawing in which the line of every group leads to the statements behind it."""
    table = workspace.read("08_figure1")
    pictures = [output for output in _outputs(notebook) if "image/png" in output["data"]]
    titles = {
        "all": "Models and people: statements that divide the groups",
        "differing": "Models and people: all statements",
    }  # by what is left out
    for output, (without, title) in zip(pictures, titles.items(), strict=False):
        svg = _figure1(workspace, table[table["selection"] != without], title)
        output["data"] = {"text/html": f'<div class="scroll">{svg}</div>', "text/plain": [title]}


def _figure1(workspace: Workspace, table, title: str) -> str:
    def address(dimension: str, group: str) -> str:
        return f"../explore/{explore.slug(dimension, 'group', group)}.html"

    use_style()
    matplotlib.rcParams["svg.hashsalt"] = title
    figure, drawn = paper_figures.groups_and_people(table, title, address), io.StringIO()
    stamp(figure, workspace.respondents)
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    names = {
        address(d, g): f"{d}, {g}: to its statements"
        for d in table["dimension"].unique()
        for g in table["group"].unique()
    }
    words = f"Figure 1: groups of models and people, 0 to 100. {title}. {workspace.respondents} respondents. The numbers stand in the table above."
    svg = drawn.getvalue()[drawn.getvalue().index("<svg") :].replace(
        "<svg ", f'<svg role="group" aria-label="{escape(words)}" ', 1
    )
    return re.sub(
        r'<a xlink:href="([^"]+)" target="_blank"',
        lambda way: f'<a href="{way[1]}" aria-label="{escape(names[way[1]])}"',
        svg,
    )


def _front(workspace: Workspace) -> None:
    """The front page, with the figure of the paper's printed numbers and what this study is."""
    shutil.copy(workspace.figures / "figure3_printed.png", SOURCES)
    whatif = sorted(p.stem for p in (SOURCES / "whatif").glob("*.ipynb"))
    toctree = "```{toctree}\n:hidden:\n:caption: What if\n:glob:\n\nwhatif/*\n```" if whatif else ""
    text, what = (
        (HERE / "pages" / "index.md").read_text(encoding="utf-8"),
        f"{KINDS[workspace.respondents].site}\n\n{dataset.source_of(workspace)['collected']}",
    )
    write(SOURCES / "index.md", text.replace("{{ what }}", what).replace("{{ whatif }}", toctree))


def _data() -> None:
    """The data dictionary: what the folders of data say of themselves, one below the other."""
    parts = [
        (paths.ROOT / "data" / folder / "README.md").read_text(encoding="utf-8")
        for folder in ("processed", "raw", "reference")
    ]
    down = "\n\n".join(
        part.replace("\n#", "\n##").replace("# ", "## ", 1) if part.startswith("# ") else part
        for part in parts
    )
    write(SOURCES / "data.md", f"# The data\n\n{down}")


def _sphinx() -> None:
    """Build, with a warning for an error, and put the finished site in its place whole."""
    from sphinx.cmd.build import build_main

    fresh = SOURCES / "_html"
    if build_main(
        [
            "-q",
            "-W",
            "--keep-going",
            "-b",
            "html",
            "-d",
            str(SOURCES / "_doctrees"),
            str(SOURCES),
            str(fresh),
        ]
    ):
        raise Problem(
            "The site was not built: Sphinx says why above. The last one was left as it was."
        )
    (fresh / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(HTML, ignore_errors=True)
    shutil.move(fresh, HTML)
    print(f"The site is in {escape(paths.shown(HTML))}: open {paths.shown(HTML)}/index.html")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Problem as problem:
        sys.exit(str(problem))
