"""The live client: Kialo's list, graphs and votes, asked for politely, each answer kept so that nothing is asked twice.

Never tried on the live site: an answer of another shape stops it, naming the field, the debate and the file.
"""

import csv
import io
import json
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import requests
from protego import Protego
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from alignment.kialo.responses import (
    discussions_in,
    ids_in_sitemap,
    is_private,
    read_json,
    theses_of,
    votes_in,
)
from alignment.study.files import write_whole
from alignment.study.paths import shown
from utils.errors import Problem

NAME = "cultural-alignment"
GONE = (401, 403, 404, 410)  # a debate that is not, or no longer, open to us
BLOCKED = 10  # so many debates in a row that are gone: it is we who are not let in
ATTEMPTS = 3  # for an answer that arrives broken
BUSY = (429, 500, 502, 503, 504)
FAILED = (requests.RequestException, HTTPError)
TIMEOUT = (10, 60)  # seconds to connect, and between two pieces of an answer
DAY = 24 * 3600  # seconds for which robots.txt may be remembered (RFC 9309)
AGAIN = "What has arrived is kept: running again resumes from there."
Progress = Callable[[int, int], object] | None
Check = Callable[[bytes, str], object]


class Site(BaseModel):
    """What the client needs to know; a mapping or any object with these names will do."""

    model_config = ConfigDict(from_attributes=True)

    base_url: str = "https://www.kialo.com"
    permission: bool = False  # Kialo gave permission to collect
    contact: str = ""  # an address in the name that the client gives itself
    wait_seconds: float = Field(default=1.0, ge=0)
    filter: str = Field(default="promoted", pattern=r"^\w+$")
    sort: str = Field(default="view_count", pattern=r"^\w+$")
    limit: int = Field(default=1000, ge=1, le=1000)  # debates on one page of the list
    max_debates: int | None = Field(default=None, ge=1)


def scrape(settings: object, folder: Path, *, progress: Progress = None) -> list[str]:
    """Fetch the list of debates and each debate's graph and votes; the debates that are private or gone come back.

    Without permission or a contact, or against robots.txt, it is a Problem; `progress` is told (debates done, of all).
    """
    visit = Visit(checked(settings), folder)
    pages = _listed(visit)
    return _fetched(visit, list(pages)[: visit.site.max_debates], pages, progress)


def fetch(
    settings: object, folder: Path, debates: Iterable[str], *, progress: Progress = None
) -> list[str]:
    """The same for debates whose ids are known, without the list."""
    wanted = list(dict.fromkeys(debates))
    if strange := [debate for debate in wanted if not re.fullmatch(r"[\w-]+", debate)]:
        raise Problem(f'"{strange[0]}" is no id of a debate.')
    return _fetched(Visit(checked(settings), folder), wanted, {}, progress)


