"""A service with the shapes of OpenAI's batch interface: files, batches, results."""

import asyncio
import json
from collections import Counter
from email.parser import BytesParser
from email.policy import HTTP

from servers import _body, answer

USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
CHINESE = "陈述"
FIELDS = {"custom_id": str, "method": str, "url": str, "body": dict}


def reply_to(line: dict) -> dict:
    """Return the line of results that answers a request with yes."""
    is_chinese = CHINESE in line["body"]["messages"][-1]["content"]
    text = "理由若干。\n\n答案：是" if is_chinese else "Some reasons.\n\nAnswer: yes"
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    body = {"id": "chatcmpl", "object": "chat.completion", "created": 1, "model": "m"}
    body |= {"choices": [choice], "usage": USAGE}
    return result(line, {"status_code": 200, "body": body})


def failed(line: dict, status: int = 400, message: str = "no such field") -> dict:
    body = {"error": {"message": message, "type": "invalid_request_error", "code": None}}
    return result(line, {"status_code": status, "body": body})


def expired(line: dict, code: str = "batch_expired") -> dict:
    return result(line, None, {"code": code, "message": "This request could not be executed."})


def result(line: dict, response: dict | None, error: dict | None = None) -> dict:
    number = result.count = getattr(result, "count", 0) + 1
    if response is not None:
        response = response | {"request_id": f"req_{number}"}
    name = f"batch_req_{number}"
    return {"id": name, "custom_id": line["custom_id"], "response": response, "error": error}


class BatchService:
    """Keeps files and jobs; a job ends when it is first looked at, as `ending` has it.

    `ending`: from a job's number (from 0) and its lines to (status, output lines, error lines), or
    to (status, a list of errors) for one that is refused as a whole. `charged` counts the
    replies that were made, by custom id; `before` and `after` are called with the number of each
    request from 0 on, before it is obeyed and before it is answered.
    """

    def __init__(self, ending=None) -> None:
        self.ending = ending or (lambda _, lines: ("completed", [reply_to(l) for l in lines], []))
        self.files, self.jobs, self.charged, self.asked = {}, {}, Counter(), 0
        self.looks = 0  # at a job before it has ended

    async def __call__(self, scope, receive, send) -> None:
        content = await _body(receive)
        self.asked += 1
        parts = scope["path"].removeprefix("/v1/").split("/")
        status, said = self.obey(scope["method"], parts, content, dict(scope["headers"]))
        if isinstance(said, dict):
            said = json.dumps(said).encode()
        await answer(send, status, said)
        await asyncio.sleep(0)

    def obey(self, method: str, parts: list[str], content: bytes, headers: dict):
        if method == "POST" and parts == ["files"]:
            return 200, self.keep(content, headers)
        if parts[0] == "files":
            return 200, self.files[parts[1]]
        if method == "POST" and parts == ["batches"]:
            return 200, self.begin(json.loads(content))
        if parts == ["batches"]:
            jobs = list(self.jobs.values())[::-1]
            return 200, {"object": "list", "data": jobs, "has_more": False}
        job = self.jobs.get(parts[1])
        if job is None:
            return 404, {"error": {"message": f"No batch found with id '{parts[1]}'."}}
        if parts[2:] == ["cancel"]:
            self.end(job, cancelled=True)
        elif job["status"] == "in_progress":
            self.look(job)
        return 200, job

    def keep(self, content: bytes, headers: dict) -> dict:
        head = b"content-type: " + headers[b"content-type"] + b"\r\n\r\n"
        for part in BytesParser(policy=HTTP).parsebytes(head + content).iter_parts():
            if part.get_filename():
                name = f"file-{len(self.files)}"
                self.files[name] = part.get_payload(decode=True)
        return {"id": name, "object": "file", "purpose": "batch", "filename": "x", "bytes": 1}

    def begin(self, said: dict) -> dict:
        assert said["endpoint"] == "/v1/chat/completions" and said["completion_window"] == "24h"
        number = len(self.jobs)
        job = {"id": f"batch_{number}", "object": "batch", "created_at": 2_000_000_000 + number}
        job |= {"status": "in_progress", "looked": 0, "number": number} | said
        self.jobs[job["id"]] = job
        return job

    def look(self, job: dict) -> None:
        job["looked"] += 1
        if job["looked"] > self.looks:
            self.end(job)

    def end(self, job: dict, cancelled: bool = False) -> None:
        lines = [json.loads(line) for line in self.files[job["input_file_id"]].splitlines()]
        if wrong := faults(lines):
            status, output = "failed", wrong
        elif cancelled:
            half = len(lines) // 2
            output = [reply_to(line) for line in lines[:half]]
            errors = [expired(line, "batch_cancelled") for line in lines[half:]]
            status = "cancelled"
        else:
            status, output, *rest = self.ending(job["number"], lines)
            errors = rest[0] if rest else []
        job["status"] = status
        if status == "failed":
            job["errors"] = {"object": "list", "data": output}
            return
        made = {line["response"]["request_id"]: line["custom_id"] for line in output}
        self.charged.update(made.values())
        counts = {"total": len(lines), "completed": len(output), "failed": len(errors)}
        job["request_counts"] = counts
        for field, results in (("output_file_id", output), ("error_file_id", errors)):
            if results:
                job[field] = f"file-{len(self.files)}"
                self.files[job[field]] = as_lines(results)


def faults(lines: list[dict]) -> list[dict]:
    """Return what is wrong with an input file, as the interface says it."""
    ids = [line["custom_id"] for line in lines]
    found = []
    if len(set(ids)) < len(ids):
        found.append({"code": "duplicate_custom_id", "message": "a custom_id stands twice"})
    if len({line["body"]["model"] for line in lines}) > 1:
        found.append({"code": "mismatched_model", "message": "more than one model"})
    for line in lines:
        if any(not isinstance(line.get(n), kind) for n, kind in FIELDS.items()) or set(line) - set(
            FIELDS
        ):
            found.append({"code": "invalid_line", "message": "a line is no request"})
    return found


def as_lines(results: list[dict]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in results)
