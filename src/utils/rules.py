"""What the paper leaves open, as rules with a name and choices."""

from utils.errors import Problem, nearest

RULES = {  # what the paper leaves open, as parameters of the notebooks; the default of each first
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
    """The value of a rule, or a Problem that names its choices.

    >>> allowed("differ", "opposite")
    'opposite'
    """
    choices = RULES[rule]
    if value not in choices:
        raise Problem(
            f'{rule} is one of {", ".join(choices)}, not "{value}".{nearest(str(value), choices)}'
        )
    return value