class Visit:
    """One visit to the site: a session that names itself, waits between requests, and keeps what it is told."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder, self.wait, self.not_before = site, folder, site.wait_seconds, 0.0
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"{NAME} (research; contact: {site.contact.strip()})"
        retry = Retry(
            5, status_forcelist=BUSY, raise_on_status=False, backoff_factor=site.wait_seconds
        )
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
        self.robots = Protego.parse("")
        self.robots = Protego.parse(self._robots().read_text(encoding="utf-8", errors="replace"))
        self.wait = max(self.wait, self.robots.crawl_delay(NAME) or 0)

    def keep(
        self, address: str, name: str, what: str, check: Check, gone: Iterable[int] = ()
    ) -> Path | None:
        """The file that holds an answer, asked for only if it is not there; None where the site says it is gone."""
        path, mark = self.folder / name, (self.folder / name).with_suffix(".gone")
        if path.exists() or mark.exists():
            return path if path.exists() else None
        for attempt in range(ATTEMPTS):
            time.sleep(self.site.wait_seconds * (2**attempt - 1))
            try:
                answer = self._ask(address, what)
            except FAILED as error:
                trouble = f"the connection failed ({type(error).__name__})"
                continue
            if answer.status_code in gone:
                self._save(mark, answer, answer.content)
                return None
            if answer.status_code != 200:
                raise Problem(
                    f"{what}: the site answered {answer.status_code} to {answer.url}. {AGAIN}"
                )
            if not (trouble := self._broken(answer, name, check)):
                return self._save(path, answer, answer.content)
        raise Problem(
            f"{what}: {trouble}, {ATTEMPTS} times, at {self.site.base_url}{address}. {AGAIN}"
        )

    def _broken(self, answer: requests.Response, name: str, check: Check) -> str:
        """What is wrong with an answer, which is then kept aside; one of another shape is a Problem at once."""
        aside = self.folder / "failed" / name.replace("/", "-")
        try:
            check(answer.content, f"failed/{aside.name}")
            return ""
        except (ValueError, RecursionError, Problem) as error:
            write_whole(aside, answer.content)
            if isinstance(error, Problem):
                raise
        what = "a web page" if answer.content.lstrip()[:1] == b"<" else "something else"
        return f"{what} came where JSON was due (see failed/{aside.name})"

    def _ask(self, address: str, what: str) -> requests.Response:
        url = self.site.base_url.rstrip("/") + address
        if not self.robots.can_fetch(url, NAME):
            raise Problem(
                f"{what}: robots.txt of {self.site.base_url} forbids {url}; ask Kialo for an export instead."
            )
        time.sleep(max(0.0, self.not_before - time.monotonic()))
        try:
            return self.session.get(url, timeout=TIMEOUT)
        finally:
            self.not_before = time.monotonic() + self.wait

    def _robots(self) -> Path:
        """robots.txt, asked for anew once a day; a site without one (4xx) allows everything, as RFC 9309 has it."""
        path = self.folder / "robots.txt"
        if path.exists() and time.time() - path.stat().st_mtime < DAY:
            return path
        try:
            answer = self._ask("/robots.txt", "robots.txt")
        except FAILED as error:
            raise Problem(
                f"{self.site.base_url} cannot be reached ({type(error).__name__}). {AGAIN}"
            ) from None
        if answer.status_code in BUSY:
            raise Problem(
                f"robots.txt: the site answered {answer.status_code}, so nothing may be asked. {AGAIN}"
            )
        return self._save(path, answer, answer.content if answer.ok else b"")

    def _save(self, path: Path, answer: requests.Response, content: bytes) -> Path:
        """Keep an answer, then note where it came from."""
        write_whole(path, content)
        row = [
            answer.url,
            path.relative_to(self.folder).as_posix(),
            datetime.now(UTC).isoformat(timespec="seconds"),
        ]
        note(self.folder / "responses.csv", [*row, answer.status_code, sha256(content).hexdigest()])
        return path


def note(path: Path, row: list) -> None:
    """Add a line to responses.csv, in one write."""
    rows = [row] if path.exists() else [["url", "file", "time", "status", "sha256"], row]
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(lines.getvalue())


def checked(settings: object) -> Site:
    """The settings, checked: no request leaves without permission and a contact."""
    try:
        site = Site.model_validate(settings)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Problem(f"The settings of the debates cannot be used: {wrong}.") from None
    if not site.permission:
        raise Problem(
            "Kialo's terms want permission to collect: once given, say `permission: true` under `debates:` in the study file."
        )
    if not site.contact.strip() or not (site.contact.isascii() and site.contact.isprintable()):
        raise Problem(
            "The client names a person to Kialo: set `contact:` under `debates:` in the study file to a mail or web address."
        )
    return site


def _listed(visit: Visit) -> dict[str, str]:
    """Debate -> address of its page (empty from the list, which gives the title itself), in the order of the list."""
    site, prefix, listed, skip = visit.site, f"{visit.site.filter}-{visit.site.sort}-", {}, 0
    if other := [
        p.name for p in (visit.folder / "list").glob("*.json") if not p.name.startswith(prefix)
    ]:
        raise Problem(
            f"{shown(visit.folder)} holds another list ({other[0]}): use another folder for {prefix[:-1]}."
        )
    while True:
        query = urlencode(
            {"filter": site.filter, "sort": site.sort, "limit": site.limit, "skip": skip}
        )
        name, what = f"list/{prefix}{skip:06d}.json", f"The list of debates from {skip}"
        gone = () if skip else (404,)
        path = visit.keep(
            f"/api/v1/discussions?{query}", name, what, _is(discussions_in, what), gone
        )
        if path is None:
            return _in_sitemap(visit)
        page = [row["id"] for row in discussions_in(read_json(path))]
        new = {debate: "" for debate in page if debate not in listed}
        listed |= new
        if (
            len(page) < site.limit
            or not new
            or (site.max_debates and len(listed) >= site.max_debates)
        ):
            return listed
        skip += len(page)


def _in_sitemap(visit: Visit) -> dict[str, str]:
    """The fall-back where the list's address is gone."""
    path = visit.keep(
        "/sitemap_discussions.xml",
        "sitemap_discussions.xml",
        "The sitemap",
        lambda content, saved: None,
    )
    if named := ids_in_sitemap(path.read_text(encoding="utf-8", errors="replace")):
        return named
    raise Problem(
        f"The list of debates is gone (404), and {shown(path)} names none: has Kialo's interface changed?"
    )


def _fetched(
    visit: Visit, debates: list[str], pages: dict[str, str], progress: Progress
) -> list[str]:
    """Fetch debates one after the other; those that are private or gone come back."""
    skipped, in_a_row, graphs = [], [], visit.folder / "graphs"
    for done, debate in enumerate(debates, start=1):
        known = set(graphs.glob(f"{debate}.*"))
        is_open = _fetch_one(visit, debate, pages.get(debate, ""))
        skipped += [] if is_open else [debate]
        in_a_row = (
            [] if is_open else [*in_a_row, *set(graphs.glob(f"{debate}.*")).difference(known)]
        )
        if len(in_a_row) >= BLOCKED:
            for path in in_a_row:
                path.unlink()  # or else they would stay gone for ever
            raise Problem(
                f"{BLOCKED} debates in a row, to {debate}, are not open: does the site block us? {AGAIN}"
            )
        if progress:
            progress(done, len(debates))
    return skipped


def _fetch_one(visit: Visit, debate: str, page: str) -> bool:
    """Fetch one debate's graph and votes, its page where no list gave its title; False when it is private or gone."""
    what = f"Debate {debate}"
    address = f"/api/v1/discussiongraph?discussionId={debate}"
    path = visit.keep(address, f"graphs/{debate}.json", what, _is(_graph, what), GONE)
    if path is None or is_private(read_json(path)):
        return False
    address = f"/api/v1/discussions/{debate}/perspectives/1/votes?filter=all"
    visit.keep(address, f"votes/{debate}.json", what, _is(votes_in, what), GONE)
    if page:
        visit.keep(f"/{page}", f"pages/{debate}.html", what, lambda content, saved: None, GONE)
    return True


def _graph(answer: object, where: str) -> None:
    if not is_private(answer):
        theses_of(answer, where)


def _is(read: Callable[[object, str], object], what: str) -> Check:
    """A check that an answer is JSON which `read` understands."""
    return lambda content, saved: read(json.loads(content), f"{what}, saved as {saved},")
