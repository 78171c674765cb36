"""Which models are worth asking: one that only fails, or cannot be read, is stopped by name."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from alignment.asking.endpoint import Failure
from alignment.asking.request import Request
from utils import reply_parser
from utils.cells import SCORES

USED_UP = 5  # times that an endpoint may say to a model that a limit of the day is reached
HOPELESS = 10  # failures in a row of a model without any reply: it is stopped
IN_A_ROW = 30  # failures, or replies that cannot be read, in one step and language: likewise

Place = tuple[str, str, str]  # model, step, language


@dataclass
class Health:
    """What came of each model's requests, and which models are stopped for it."""

    replied: set[str]  # models, of which a reply is there
    stopped: dict[str, str] = field(default_factory=dict)  # model -> why
    failures: dict[Place, list[str]] = field(default_factory=lambda: defaultdict(list))
    unread: dict[Place, list[str]] = field(default_factory=lambda: defaultdict(list))
    readable: set[Place] = field(default_factory=set)
    used_up: Counter = field(default_factory=Counter)  # model -> times

    def judge(self, request: Request, failure: Failure, where: str) -> bool:
        """Return whether a failure ends its request; stop the model where it says so.

        `where` names the endpoint in the sentence.
        """
        model = request.model
        if failure.status == 403 and model in self.replied:  # of this request alone
            self.count_failure(request, failure.reason)
        elif failure.action == "stop":
            self._stop(model, f"{failure.reason} by {where}, status {failure.status}")
        elif failure.action == "used up":
            self.used_up[model] += 1
            if self.used_up[model] < USED_UP:
                return False
            self._stop(model, f"a limit of {where} is used up: {failure.reason}")
        elif failure.action == "give up":
            self.count_failure(request, failure.reason)
        return failure.action != "again"

    def count_failure(self, request: Request, reason: str) -> None:
        """Stop a model that has only ever failed, or does so many times in a row."""
        model = request.model
        own, most = self.failures[_place(request)], IN_A_ROW
        own.append(reason)
        if model not in self.replied:
            own = [
                r for place, reasons in self.failures.items() if place[0] == model for r in reasons
            ]
            most = HOPELESS
        if len(own) >= most:
            common, n = Counter(own).most_common(1)[0]
            failed = f"all of its last {len(own)} requests failed"
            self._stop(model, f"{failed}, {n} of them with: {common}")

    def count_reply(self, request: Request, reply: dict) -> None:
        """Stop a model of which nothing can be read in one step and language."""
        place = _place(request)
        self.replied.add(request.model)
        self.used_up[request.model] = 0
        self.failures.pop(place, None)
        if place in self.readable or request.step not in SCORES:
            return
        words, unread = reply["text"], self.unread[place]
        state, _ = reply_parser.read(request.step, request.language, words, reply["finish_reason"])
        if state in ("answered", "refused"):
            self.readable.add(place)
            return
        unread.append(state)
        if len(unread) >= IN_A_ROW:
            common, n = Counter(unread).most_common(1)[0]
            what = f"none of its first {len(unread)} replies ({request.step}, {request.language})"
            end = " ".join(words.split())[-200:]
            example = f'the last of them ends "{end}"' if end else "the last of them is empty"
            self._stop(request.model, f"{what} could be read, {n} are {common}; {example}")

    def _stop(self, model: str, why: str) -> None:
        self.stopped.setdefault(model, f'"{model}" was stopped: {why}.')


def _place(request: Request) -> Place:
    return request.model, request.step, request.language
