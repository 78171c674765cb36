"""The environment is one chain: pyproject.toml -> requirements.lock -> environment.yml."""

import fcntl
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from alignment.study.paths import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def pins() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", LOCK, re.M))


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def sections() -> dict[str, set[str]]:
    """Return the names of the packages that each section of the lock pins."""
    _, *parts = re.split(r"^# Section: (\w+)\n", LOCK, flags=re.M)
    names = [set(re.findall(r"^([a-z0-9-]+)==", part, re.M)) for part in parts[1::2]]
    return dict(zip(parts[::2], names, strict=True))


def test_every_dependency_is_pinned_as_pyproject_asks():
    extras = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    for line in PROJECT["dependencies"] + extras:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pins()[wanted.name]), line


def test_what_only_the_site_or_the_tests_need_has_a_section_of_the_lock():
    assert list(sections()) == ["base", *PROJECT["optional-dependencies"]]
    assert sum(map(len, sections().values())) == len(pins())
    for section, lines in [
        ("base", PROJECT["dependencies"]),
        *PROJECT["optional-dependencies"].items(),
    ]:
        assert {Requirement(line).name for line in lines} <= sections()[section]
    assert "playwright" in sections()["tests"] and "sphinx" in sections()["site"]


@pytest.mark.parametrize("section", ["base", "site", "tests"])
def test_a_section_is_installed_with_those_above_it(section):
    shell = "source ./environment.sh >/dev/null && pinned " + section
    run = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True)
    above = list(sections())[: list(sections()).index(section) + 1]
    names = set(re.findall(r"^([a-z0-9-]+)==", run.stdout, re.M))
    assert names == set().union(*(sections()[name] for name in above))


def test_the_cards_packages_are_all_there():
    card = (
        "jupyterlab papermill jupytext requests beautifulsoup4 openai pandas statsmodels matplotlib"
    )
    assert set(card.split()) <= set(pins())


def test_every_pin_has_a_hash_and_no_host_is_named():
    blocks = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.M)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in LOCK and "index-url" not in LOCK


def test_conda_installs_the_same_lock():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert conda["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.lock"]}]
    made = re.search(
        r"<<'YAML'\n(.*?)YAML\n", (ROOT / "lock.sh").read_text(encoding="utf-8"), re.S
    )[1]
    assert made == (ROOT / "environment.yml").read_text(encoding="utf-8")


@pytest.fixture
def misleading(tmp_path):
    """Return PYTHONPATH with packages of our names that are not ours, and a symlink to the project."""
    for name in ("utils", "alignment"):
        (tmp_path / "others" / name).mkdir(parents=True)
        (tmp_path / "others" / name / "__init__.py").write_text("raise SystemExit('not ours')\n")
    (tmp_path / "link").symlink_to(ROOT, target_is_directory=True)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "others")}, tmp_path / "link"


@pytest.mark.skipif(not (ROOT / ".venv" / "made-in").exists(), reason="no .venv of the scripts")
def test_other_packages_of_our_names_and_a_symlinked_path_change_nothing(misleading):
    environment, link = misleading
    made = (ROOT / ".venv" / "made-in").stat().st_mtime_ns
    shell = "source ./environment.sh && exec $python -c 'import utils, alignment; print(*utils.__path__)'"
    run = subprocess.run(
        ["bash", "-c", shell], cwd=link, env=environment, capture_output=True, text=True
    )
    assert run.stdout.strip() == str(ROOT / "src" / "utils"), run.stderr
    assert (
        ROOT / ".venv" / "made-in"
    ).stat().st_mtime_ns == made  # not made anew for the other path


def test_another_utils_is_not_taken_for_the_one_beside_alignment(tmp_path):
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "__init__.py").write_text("raise SystemExit('not ours')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "alignment.cli", "export", "--help"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.startswith("usage: alignment export"), run.stderr


def test_no_usable_python_is_told_in_a_sentence(tmp_path):
    for name in ("environment.sh", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    run = subprocess.run(["bash", "-c", "set -e; source ./environment.sh"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "PYTHON": "/nowhere/python"}, capture_output=True, text=True)  # fmt: skip
    assert (
        run.returncode == 1
        and "3.11, 3.12 or 3.13" in run.stderr
        and len(run.stderr.strip().splitlines()) == 1
    )


def test_a_missing_lock_is_told_in_a_sentence(tmp_path):
    (tmp_path / "environment.sh").write_bytes((ROOT / "environment.sh").read_bytes())
    run = subprocess.run(
        ["bash", "-c", "set -e; source ./environment.sh"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1 and run.stderr.startswith("requirements.lock is missing")


def test_no_environment_is_made_anew_under_a_running_command(tmp_path):
    for name in ("environment.sh", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    with (tmp_path / ".environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # as a command that runs holds it
        command = ["bash", "-c", "set -e; source ./environment.sh"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1 and not (tmp_path / ".venv").exists()
    assert run.stderr.startswith("Another command of this project is running"), run.stderr


def steps(workflow: str) -> list[str]:
    """The commands of a workflow, in order."""
    read = yaml.safe_load(
        (ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text(encoding="utf-8")
    )
    assert set(read) == {"name", True, "permissions", "jobs"}  # YAML reads `on` as True
    return [step["run"] for job in read["jobs"].values() for step in job["steps"] if "run" in step]


def test_continuous_integration_runs_the_two_scripts_of_the_readme():
    assert steps("ci") == ["./run_tests.sh", "./run_all.sh"]


def test_every_night_the_newest_packages_are_resolved_before_pages_tests_and_slow_tests():
    ours = [command for command in steps("nightly") if command.startswith("./")]
    assert ours == [
        "./lock.sh --upgrade",
        "./run_all.sh --force",
        "./run_tests.sh",
        "./run_tests.sh -m slow",
    ]
    assert all(os.access(ROOT / command.split()[0], os.X_OK) for command in ours)


def test_the_hooks_need_no_network_and_name_tests_that_are_there():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
        "repos"
    ]
    assert repo["repo"] == "local"
    for hook in repo["hooks"]:
        assert hook["language"] == "system" and hook["entry"].startswith(".venv/bin/")
        assert all(
            (ROOT / word).is_file() for word in hook["entry"].split() if word.endswith(".py")
        )
