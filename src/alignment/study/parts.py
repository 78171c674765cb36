"""The base of all parts of a study file, and the parts that say what is simulated."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A part of a study file; a key that is not listed is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())


class Trouble(Part):
    """Shares of replies that are no answer."""

    refused: float = 0.0
    unreadable: float = 0.0
    cut_off: float = 0.0
    wrong_language: float = 0.0


class Habits(Part):
    """Shares of statements on which a simulated respondent answers by habit, whatever it thinks."""

    agree: float = Field(default=0.0, ge=0)  # it agrees with whatever it is asked about
    first: float = Field(default=0.0, ge=0)  # it takes the answer that is named first
    middle: float = Field(default=0.0, ge=0)  # it says neither, where that is offered

    @model_validator(mode="after")
    def _are_shares(self) -> "Habits":
        if (total := self.agree + self.first + self.middle) > 1:
            raise ValueError(f"the shares add up to {total:g}, and to at most 1 they may")
        return self


class Simulation(Part):
    """What the simulated respondents are like."""

    seed: int
    leanings: dict[str, dict[str, list[float]]]  # model -> dimension -> means by language, -2..2
    language_correlation: float = Field(ge=0, le=1)
    judge_noise: float = Field(ge=0, le=0.5)  # share of labels that a judge gets wrong
    run_noise: float = Field(ge=0, le=0.5)  # share of runs that give another answer
    trouble: Trouble = Trouble()
    habits: dict[str, Habits] = {}  # by model


class Annotators(Part):
    """Simulated annotators with known error; never beside real sheets."""

    simulated: int = Field(default=0, ge=0)
    error: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0
