"""A study of the demo's respondents with three statements, asked over HTTP, and faults."""

from dataclasses import replace

import pandas as pd

from alignment.asking import ground_truth, plan, simulation
from alignment.study import schema
from alignment.study.workspace import Workspace
from servers import FAULTS, Faulty


def live(
    here: Workspace, address: str, timeout: float = 5, in_flight: int = 16, **changes
) -> Workspace:
    """The same study, asked over HTTP."""
    server = schema.Endpoint(
        base_url=f"{address}/v1", in_flight=in_flight, timeout_seconds=timeout, send_seed=True
    )
    defaults = {"respondents": "live", "endpoints": {"simulated": server}}
    changes = defaults | {"cap": schema.Cap(calls=10**6)} | changes
    return replace(here, study=here.study.model_copy(update=changes))


def relevance(here: Workspace, runs: int = 2) -> pd.DataFrame:
    return plan.step_cells(here, "relevance", runs)


def failing(here: Workspace, kinds: list[str], share: float) -> Faulty:
    """Serve the respondents, but let a share of tries fail, as the request and the try decide."""

    def fault(asked: int, body: dict):
        draw = ground_truth.uniform(asked, body)
        return FAULTS[kinds[int(draw * 1e6) % len(kinds)]] if draw < share else None

    return Faulty(simulation.app(here), fault)
