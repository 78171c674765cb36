"""What a request costs, at most and in fact, and what the study's cap leaves for it."""

from dataclasses import dataclass

from alignment.study.schema import Cap, Study


def highest_cost(study: Study, model: str, messages: list[dict]) -> float:
    """Return the most US dollars that a request can cost.

    That is one token for each character of its messages, and all tokens that the reply may have.
    """
    characters = sum(len(message["content"]) for message in messages)
    return cost_of_tokens(study, model, characters, study.limit(model))


def reply_cost(study: Study, model: str, usage: dict) -> float:
    """Return the US dollars of a reply: as the broker states them, else tokens times the price."""
    if isinstance(usage.get("cost"), int | float):
        return float(usage["cost"])
    input_tokens, output_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return cost_of_tokens(study, model, input_tokens or 0, output_tokens or 0)


def cost_of_tokens(study: Study, model: str, input_tokens: float, output_tokens: float) -> float:
    """Return the US dollars of so many tokens; nothing for a model without a price."""
    price = study.models[model].price
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
