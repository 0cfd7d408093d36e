"""A plan that holds in most draws: the cheapest set with which the level reaches the threshold over the target's share.

What is compared with the target is the *realised* share: that of the area (people, households) where the drawn level of
at least one cell reaches the threshold of the definition. The definition itself asks more of a pixel and less of the
city: it counts a pixel where each draw would reach it with the edge probability, and says nothing about all pixels at
once. So the definition's own figure of the same plan stands beside it, and neither is called the other.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

from coverage.changes import Change
from coverage.errors import PlanError
from coverage.planning.chance import Chance
from coverage.planning.draws import Shadowing
from coverage.planning.offers import Candidates
from coverage.planning.problem import SLACK, Stop
from coverage.planning.worlds import Worlds, coarser, worlds
from coverage.scenarios import Scenario
from coverage.study import Progress, Study

LOW, HIGH = 0.05, 0.95  # the running interval
CONFIDENCE = 0.95
TIGHTENED = 3  # how often more draws are asked for when fresh ones show that the sample flattered


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How worlds are drawn.

    Attributes
    ----------
    draws, fresh : int, ≥ 1
        Draws to choose by, and fresh ones to validate by.
    pixel_m : float
        Pixels of the draws [m]: those of the study where they are larger.
    shadowing : Shadowing
    seed : int, ≥ 0
    """

    draws: int = 100
    fresh: int = 300
    pixel_m: float = 100.0
    shadowing: Shadowing = field(default_factory=Shadowing)
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Validation:
    """How a choice fares in draws that it was not made from.

    Attributes
    ----------
    draws : int
        Fresh, independent draws.
    reached : int
        Draws that reach the target.
    low, high : float
        Clopper–Pearson interval of the probability, 95 %, 0–1.
    shares : float ndarray of shape (steps + 1, draws)
        Realised share today and after each step.
    worlds : Worlds
        The fresh draws, its changes in the order of the steps.
    """

    draws: int
    reached: int
    low: float
    high: float
    shares: NDArray[np.float64]
    worlds: Worlds

    @property
    def probability(self) -> float:
        """Part of the fresh draws that reach the target, 0–1."""
        return self.reached / self.draws


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustPlan:
    """The cheapest set found that reaches a target in most draws.

    Attributes
    ----------
    target, probability : float
        Share to reach, and in which part of the draws at least; 0–1.
    changes : tuple of Change
        In their order.
    cost_vnd : float
    lower_bound_vnd : float
        No set that reaches the target in that part of the same draws costs less.
    draws, needed, reached : int
        Draws it was made from; those asked for, and those that reach the target.
    steps : DataFrame
        order, change, site_id, operator, cost_vnd; mean, low and high (5 and 95 %) of the realised share after the
        step, and the part of the draws that reach the target by then, in the fresh draws.
    validation : Validation
        By fresh draws.
    definition_before, definition_after : float
        The headline of the definition on the same pixels, today and with the plan.
    pixel_m : float
        Side of a pixel of the draws [m].
    shadowing : Shadowing
    """

    target: float
    probability: float
    definition: str
    changes: tuple[Change, ...]
    cost_vnd: float
    lower_bound_vnd: float
    draws: int
    needed: int
    reached: int
    steps: pd.DataFrame
    validation: Validation
    definition_before: float
    definition_after: float
    pixel_m: float
    shadowing: Shadowing

    @property
    def gap(self) -> float:
        """(cost − bound) ÷ cost, ≥ 0."""
        return (self.cost_vnd - self.lower_bound_vnd) / self.cost_vnd if self.cost_vnd > 0 else 0.0

    @property
    def proven(self) -> bool:
        """Whether anything better than 0 was proven."""
        return self.lower_bound_vnd > 0 or self.cost_vnd == 0

    @property
    def scenario(self) -> Scenario:
        """The same changes, to run a study under."""
        return Scenario(name=f"{self.definition}-{self.target:g}-robust-{self.probability:g}", changes=self.changes)

    def summary(self) -> dict[str, Any]:
        """Return what a command prints for machines."""
        fresh, after = self.validation, self.validation.shares[-1]
        return {
            "target": self.target,
            "probability": self.probability,
            "counts": "realised_share",
            "cost_vnd": self.cost_vnd,
            "lower_bound": self.lower_bound_vnd,
            "gap": self.gap,
            "proven": self.proven,
            "draws": self.draws,
            "reached": self.reached,
            "realised_share_before": float(fresh.shares[0].mean()),
            "realised_share_after": float(after.mean()),
            "realised_share_low": float(np.quantile(after, LOW)),
            "realised_share_high": float(np.quantile(after, HIGH)),
            "fresh_draws": fresh.draws,
            "fresh_reached": fresh.reached,
            "fresh_probability": fresh.probability,
            "fresh_probability_low": fresh.low,
            "fresh_probability_high": fresh.high,
            "definition_share_before": self.definition_before,
            "definition_share_after": self.definition_after,
            "pixel_m": self.pixel_m,
            "between_sites": self.shadowing.between_sites,
            "city_share": self.shadowing.city_share,
            "steps": len(self.changes),
        }


