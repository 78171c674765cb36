"""The live client: fetch Kialo's list, graphs and votes politely, and never fetch one twice.

Never tried on the live site: a response of another shape stops it, naming the field, the debate
and the file.
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
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from alignment.kialo import responses
from alignment.kialo.responses import is_private, read_discussions, read_json
from alignment.study.files import write_whole
from alignment.study.paths import shown
from alignment.study.schema import Debates
from utils.errors import Problem

NAME = "cultural-alignment"
GONE = (401, 403, 404, 410)  # a debate that is not, or no longer, open to us
BLOCKED = 10  # this many closed debates in a row mean that the site blocks us
ATTEMPTS = 3  # for a response that arrives broken
BUSY = (429, 500, 502, 503, 504)
FAILED = (requests.RequestException, HTTPError)
TIMEOUT = (10, 60)  # seconds to connect, and between two parts of a response
DAY = 24 * 3600  # seconds for which robots.txt may be remembered (RFC 9309)
RESUME = "What has arrived is kept: running again resumes from there."
HEADER = ["url", "file", "time", "status", "sha256"]
Progress = Callable[[int, int], object] | None
Check = Callable[[bytes, str], object] | None  # of a content, and the name it is kept under


def scrape(settings: Debates, folder: Path, *, progress: Progress = None) -> list[str]:
    """Fetch the list of debates, and each debate's graph and votes; return the closed ones' ids.

    `progress` is called with the number of debates done and of all. Problem without permission or
    a contact, and for what robots.txt forbids.
    """
    check_permission(settings)
    visit = Visit(settings, folder)
    pages = _list_debates(visit)
    return _fetch_all(visit, list(pages)[: settings.max_debates], pages, progress)


def fetch_debates(
    settings: Debates, folder: Path, debates: Iterable[str], *, progress: Progress = None
) -> list[str]:
    """Fetch debates by their ids, without the list; otherwise as `scrape`."""
    check_permission(settings)
    ids = list(dict.fromkeys(debates))
    for debate in ids:
        if not re.fullmatch(r"[\w-]+", debate):
            raise Problem(f'"{debate}" is no id of a debate.')
    return _fetch_all(Visit(settings, folder), ids, {}, progress)


def check_permission(settings: Debates) -> None:
    """Raise a Problem unless Kialo gave permission and the client can name a contact."""
    place = "under `debates:` in the study file"
    if not settings.permission:
        terms = "Kialo's terms require permission to collect: once it is given"
        raise Problem(f"{terms}, set `permission: true` {place}.")
    contact = settings.contact
    if not contact.strip() or not (contact.isascii() and contact.isprintable()):
        remedy = f"set `contact:` {place} to a mail or web address"
        raise Problem(f"The client names a contact to Kialo: {remedy}.")


class Visit:
    """A session that names itself, waits between requests and keeps every response."""

    def __init__(self, settings: Debates, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.wait, self.not_before = settings.wait_seconds, 0.0
        self.session = requests.Session()
        agent = f"{NAME} (research; contact: {settings.contact.strip()})"
        self.session.headers["User-Agent"] = agent
        how = {"status_forcelist": BUSY, "raise_on_status": False}
        retry = Retry(5, backoff_factor=settings.wait_seconds, **how)
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
        self.robots = Protego.parse("")
        self.robots = Protego.parse(self._robots().read_text(encoding="utf-8", errors="replace"))
        self.wait = max(self.wait, self.robots.crawl_delay(NAME) or 0)

    def download(
        self, address: str, name: str, what: str, check: Check = None, gone: Iterable[int] = ()
    ) -> Path | None:
        """Return the file that holds a response, fetched only if it is not there yet.

        None where the site says, by a status in `gone`, that there is nothing. Problem when the
        response stays broken after `ATTEMPTS`.
        """
        path = self.folder / name
        mark = path.with_suffix(".gone")
        if path.exists() or mark.exists():
            return path if path.exists() else None
        for attempt in range(ATTEMPTS):
            time.sleep(self.settings.wait_seconds * (2**attempt - 1))
            try:
                response = self._get(address, what)
            except FAILED as error:
                trouble = f"the connection failed ({type(error).__name__})"
                continue
            status = response.status_code
            if status in gone:
                self._save(mark, response, response.content)
                return None
            if status != 200:
                raise Problem(f"{what}: the site answered {status} to {response.url}. {RESUME}")
            trouble = self._find_trouble(response, name, check) if check else ""
            if not trouble:
                return self._save(path, response, response.content)
        url = f"{self.settings.base_url}{address}"
        raise Problem(f"{what}: {trouble}, {ATTEMPTS} times, at {url}. {RESUME}")

    def _find_trouble(self, response: requests.Response, name: str, check: Check) -> str:
        """Say what is wrong with a response, and keep it aside; Problem for another shape."""
        aside = self.folder / "failed" / name.replace("/", "-")
        try:
            check(response.content, f"failed/{aside.name}")
            return ""
        except (ValueError, RecursionError, Problem) as error:
            write_whole(aside, response.content)
            if isinstance(error, Problem):
                raise
        is_page = response.content.lstrip()[:1] == b"<"
        what = "a web page" if is_page else "something else"
        return f"{what} came where JSON was due (see failed/{aside.name})"

    def _get(self, address: str, what: str) -> requests.Response:
        url = self.settings.base_url.rstrip("/") + address
        if not self.robots.can_fetch(url, NAME):
            robots = f"robots.txt of {self.settings.base_url}"
            raise Problem(f"{what}: {robots} forbids {url}; ask Kialo for an export instead.")
        time.sleep(max(0.0, self.not_before - time.monotonic()))
        try:
            return self.session.get(url, timeout=TIMEOUT)
        finally:
            self.not_before = time.monotonic() + self.wait

    def _robots(self) -> Path:
        """Return robots.txt, fetched once a day; a site without one (4xx) allows all (RFC 9309)."""
        path = self.folder / "robots.txt"
        if path.exists() and time.time() - path.stat().st_mtime < DAY:
            return path
        try:
            response = self._get("/robots.txt", "robots.txt")
        except FAILED as error:
            kind, url = type(error).__name__, self.settings.base_url
            raise Problem(f"{url} cannot be reached ({kind}). {RESUME}") from None
        if response.status_code in BUSY:
            answer = f"the site answered {response.status_code}, so nothing may be asked"
            raise Problem(f"robots.txt: {answer}. {RESUME}")
        return self._save(path, response, response.content if response.ok else b"")

    def _save(self, path: Path, response: requests.Response, content: bytes) -> Path:
        """Keep a response, then record in responses.csv, in one write, where it came from."""
        write_whole(path, content)
        name, when = path.relative_to(self.folder).as_posix(), datetime.now(UTC)
        row = [response.url, name, when.isoformat(timespec="seconds")]
        row += [response.status_code, sha256(content).hexdigest()]
        record = self.folder / "responses.csv"
        lines = io.StringIO()
        rows = [row] if record.exists() else [HEADER, row]
        csv.writer(lines, lineterminator="\n").writerows(rows)
        with record.open("a", encoding="utf-8") as stream:
            stream.write(lines.getvalue())
        return path


def _list_debates(visit: Visit) -> dict[str, str]:
    """Return debate -> address of its page, in the order of the list.

    The address is empty from the list, which gives the titles itself.
    """
    settings, listed, skip = visit.settings, {}, 0
    prefix = f"{settings.filter}-{settings.sort}-"
    for path in (visit.folder / "list").glob("*.json"):
        if not path.name.startswith(prefix):
            other = f"{shown(visit.folder)} holds another list ({path.name})"
            raise Problem(f"{other}: use another folder for {prefix[:-1]}.")
    query = {"filter": settings.filter, "sort": settings.sort, "limit": settings.limit}
    while True:
        address = f"/api/v1/discussions?{urlencode(query | {'skip': skip})}"
        name, what = f"list/{prefix}{skip:06d}.json", f"The list of debates from {skip}"
        gone = () if skip else (404,)
        path = visit.download(address, name, what, _check_with(read_discussions, what), gone)
        if path is None:
            return _list_from_sitemap(visit)
        page = [row["id"] for row in read_discussions(read_json(path))]
        before = len(listed)
        listed |= {debate: "" for debate in page}
        is_last = len(page) < settings.limit or len(listed) == before
        if is_last or (settings.max_debates and len(listed) >= settings.max_debates):
            return listed
        skip += len(page)


def _list_from_sitemap(visit: Visit) -> dict[str, str]:
    """List the debates where the list's address is gone."""
    name = "sitemap_discussions.xml"
    path = visit.download(f"/{name}", name, "The sitemap")
    listed = responses.read_sitemap(path.read_text(encoding="utf-8", errors="replace"))
    if not listed:
        nothing = f"The list of debates is gone (404), and {shown(path)} names none"
        raise Problem(f"{nothing}: has Kialo's interface changed?")
    return listed


