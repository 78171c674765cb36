"""Whether a study recovers what was planted in it, and controls: the same checks made to fail."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace

import numpy as np

from alignment.stats.known_noise import Estimates, Labelled
from alignment.stats.significance import ALPHA


@dataclass(frozen=True)
class Tolerance:
    """How far an estimate may lie from what was planted: as far as known noise takes it."""

    mean: np.ndarray  # dimensions x models x languages
    gap: np.ndarray  # dimensions x pairs of groups


Count = tuple[int, int]  # passed, of


ALARM = 0.01  # share of studies with nothing but the known noise in which a check fails
WIDEST = {"mean": 4.0, "gap": 100.0}  # the width of each scale, where there is no estimate


def tolerate(planted: Estimates, noisy: Iterable[Estimates], share: float = 0.99) -> Tolerance:
    """Return the deviation that this share of noisy studies keeps to, for each mean and gap."""
    noisy, ends = list(noisy), {}
    for name, widest in WIDEST.items():
        far = [np.abs(getattr(study, name) - getattr(planted, name)) for study in noisy]
        ends[name] = np.quantile(np.nan_to_num(far, nan=widest), share, axis=0, method="higher")
    return Tolerance(**ends)


def _count(good: np.ndarray) -> Count:
    return int(np.sum(good)), int(np.size(good))


def _relevance(found: Estimates, planted: Estimates, _: Tolerance) -> Count:
    return _count(found.labelled.relevant == planted.labelled.relevant)


def _polarity(found: Estimates, planted: Estimates, _: Tolerance) -> Count:
    known = ~np.isnan(planted.labelled.polarity)
    return _count(found.labelled.polarity[known] == planted.labelled.polarity[known])


def _stances(found: Estimates, planted: Estimates, _: Tolerance) -> Count:
    scored = planted.labelled.relevant.any(axis=1)
    return _count(found.labelled.stance[scored] == planted.labelled.stance[scored])


def _means(found: Estimates, planted: Estimates, within: Tolerance) -> Count:
    there = ~np.isnan(planted.mean)
    return _count((np.abs(found.mean - planted.mean) <= within.mean + 1e-9)[there])


def _changes_found(found: Estimates, planted: Estimates, _: Tolerance) -> Count:
    return _count(_is_found(found, planted)[planted.changed > 0])


def _no_false_change(found: Estimates, planted: Estimates, _: Tolerance) -> Count:
    return _count(((found.p >= ALPHA) | np.isnan(found.p))[planted.changed == 0])


def _is_found(found: Estimates, planted: Estimates) -> np.ndarray:
    """Return which changes are significant, planted, and in the planted direction."""
    same = np.sign(found.difference) == np.sign(planted.difference)
    return (found.p < ALPHA) & same & (planted.changed > 0)


def _unchanged(found: Estimates, planted: Estimates, _: Tolerance) -> Count:
    none = planted.changed == 0
    changed, compared = found.changed[none].sum(), found.compared[none].sum()
    return int(compared - changed), int(compared)


def _gaps(found: Estimates, planted: Estimates, within: Tolerance) -> Count:
    there = ~np.isnan(planted.gap)
    return _count((np.abs(found.gap - planted.gap) <= within.gap + 1e-9)[there])


Check = Callable[[Estimates, Estimates, Tolerance], Count]
OF_TRUTH: dict[str, Check] = {  # with what was planted, as far as known noise allows
    "relevance of pairs as planted": _relevance,
    "polarity of planted pairs as planted": _polarity,
    "stances as planted": _stances,
    "mean scores within the tolerance": _means,
    "planted changes found": _changes_found,
    "no false change": _no_false_change,
    "stances the same where no change is planted": _unchanged,
    "gaps between groups within the tolerance": _gaps,
}
SECOND = "the same when worked out a second time"  # from answers and labels; no noise excuses it
RELEVANCE, POLARITY, STANCES, MEANS, FOUND, FALSE, UNCHANGED, GAPS = OF_TRUTH
CHECKS = (*OF_TRUTH, SECOND)


def count_all(
    found: Estimates, planted: Estimates, within: Tolerance, again: Estimates
) -> dict[str, Count]:
    """Return for each check how much passed, of how much; checks of nothing are left out.

    `again`: the numbers worked out a second time, with which those found have to be the same.
    """
    counts = {name: check(found, planted, within) for name, check in OF_TRUTH.items()}
    counts[SECOND] = _count_same(found, again)
    return {name: count for name, count in counts.items() if count[1]}


def _count_same(found: Estimates, again: Estimates) -> Count:
    names = [field.name for field in fields(Estimates) if field.name != "labelled"]
    pairs = [(getattr(found, name), getattr(again, name)) for name in names]
    pairs.append((found.labelled.stance, again.labelled.stance))
    same = []
    for a, b in pairs:  # what neither has is no number that could be wrong
        there = ~(np.isnan(a) & np.isnan(b))
        same.append(np.isclose(a, b, rtol=0, atol=1e-6)[there])
    return _count(np.concatenate(same))


def power(planted: Estimates, noisy: Iterable[Estimates]) -> np.ndarray:
    """Return the share of noisy studies that find each planted change: (changes,)."""
    return np.mean([_is_found(study, planted)[planted.changed > 0] for study in noisy], axis=0)


def least_shares(noisy: Iterable[dict[str, Count]], alarm: float = ALARM) -> dict[str, float]:
    """Return the share of each check that all but a few (`alarm`) of the noisy studies pass."""
    noisy, least = list(noisy), {}
    for name in noisy[0]:
        shares = [study[name][0] / study[name][1] for study in noisy]
        least[name] = float(np.quantile(shares, alarm, method="lower"))
    return least


# Controls: the same estimates spoilt in some way, and the checks that must then fail.

NUMBERS = ("mean", "difference", "gap")
OF_MODELS = ("mean", "difference", "p", "changed", "compared")


def _with_labelled(found: Estimates, change: Callable, *names: str, **others) -> Estimates:
    """Return estimates with some of their labels and stances changed, and other fields replaced."""
    changed = {name: change(getattr(found.labelled, name)) for name in names}
    return replace(found, labelled=replace(found.labelled, **changed), **others)


def _with_all(found: Estimates, change: Callable, names: Iterable[str]) -> dict[str, np.ndarray]:
    return {name: change(getattr(found, name)) for name in names}


def _negate(found: Estimates) -> Estimates:
    others = _with_all(found, np.negative, NUMBERS)
    return _with_labelled(found, np.negative, "stance", **others)


def _turn_labels(found: Estimates) -> Estimates:
    """Take each pole for the other, and relevant pairs for those that are not."""
    turned = replace(found.labelled, relevant=~found.labelled.relevant)
    found = replace(found, labelled=turned, **_with_all(found, np.negative, NUMBERS))
    return _with_labelled(found, np.negative, "polarity")


def _shuffle_models(found: Estimates) -> Estimates:
    """Give every model the estimates of the one before it."""

    def roll(values: np.ndarray) -> np.ndarray:
        return np.roll(values, 1, axis=1)

    return _with_labelled(found, roll, "stance", **_with_all(found, roll, OF_MODELS))


def _shuffle_statements(found: Estimates) -> Estimates:
    """Give every statement the labels and stances of the one before it."""
    return _with_labelled(found, lambda values: np.roll(values, 1, axis=0), *LABELS)


def _shuffle_dimensions(found: Estimates) -> Estimates:
    """Give every dimension the estimates of the one before it."""
    moved = _with_all(found, lambda values: np.roll(values, 1, axis=0), (*OF_MODELS, "gap"))
    return replace(found, **moved)


def _turn_one_dimension(found: Estimates) -> Estimates:
    """Take each pole of the dimension with the most labels for the other."""
    most = (~np.isnan(found.labelled.polarity)).sum(axis=0).argmax()

    def turn(values: np.ndarray) -> np.ndarray:
        return np.where(np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1)) == most,
                        -values, values)  # fmt: skip

    others = _with_all(found, turn, NUMBERS)
    return _with_labelled(found, lambda values: turn(values.T).T, "polarity", **others)


def _ask_one_language(found: Estimates) -> Estimates:
    """Take the first language's stances for those of all others."""
    none = np.zeros_like
    others = {"mean": found.mean[..., :1] + 0 * found.mean, "difference": none(found.difference)}
    others |= {"p": np.ones_like(found.p), "changed": none(found.changed)}
    return _with_labelled(found, lambda values: values[..., :1] + 0 * values, "stance", **others)


