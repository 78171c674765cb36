"""Build the site of a study into site/html from its rendered pages: `./run_all.sh --site`."""

import base64
import io
import json
import shutil
import sys
from html import escape
from itertools import product
from pathlib import Path

import matplotlib
import pandas as pd
from bs4 import BeautifulSoup

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import explore  # noqa: E402
from alignment.figures import paper_figures  # noqa: E402
from alignment.figures.style import stamp, use_style  # noqa: E402
from alignment.release import dataset  # noqa: E402
from alignment.runner.pages import digest  # noqa: E402
from alignment.study import data_dictionary, paths  # noqa: E402
from alignment.study.stamps import KINDS  # noqa: E402
from alignment.study.workspace import Workspace, open_own  # noqa: E402
from utils.errors import Problem  # noqa: E402

SOURCES, HTML = paths.ROOT / ".cache" / "site", HERE / "html"
FONT = "StudySansSC-Regular.otf"


def main(name: str) -> None:
    """Build the site of a study."""
    workspace = open_own(name)
    if not workspace.rendered.is_dir() or not (workspace.processed / "10_table3.csv").exists():
        hint = f"./run_all.sh --study {workspace.folder} makes them."
        raise Problem(f"The study {workspace.folder} has no pages yet: {hint}")
    shutil.rmtree(SOURCES, ignore_errors=True)
    shutil.copytree(HERE / "static", SOURCES / "static")
    shutil.copy(HERE / "conf.py", SOURCES)
    shutil.copy(paths.ROOT / "src" / "alignment" / "figures" / "fonts" / FONT, SOURCES / "static")
    _write_notebooks(workspace)
    _write_front(workspace)
    _write_data()
    write(SOURCES / "glossary.md", (HERE / "pages" / "glossary.md").read_text(encoding="utf-8"))
    for page, text in explore.pages(workspace).items():
        write(SOURCES / "explore" / f"{page}.md", text)
    _run_sphinx()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_notebooks(workspace: Workspace) -> None:
    """Write the rendered pages, with links in Table 3 and Figure 1, and pages of what changed."""
    for page in sorted(workspace.rendered.glob("[0-9]*.ipynb")):
        notebook = json.loads(page.read_text(encoding="utf-8"))
        if page.name.startswith("08"):
            _link_figure1(workspace, notebook)
        if page.name.startswith("10"):
            _link_table3(workspace, notebook)
        write(SOURCES / "notebooks" / page.name, _as_document(notebook))
    for page in sorted(workspace.rendered.parent.glob(f"{workspace.folder}--*/what_changed.ipynb")):
        changed = page.parent.name.partition("--")[2]
        notebook = json.loads(page.read_text(encoding="utf-8"))
        notebook["cells"][0]["source"] = f"# What if {changed}?"
        write(SOURCES / "whatif" / f"{explore.slug(changed)}.ipynb", _as_document(notebook))


