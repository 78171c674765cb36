"""The batch interface of an endpoint, through the openai package."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import openai
from openai.types import Batch as Job

from alignment.asking import client
from alignment.asking.batches.files import ADDRESS
from alignment.asking.endpoint import STOP
from alignment.study.files import replacing
from alignment.study.workspace import Workspace
from utils.errors import Problem

WINDOW = "24h"
DAY = 86400.0  # seconds by which two clocks surely agree
READ_TRIES = 4  # of what changes nothing; what could be paid twice is tried once


class Service:
    """An endpoint that takes batch files; its errors are Problems that say what was tried."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.name, endpoint = name, workspace.study.endpoints[name]
        client.check_endpoints(workspace.study, [name])
        headers = client.read_headers(endpoint)
        self.secrets = client.secret_patterns(headers.values())
        proxy, login = client.proxy_for(endpoint.base_url)
        how = {"verify": client.read_certificates(endpoint.base_url, proxy)}
        how |= {"proxy": httpx2.Proxy(proxy, headers=login)} if proxy else {}
        http = httpx2.Client(trust_env=False, timeout=endpoint.timeout_seconds, **how)
        key = headers.pop("authorization", "").removeprefix("Bearer ")
        given = {"organization": "", "project": "", "max_retries": 0, "http_client": http}
        self.api = openai.OpenAI(base_url=endpoint.base_url, api_key=key or "none", **given)
        self.api._custom_headers = headers  # these, and none of OPENAI_CUSTOM_HEADERS
        self.reading = self.api.with_options(max_retries=READ_TRIES)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except openai.APIStatusError as error:
            said = client.without_key(error.message.encode(), client.ERROR, self.secrets).decode()
            hint = f" ({STOP[error.status_code]})" if error.status_code in STOP else ""
            why = f"status {error.status_code}: {said[:300]}{hint}"
            raise Problem(f'The endpoint "{self.name}" did not {what}: {why}.') from error
        except (openai.APIError, httpx2.HTTPError) as error:
            fault = error.__cause__ or error
            why = f"{type(fault).__name__}: {fault}"[:300]
            raise Problem(f'The endpoint "{self.name}" did not {what}: {why}.') from error

    def upload(self, path: Path, name: str) -> str:
        """Upload a batch file under a name; return its id."""
        with self.doing(f"take {path.name}"), path.open("rb") as file:
            return self.api.files.create(file=(name, file), purpose="batch").id

    def create(self, input_file: str, study: str, name: str) -> str:
        """Create the job of an uploaded file; return its id."""
        how = {"endpoint": ADDRESS, "completion_window": WINDOW}
        how["metadata"] = {"study": study, "file": name}
        with self.doing(f"begin {name}"):
            return self.api.batches.create(input_file_id=input_file, **how).id

    def find(self, input_file: str, since: float) -> str:
        """Return the id of the job that was created from an uploaded file; "" if none was."""
        with self.doing("list its batches"):
            for job in self.reading.batches.list(limit=100):
                if job.input_file_id == input_file:
                    return job.id
                if job.created_at and job.created_at < since - DAY:
                    break
        return ""

    def retrieve(self, job: str) -> Job:
        """Return what the service says of a job."""
        with self.doing(f"know the batch {job}"):
            return self.reading.batches.retrieve(job)

    def cancel(self, job: str) -> None:
        """Have a job end with what it has answered so far."""
        with self.doing(f"cancel the batch {job}"):
            self.reading.batches.cancel(job)

    def download(self, file: str, path: Path) -> Path:
        """Write a file of results to disk, whole, without any key that it repeats."""
        with self.doing(f"give the file {file}"), replacing(path) as temporary:
            with self.reading.files.with_streaming_response.content(file) as response:
                with temporary.open("wb") as target:
                    for line in response.iter_lines():
                        target.write(client.without_key(line.encode(), 200, self.secrets) + b"\n")
        return path