def _set_to_zero(found: Estimates) -> Estimates:
    others = _with_all(found, np.zeros_like, NUMBERS) | {"p": np.ones_like(found.p)}
    return _with_labelled(found, np.zeros_like, *LABELS, **others)


def _swap_languages(found: Estimates) -> Estimates:
    """Take the languages in reverse order."""
    others = _with_all(found, lambda values: values[..., ::-1], ("mean", "p"))
    others["difference"] = -found.difference[..., ::-1]
    return _with_labelled(found, lambda values: values[..., ::-1], "stance", **others)


LABELS = tuple(field.name for field in fields(Labelled))
CONTROLS: dict[str, tuple[Callable[[Estimates], Estimates], tuple[str, ...]]] = {
    "negated": (_negate, (STANCES, MEANS, FOUND, GAPS, SECOND)),
    "labels turned round": (_turn_labels, (RELEVANCE, POLARITY, MEANS, FOUND, GAPS, SECOND)),
    "set to zero": (_set_to_zero, (RELEVANCE, POLARITY, STANCES, MEANS, FOUND, GAPS, SECOND)),
    "one dimension turned round": (_turn_one_dimension, (POLARITY, MEANS, SECOND)),
    "one language for all": (_ask_one_language, (STANCES, MEANS, FOUND, SECOND)),
    "languages swapped": (_swap_languages, (STANCES, MEANS, FOUND, SECOND)),
    "shuffled between models": (_shuffle_models, (STANCES, MEANS, FOUND, FALSE, UNCHANGED, SECOND)),
    "shuffled between dimensions": (
        _shuffle_dimensions,
        (MEANS, FOUND, FALSE, UNCHANGED, GAPS, SECOND),
    ),
    "shuffled between statements": (_shuffle_statements, (RELEVANCE, POLARITY, STANCES, SECOND)),
}
