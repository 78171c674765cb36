"""What a request costs, at most and in fact, and what the study's cap leaves for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from alignment.asking.request import Request
from alignment.study.schema import Cap, Study
from utils.errors import Problem


def highest_cost(study: Study, model: str, messages: list[dict]) -> float:
    """Return the most US dollars that a request can cost.

    That is one token for each character of its messages, and all tokens that the reply may have.
    """
    characters = sum(len(message["content"]) for message in messages)
    return cost_of_tokens(study, model, characters, study.limit(model))


def reply_cost(study: Study, request: Request, usage: dict, size: int) -> float:
    """Return the US dollars of a reply: as the broker states them, else tokens times the price.

    Where the tokens are not known there is one for each byte of the messages and of the body, of
    `size` bytes: more than they can be.
    """
    stated = _number(usage.get("cost"))
    if stated is not None:
        return stated
    input_tokens, output_tokens = read_tokens(usage)
    if input_tokens is None:
        input_tokens = sum(len(m["content"].encode()) for m in request.messages)
    if output_tokens is None:
        output_tokens = min(size, study.limit(request.model))
    return cost_of_tokens(study, request.model, input_tokens, output_tokens)


def read_tokens(usage: dict) -> tuple[int | None, int | None]:
    """Return the tokens of a question and its reply; None where a server does not say them.

    Some leave what a model thought out of the reply's tokens, and count it in the total.

    >>> read_tokens({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 2110})
    (100, 2010)
    """
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    question, reply, total = (_number(usage.get(name)) for name in names)
    if question is not None and total is not None:
        reply = max(reply or 0, total - question)
    return tuple(None if n is None else round(n) for n in (question, reply))


def _number(value) -> float | None:
    """Return a count or a price that a server states, if it is one."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < float("inf") and not isinstance(value, bool) else None


def check_prices(study: Study, models: Iterable[str]) -> None:
    """Refuse a cap in US dollars where a model has no price; Problem names these models."""
    unpriced = [name for name in models if study.price(name) is None]
    if study.cap and study.cap.usd is not None and unpriced:
        which = ", ".join(unpriced)
        how = "give each a price in the study file (`price: {input: 0, output: 0}` for a free one)"
        raise Problem(f"A cap in US dollars cannot hold without the price of {which}: {how}.")


def cost_of_tokens(study: Study, model: str, input_tokens: float, output_tokens: float) -> float:
    """Return the US dollars of so many tokens; nothing for a model without a price."""
    price = study.price(model)
    return (input_tokens * price.input + output_tokens * price.output) / 1e6 if price else 0.0


@dataclass
class Budget:
    """Calls and US dollars of the whole study, and the most that requests under way can still cost.

    >>> budget = Budget(Cap(usd=1.0), calls=0, usd=0.0)
    >>> budget.reserve(0.6), budget.reserve(0.6)
    (True, False)
    >>> budget.settle(0.6, cost=0.1)
    >>> budget.reserve(0.6), budget.calls
    (True, 2)
    """

    cap: Cap | None
    calls: int
    usd: float
    reserved: float = 0.0

    def reserve(self, most: float) -> bool:
        """Set aside the most that a request can cost; False when the cap might not hold."""
        if not self._allows(most):
            return False
        self.calls += 1
        self.reserved += most
        return True

    def count_lost_try(self, most: float) -> bool:
        """Count a try without a reply as paid for; return whether the cap allows another."""
        self.usd += most
        allowed = self._allows(0.0)
        self.calls += allowed
        return allowed

    def settle(self, most: float, cost: float) -> None:
        """End a request: what it did cost takes the place of what was set aside."""
        self.reserved -= most
        self.usd += cost

    def _allows(self, usd: float) -> bool:
        """Whether the cap allows one more call of at most so many US dollars."""
        cap = self.cap
        if cap is None:
            return True
        if cap.calls is not None and self.calls >= cap.calls:
            return False
        return cap.usd is None or self.usd + self.reserved + usd <= cap.usd + 1e-9
