"""What the paper leaves open: the choices of each rule, and one choice for each as a value."""

from dataclasses import dataclass, fields, replace
from typing import Self

from utils.errors import check_choice

CHOICES = {  # parameters of the notebooks; the default of each first
    "vote_source": ("thesis", "debate"),
    "multi_thesis": ("leave_out", "one_each"),
    "tie_rule": ("nearest_median", "drop"),
    "missing_votes": ("planned", "valid"),
    "zero_median": ("drop", "keep"),
    "half_median": ("away_from_zero", "keep", "drop"),
    "split_group": ("median", "all_runs"),
    "differ": ("not_equal", "opposite"),
    "human_values": ("current", "2015"),
    "resample": ("paired", "unpaired"),
}


def allowed(rule: str, value: str) -> str:
    """Return the value of a rule, or raise a Problem that names its choices."""
    return check_choice(rule, value, CHOICES[rule])


@dataclass(frozen=True)
class Rules:
    """One choice for each rule by which answers become votes, labels and responses of groups."""

    tie_rule: str = "nearest_median"  # tie among runs: the answer nearest their median, or no vote
    missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones
    relevance_quorum: int = 0  # yes votes that make a statement relevant; 0: half of the planned
    zero_median: str = "drop"  # a median of 0, not on the scale: dropped, or kept
    half_median: str = "away_from_zero"  # a median of a half: rounded, kept, or dropped
    split_group: str = "median"  # response of a split group: median of models, or of all runs
    differ: str = "not_equal"  # when groups respond differently: not equally, or in opposition

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name in CHOICES:
                allowed(field.name, getattr(self, field.name))

    @classmethod
    def from_parameters(cls, values: dict) -> Self:
        """Return the rules among the parameters of an execution; others keep their defaults."""
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})

    def only(self, *names: str) -> Self:
        """Return these choices with every other rule at its default, so that results can be shared.

        >>> Rules(tie_rule="drop", differ="opposite").only("tie_rule") == Rules(tie_rule="drop")
        True
        """
        return type(self)(**{name: getattr(self, name) for name in names})

    def changed_on_their_own(self, choices: dict[str, tuple]) -> dict[str, Self]:
        """Return these rules with each other choice made on its own, by name and choice.

        >>> list(Rules().changed_on_their_own({"zero_median": ("drop", "keep")}))
        ['zero_median: keep']
        """
        others = {}
        for name, values in choices.items():
            for value in values:
                if value != getattr(self, name):
                    others[f"{name}: {value}"] = replace(self, **{name: value})
        return others


DEFAULT = Rules()