def robust_plan(
    study: Study,
    changes: Sequence[Change],
    *,
    target: float,
    probability: float = 0.9,
    locked: Sequence[str] = (),
    sampling: Sampling | None = None,
    seconds: float = 60.0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> RobustPlan:
    """Return the cheapest set found with which the realised share reaches a target in most draws.

    Parameters
    ----------
    study : Study
        Under a definition on the power received outdoors, a sum over pixels, union of operators.
    changes : sequence of Change
        Those that take cells away, or add none, are never chosen; the rules of `coverage.planning.offers.Candidates`
        are kept.
    target : float, 0–1
        Realised share to reach.
    probability : float, 0–1
        In which part of the draws at least.
    locked : sequence of str
        Ids of changes that are in the plan whatever they bring.
    sampling : Sampling, optional
    seconds : float
        For the bound.
    progress : callable(done, total), optional
    stop : callable() -> bool, optional
        Ends the search for something better; the best so far is kept.

    Raises
    ------
    PlanError
        ``target_out_of_range``, ``robust_probability``, ``plan_locked_unknown``; ``target_unreachable_in_draws`` with
        the number of draws in which everything together reaches the target; as `coverage.planning.worlds.worlds`.

    Notes
    -----
    Sample average approximation. Where the fresh draws fall short of the probability, more of the draws are asked for
    and the choice is made again, three times at most; the cost is then that of the tighter question, and the bound
    still that of the question asked.
    """
    _check(target, probability)
    how = sampling or Sampling()
    coarse = coarser(study, how.pixel_m)
    sampled = worlds(coarse, changes, count=how.draws, shadowing=how.shadowing, seed=how.seed, progress=progress)
    cost = np.array([change.cost_vnd for change in changes], dtype=float)
    asked = Chance(
        worlds=sampled, cost=cost, level=target, needed=math.ceil(how.draws * probability - SLACK), stop=stop,
        locked=_places(changes, locked), kept=changes if isinstance(changes, Candidates) else None,
    )  # fmt: skip
    chosen, checked = _validated(asked, coarse, changes, probability, how)
    bound = asked.bound(chosen, seconds=seconds, seed=how.seed)
    picked = tuple(changes[n] for n in chosen)
    after = coarse.under(Scenario(name="robust", changes=picked)).run() if picked else sampled.result
    spent = float(cost[list(chosen)].sum())
    return RobustPlan(
        target=target, probability=probability, definition=study.rule.id, changes=picked,
        cost_vnd=spent,
        lower_bound_vnd=min(bound, spent),
        draws=how.draws,
        needed=asked.needed,
        reached=asked.reached(sampled.steps(chosen)[-1]),
        steps=running(picked, checked.shares, target),
        validation=checked,
        definition_before=sampled.result.headline, definition_after=after.headline,
        pixel_m=coarse.pixel_m, shadowing=how.shadowing,
    )  # fmt: skip


def _check(target: float, probability: float) -> None:
    if not 0 <= target <= 1:
        raise PlanError("target_out_of_range", target=target)
    if not 0 < probability < 1:
        raise PlanError("robust_probability", probability=probability)


def _places(changes: Sequence[Change], locked: Sequence[str]) -> tuple[int, ...]:
    place = {change.id: n for n, change in enumerate(changes)}
    lacking = [name for name in locked if name not in place]
    if lacking:
        raise PlanError("plan_locked_unknown", changes=", ".join(lacking))
    return tuple(place[name] for name in locked)


def _validated(
    asked: Chance, study: Study, changes: Sequence[Change], probability: float, how: Sampling
) -> tuple[tuple[int, ...], Validation]:
    """Return a choice that holds in fresh draws too, as far as a few rounds bring it there."""
    needed, total = asked.needed, asked.worlds.count
    for attempt in range(TIGHTENED + 1):
        chosen = dataclasses.replace(asked, needed=needed).best()
        picked = [changes[n] for n in chosen]
        checked = validated(
            study, picked, target=asked.level, draws=how.fresh, shadowing=how.shadowing, seed=how.seed + 1
        )
        short = probability - checked.probability
        if short <= 0 or needed == total or attempt == TIGHTENED:
            break
        needed = min(needed + max(math.ceil(short * total), 1), total)
    return chosen, checked


def validated(
    study: Study,
    changes: Sequence[Change],
    *,
    target: float,
    draws: int = 300,
    shadowing: Shadowing | None = None,
    seed: int = 1,
) -> Validation:
    """Return how some changes fare in independent draws; the study's own pixels are taken.

    Parameters
    ----------
    study, changes, shadowing
        As in `robust_plan`.
    target : float, 0–1
    draws : int, ≥ 1
    seed : int, ≥ 0
        Another one than the choice was made with.
    """
    found = worlds(study, changes, count=draws, shadowing=shadowing, seed=seed, stratified=False)
    shares = found.steps(range(len(changes)))
    reached = int((shares[-1] >= target - SLACK).sum())
    low, high = clopper_pearson(reached, draws)
    return Validation(draws=draws, reached=reached, low=low, high=high, shares=shares, worlds=found)


def clopper_pearson(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of a probability from a number of successes (Clopper and Pearson 1934).

    Examples
    --------
    >>> tuple(round(limit, 4) for limit in clopper_pearson(9, 10))
    (0.555, 0.9975)
    """
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    return low, high


def running(changes: Sequence[Change], shares: NDArray[np.float64], target: float) -> pd.DataFrame:
    """Return the running interval of the realised share along some steps; shares of shape (steps + 1, draws)."""
    after = shares[1:]
    return pd.DataFrame(
        {
            "order": np.arange(1, len(changes) + 1),
            "change": [change.kind for change in changes],
            "site_id": [change.site_id for change in changes],
            "operator": [change.operator for change in changes],
            "cost_vnd": [round(change.cost_vnd) for change in changes],
            "mean": after.mean(axis=1),
            "low": np.quantile(after, LOW, axis=1) if len(after) else np.zeros(0),
            "high": np.quantile(after, HIGH, axis=1) if len(after) else np.zeros(0),
            "reached": (after >= target - SLACK).mean(axis=1),
        }
    )
