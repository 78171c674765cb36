"""Positions by partial pooling: a mixed model that lets few statements say less.

Whether an answer takes the positive pole of a dimension is a logistic model with random effects of
statements and of respondents (a model in a language), fitted by variational Bayes (statsmodels'
BinomialBayesMixedGLM). A respondent's position lies between its own statements and all respondents.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.optimize import root
from scipy.special import expit
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

DRAWS = 2000  # from the posterior
FEWEST = 2  # statements, and respondents, of a dimension


def pool_positions(scored: pd.DataFrame, dimensions: list[str], rng: Generator) -> pd.DataFrame:
    """Return each position as the mean of its scores, and partially pooled.

    `scored`: the scores table. Columns: dimension, model, language, n, raw, pooled, low, high (a 95
    % interval of the pooled one, for these statements; all -2 to 2). A dimension with fewer than
    `FEWEST` statements or respondents, or in which all answers take the same side, has no rows.
    """
    parts = []
    for dimension in dimensions:
        rows = scored[scored["dimension"] == dimension].dropna(subset="score")
        respondents = rows[["model", "language"]].drop_duplicates()
        enough = rows["statement_id"].nunique() >= FEWEST and len(respondents) >= FEWEST
        if enough and (rows["score"] > 0).nunique() == 2:  # a logit of all or none is not finite
            parts.append(_pool(rows, respondents, rng).assign(dimension=dimension))
    columns = ["dimension", "model", "language", "n", "raw", "pooled", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _pool(rows: pd.DataFrame, respondents: pd.DataFrame, rng: Generator) -> pd.DataFrame:
    who = pd.MultiIndex.from_frame(respondents)
    by = who.get_indexer(pd.MultiIndex.from_frame(rows[["model", "language"]]))
    statement, _ = pd.factorize(rows["statement_id"], sort=True)
    effects = [np.eye(len(who))[by], np.eye(statement.max() + 1)[statement]]
    kinds = np.repeat([0, 1], [effects[0].shape[1], effects[1].shape[1]])
    positive = (rows["score"] > 0).to_numpy(dtype=float)
    ones = np.ones((len(rows), 1))
    model = BinomialBayesMixedGLM(positive, ones, np.hstack(effects), kinds, vcp_p=1, fe_p=2)
    drawn = _draw(*_fit(model), len(who), rng)  # draws x respondents x statements, as logits
    weights = np.zeros(statement.max() + 1)
    weights[statement] = rows["polarity"].abs()
    positions = ((2 * expit(drawn) - 1) * weights).mean(axis=-1)
    low, high = np.quantile(positions, [0.025, 0.975], axis=0)
    own = rows.groupby(["model", "language"])["score"].agg(["mean", "size"]).reindex(who)
    pooled = {"pooled": positions.mean(axis=0), "low": low, "high": high}
    counts = {"n": own["size"].to_numpy(), "raw": own["mean"].to_numpy()}
    return respondents.reset_index(drop=True).assign(**counts, **pooled)


def _fit(model: BinomialBayesMixedGLM) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sd of each parameter, found to the last digits where that is possible.

    Statsmodels' own search stops some 1e-6 short, at a place that depends on the processor.
    """
    n = model.k_fep + model.k_vcp + model.k_vc

    def slope(at: np.ndarray) -> np.ndarray:
        sd = np.exp(at[n:])
        by_mean, by_sd = model.vb_elbo_grad(at[:n], sd)
        return np.concatenate([by_mean, by_sd * sd])

    near = model.fit_vb(mean=np.zeros(n), sd=np.ones(n)).optim_retvals.x  # else begun at random
    found = root(slope, near, tol=1e-12)
    end = found.x if np.abs(found.fun).max() < 1e-8 else near
    return end[:n], np.exp(end[n:])


def _draw(mean: np.ndarray, sd: np.ndarray, respondents: int, rng: Generator) -> np.ndarray:
    fixed = rng.normal(mean[0], sd[0], (DRAWS, 1))
    effects = rng.normal(mean[3:], sd[3:], (DRAWS, len(mean) - 3))  # after two variances
    return (fixed + effects[:, :respondents])[:, :, None] + effects[:, None, respondents:]
