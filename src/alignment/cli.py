"""The command beside ./run_all.sh and ./run_tests.sh: `alignment VERB ...`, each with --help.

What a verb needs is imported when it is called, so that no command waits for what another needs.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from utils.errors import Problem

STUDY = "a study file, by name or path"
STOPPED = "Stopped. Replies that arrived are kept; the same command goes on from here."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return 0 when it is done, 1 after a Problem, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["run"]:
        chosen = _run_parser().parse_args(arguments[1:])
    else:
        chosen = _parser().parse_args(arguments)
    try:
        return chosen.verb(chosen) or 0
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{STOPPED}", file=sys.stderr)
        return 130
    except PermissionError as error:
        what = f"{error.filename or 'a file'} ({error.strerror})"
        print(f"Not allowed: {what}. May this folder be read and written?", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the output has seen enough, as in: ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="alignment", description=__doc__)
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")

    def add(name: str, verb, help: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help, description=help)
        added.set_defaults(verb=verb)
        return added

    add("run", None, "run the notebooks of a study in order: what ./run_all.sh calls")
    about = (
        "import statements, labels, translations, wordings or answers, or an archive, into a study"
    )
    verb = add("import", _import, about)
    verb.add_argument(
        "what", choices=["statements", "labels", "translations", "wordings", "answers"]
    )
    verb.add_argument("study", help=STUDY)
    file = (
        "a table (.csv, .tsv, .xlsx, .ods, .xls), a review sheet of translations, or an archive of "
    )
    file += "replies (.sqlite)"
    verb.add_argument("file", type=Path, help=file)
    verb.add_argument("--language", help="of the translations (default: the study's second)")
    verb = add("export", _export, "export the answers of a study, or its whole archive, to a file")
    verb.add_argument("study", help=STUDY)
    file = "answers without any text: .csv, .csv.gz; the archive: .sqlite"
    verb.add_argument("file", type=Path, help=file)
    about = "send the batch files of a study to their services, fetch the replies, or cancel"
    verb = add("batch", _batch, about)
    verb.add_argument("what", choices=["submit", "fetch", "cancel"])
    verb.add_argument("study", help=STUDY)
    file = "fetch: results (.jsonl) that were made elsewhere; default: what the services have"
    verb.add_argument("files", nargs="*", type=Path, metavar="file", help=file)
    wait = "submit: go on, and fetch, until nothing is under way"
    verb.add_argument("--wait", action="store_true", help=wait)
    verb = add("sheets", _sheets, "write a rating sheet (.xlsx) for each annotator")
    verb.add_argument("study", help=STUDY)
    verb.add_argument("annotators", nargs="+", metavar="annotator")
    verb = add("review", _review, "write a sheet (.xlsx) for a reviewer of the translations")
    verb.add_argument("study", help=STUDY)
    verb.add_argument("file", nargs="?", type=Path, help="default: in data/raw/<study>")
    verb.add_argument("--language", help="that is reviewed (default: the study's second)")
    verb = add("rehydrate", _rehydrate, "fetch the texts of a release again, and compare them")
    verb.add_argument("release", type=Path, help="the release's table, .csv")
    where = verb.add_mutually_exclusive_group(required=True)
    exports = "of exports (votes in its votes_json/)"
    where.add_argument("--exports", type=Path, metavar="FOLDER", help=exports)
    where.add_argument("--study", metavar="NAME", help="whose debates are fetched again")
    verb.add_argument("--out", type=Path, metavar="FOLDER", help="default: a new one in data/raw")
    verb = add("serve", _serve, "serve the simulated respondents of a study on a local port")
    verb.add_argument("study", help=STUDY)
    verb.add_argument("--port", type=int, default=8765)
    about = "estimate what a study takes at 100,000 to 100,000,000 calls, as a table of Markdown"
    verb = add("scale", _scale, about)
    verb.add_argument("study", help=STUDY)
    add("dictionary", _dictionary, "write the data dictionary into the READMEs of the data folders")
    return parser


def _run_parser() -> argparse.ArgumentParser:
    about = "Run the notebooks of a study in order."
    parser = argparse.ArgumentParser("./run_all.sh", description=about, allow_abbrev=False)
    add, flag = parser.add_argument, partial(parser.add_argument, action="store_true")
    add("--study", default="demo", metavar="FILE", help=f"{STUDY} (default: demo)")
    change = "change a parameter, or a setting of the study"
    add("-p", action="append", default=[], metavar="NAME=VALUE", help=change)
    add("--from", dest="first", metavar="NN", help="begin with this notebook")
    add("--until", dest="last", metavar="NN", help="end with this notebook")
    add("--only", metavar="NN", help="run only this notebook")
    flag("--plan", help="print the number of calls and their cost, then stop")
    pilot = "ask N real cells of each step, model and language, then plan by them"
    add("--pilot", type=int, metavar="N", help=pilot)
    flag("--list", help="list every parameter, then stop")
    flag("--force", help="run notebooks that are fresh, too (asks nothing again)")
    add("--cap", type=float, metavar="USD", help="spend no more than this on the study in total")
    flag("--recorded", help="use recorded answers only; ask nothing")
    flag("--site", help="build the site of the study, too, into site/html")
    flag("--lab", help="open the notebooks in JupyterLab")
    parser.set_defaults(verb=_run)
    return parser


def _run(chosen: argparse.Namespace) -> int:
    from alignment.runner import untouched

    if message := untouched.recall(chosen):
        print(message)
        return 0
    from alignment.runner import pipeline

    return pipeline.run(chosen)


def _open(chosen: argparse.Namespace):
    from alignment.study.workspace import open_own

    return open_own(chosen.study)


def _import(chosen: argparse.Namespace) -> None:
    from alignment.asking import archive, imports
    from alignment.runner import parameters
    from alignment.translation import review_sheets

    workspace = _open(chosen)
    if chosen.what == "translations":
        lines = review_sheets.import_translations(workspace, chosen.file, chosen.language)
    elif chosen.what == "answers" and chosen.file.suffix == ".sqlite":
        copied = archive.copy_replies(chosen.file, workspace.raw / archive.FILE)
        lines = [f"{copied:,} replies copied, with their texts"]
    elif chosen.what == "answers":
        used = parameters.defaults() | workspace.study.parameters
        lines = imports.import_answers(workspace, chosen.file, used)
    else:
        lines = getattr(imports, f"import_{chosen.what}")(workspace, chosen.file)
    print(*lines, sep="\n")


def _export(chosen: argparse.Namespace) -> None:
    from alignment.asking import answers, archive

    workspace = _open(chosen)
    if chosen.file.suffix == ".sqlite":
        copied = archive.copy_replies(workspace.raw / archive.FILE, chosen.file)
        print(f"{copied:,} replies copied, with their texts")
    else:
        written = answers.export_answers(workspace, chosen.file)
        print(f"{written:,} answers written to {chosen.file.name}, without any text")


def _batch(chosen: argparse.Namespace) -> None:
    from alignment.asking.batches import jobs

    if (chosen.files and chosen.what != "fetch") or (chosen.wait and chosen.what != "submit"):
        raise Problem("Files go with fetch alone, and --wait with submit alone.")
    workspace = _open(chosen)
    if chosen.what == "fetch":
        sentences = jobs.fetch(workspace, chosen.files)
    elif chosen.what == "cancel":
        sentences = jobs.cancel(workspace)
    else:
        sentences = (jobs.submit_and_wait if chosen.wait else jobs.submit)(workspace)
    for sentence in sentences:
        print(sentence, flush=True)


def _sheets(chosen: argparse.Namespace) -> None:
    from alignment.annotation import rating_sheets
    from alignment.study.paths import shown

    workspace = _open(chosen)
    for path in rating_sheets.write_sheets(workspace, chosen.annotators):
        print(f"wrote {shown(path)}")
    if workspace.study.annotators.simulated:
        print(
            "Set `annotators: {simulated: 0}` in the study's file: "
            "simulated annotators never stand beside sheets."
        )


def _review(chosen: argparse.Namespace) -> None:
    from alignment.translation import review_sheets

    print(review_sheets.export_sheet(_open(chosen), chosen.file, chosen.language))


def _rehydrate(chosen: argparse.Namespace) -> None:
    from alignment.release import rehydration

    print(rehydration.rehydrate(chosen.release, chosen.exports, chosen.study, chosen.out))


def _serve(chosen: argparse.Namespace) -> None:
    from alignment.asking import simulation

    simulation.serve(_open(chosen), chosen.port)


def _scale(chosen: argparse.Namespace) -> None:
    from alignment.asking import plan, scale
    from alignment.runner import parameters

    study = _open(chosen).study
    runs = plan.runs_by_step(study, parameters.defaults() | study.parameters)
    print(scale.as_markdown(scale.estimate(study, runs)))


def _dictionary(_: argparse.Namespace) -> None:
    from alignment.study import data_dictionary

    data_dictionary.write_readmes()


if __name__ == "__main__":
    sys.exit(main())