def _as_document(notebook: dict) -> str:
    """Return a notebook as the site takes it: code folded, pictures files, links to its own pages.

    A picture has an alt text and a box in which it scrolls. Sphinx follows links of text cells, but
    none of outputs.
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            tags = cell["metadata"].get("tags", [])
            cell["metadata"]["tags"] = [*tags, "hide-input"]
    for output in _outputs(notebook):
        if said := output["data"].get("text/markdown"):
            output["data"]["text/markdown"] = "".join(said).replace(".ipynb)", ".html)")
        if coded := output["data"].get("image/png"):
            content = base64.b64decode("".join(coded))
            name = f"{digest(content)[:16]}.png"
            (SOURCES / "static" / name).write_bytes(content)
            alt = output["metadata"].get("image/png", {}).get("alt", "")
            picture = f'<img src="../_static/{name}" alt="{escape(alt)}">'
            html = f'<div class="scroll">{picture}</div>'
            output["data"] = {"text/html": html, "text/plain": [alt]}
    return json.dumps(notebook)


def _outputs(notebook: dict):
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    return (output for output in outputs if "data" in output)


def _link_table3(workspace: Workspace, notebook: dict) -> None:
    """Link every entry of Table 3 to the statements behind it.

    In a study of one language the rows are its models.
    """
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
                    link = soup.new_tag("a", href=f"../explore/{explore.slug(dimension, who)}.html")
                    label = f"{dimension}, {model}, {side}: {cell.get_text()}"
                    link["aria-label"] = f"{label}; to its statements"
                    link.string = cell.get_text()
                    cell.clear()
                    cell.append(link)
        output["data"]["text/html"] = f'<div class="scroll">{soup}</div>'
        return
    raise Problem("Page 10 shows no Table 3 to lay links into.")


def _link_figure1(workspace: Workspace, notebook: dict) -> None:
    """Draw Figure 1 so that the line of every group links to the statements behind it."""
    table = workspace.read("08_figure1")
    pictures = [output for output in _outputs(notebook) if "image/png" in output["data"]]
    titles = {
        "all": "Models and people: statements that divide the groups",
        "differing": "Models and people: all statements",
    }  # by what is left out
    for output, (without, title) in zip(pictures, titles.items(), strict=False):
        svg = _draw_figure1(workspace, table[table["selection"] != without], title)
        output["data"] = {"text/html": f'<div class="scroll">{svg}</div>', "text/plain": [title]}


def _draw_figure1(workspace: Workspace, table: pd.DataFrame, title: str) -> str:
    def address(dimension: str, group: str) -> str:
        return f"../explore/{explore.slug(dimension, 'group', group)}.html"

    use_style()
    matplotlib.rcParams["svg.hashsalt"] = title
    figure, content = paper_figures.groups_and_people(table, title, address), io.StringIO()
    stamp(figure, workspace.respondents)
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    svg = content.getvalue()
    svg = svg[svg.index("<svg") :]
    words = f"Figure 1: groups of models and people, 0 to 100. {title}. {workspace.respondents} "
    words += "respondents. The numbers stand in the table above."
    svg = svg.replace("<svg ", f'<svg role="group" aria-label="{escape(words)}" ', 1)
    for dimension, group in product(table["dimension"].unique(), table["group"].unique()):
        href = f'href="{address(dimension, group)}"'
        label = f'aria-label="{escape(f"{dimension}, {group}: to its statements")}"'
        svg = svg.replace(f'<a xlink:{href} target="_blank"', f"<a {href} {label}")
    return svg


def _write_front(workspace: Workspace) -> None:
    """Write the front page, with the figure of the paper's numbers and what this study is."""
    shutil.copy(workspace.figures / "figure3_printed.png", SOURCES)
    whatif = sorted(p.stem for p in (SOURCES / "whatif").glob("*.ipynb"))
    toctree = "```{toctree}\n:hidden:\n:caption: What if\n:glob:\n\nwhatif/*\n```" if whatif else ""
    what = f"{KINDS[workspace.respondents].site}\n\n{dataset.source_of(workspace)['collected']}"
    text = (HERE / "pages" / "index.md").read_text(encoding="utf-8")
    write(SOURCES / "index.md", text.replace("{{ what }}", what).replace("{{ whatif }}", toctree))


def _write_data() -> None:
    """Write the data dictionary: the READMEs of the data folders, one below the other."""
    parts = ["# The data"]
    for folder in data_dictionary.PARTS:
        text = (paths.ROOT / "data" / folder / "README.md").read_text(encoding="utf-8")
        if text.startswith("# "):
            text = text.replace("\n#", "\n##").replace("# ", "## ", 1)
        parts.append(text)
    write(SOURCES / "data.md", "\n\n".join(parts))


def _run_sphinx() -> None:
    """Build, with a warning for an error, and put the finished site in its place whole."""
    from sphinx.cmd.build import build_main

    fresh = SOURCES / "_html"
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(SOURCES / "_doctrees")]
    if build_main([*options, str(SOURCES), str(fresh)]):
        why = "Sphinx says why above. The last one was left as it was."
        raise Problem(f"The site was not built: {why}")
    (fresh / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(HTML, ignore_errors=True)
    shutil.move(fresh, HTML)
    print(f"The site is in {escape(paths.shown(HTML))}: open {paths.shown(HTML)}/index.html")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Problem as problem:
        sys.exit(str(problem))