def _fetch_all(
    visit: Visit, debates: list[str], pages: dict[str, str], progress: Progress
) -> list[str]:
    """Fetch debates one after the other; return those that are private or gone."""
    closed, new_marks, graphs = [], [], visit.folder / "graphs"
    for done, debate in enumerate(debates, start=1):
        before = set(graphs.glob(f"{debate}.*"))
        if _fetch_one(visit, debate, pages.get(debate, "")):
            new_marks = []
        else:
            closed.append(debate)
            new_marks += set(graphs.glob(f"{debate}.*")) - before
        if len(new_marks) >= BLOCKED:
            for path in new_marks:
                path.unlink()  # or else they would stay gone for ever
            row = f"{BLOCKED} debates in a row, to {debate}, are not open"
            raise Problem(f"{row}: does the site block us? {RESUME}")
        if progress:
            progress(done, len(debates))
    return closed


def _fetch_one(visit: Visit, debate: str, page: str) -> bool:
    """Fetch a debate's graph and votes, and its page if it has an address; False when closed."""
    what = f"Debate {debate}"
    address = f"/api/v1/discussiongraph?discussionId={debate}"
    name = f"graphs/{debate}.json"
    path = visit.download(address, name, what, _check_with(_check_graph, what), GONE)
    if path is None or is_private(read_json(path)):
        return False
    address = f"/api/v1/discussions/{debate}/perspectives/1/votes?filter=all"
    name, check = f"votes/{debate}.json", _check_with(responses.read_votes, what)
    visit.download(address, name, what, check, GONE)
    if page:
        visit.download(f"/{page}", f"pages/{debate}.html", what, gone=GONE)
    return True


def _check_graph(graph: object, where: str) -> None:
    if not is_private(graph):
        responses.read_theses(graph, where)


def _check_with(read: Callable[[object, str], object], what: str) -> Check:
    """Return a check that a response is JSON which `read` understands."""
    return lambda content, saved: read(json.loads(content), f"{what}, saved as {saved},")
