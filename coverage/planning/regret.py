"""Regret: what a plan made under one definition is worth under the others, and which sites are in every plan."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coverage.catalog.definitions import Definition, definition
from coverage.errors import PlanError
from coverage.planning.problem import SLACK
from coverage.scenarios import Scenario
from coverage.study import Progress, Study

THRESHOLDS_DBM = (-95.0, -105.0, -115.0)
EDGES = (0.9, 0.5)


@dataclass(frozen=True, kw_only=True, eq=False)
class Regret:
    """Plans, each made for one definition, under all of them.

    Attributes
    ----------
    target : float
        Share that every plan was made to reach under its own definition, 0–1.
    before : Series indexed by definition
        Headline today.
    shares : DataFrame of shape (plans, definitions)
        Headline of each definition with each plan; both axes are ids of definitions.
    costs_vnd : Series indexed by plan
    sites : DataFrame
        site_id, operator, kind, plans: in how many plans each change is, the most frequent first.
    """

    target: float
    before: pd.Series
    shares: pd.DataFrame
    costs_vnd: pd.Series
    sites: pd.DataFrame

    @property
    def reached(self) -> pd.DataFrame:
        """Whether each plan reaches the target under each definition."""
        return self.shares >= self.target - SLACK

    @property
    def regret_vnd(self) -> pd.DataFrame:
        """What each plan costs more than the one made for a definition, NaN where it does not reach the target [VND].

        Negative where a plan made for something else happens to be cheaper.
        """
        own = self.costs_vnd.to_numpy(dtype=float)
        more = pd.DataFrame(own[:, None] - own[None, :], index=self.shares.index, columns=self.shares.columns)
        return more.where(self.reached)

    @property
    def safest(self) -> str:
        """The plan that reaches the target under the most definitions; of equals the cheapest."""
        order = pd.DataFrame({"reached": self.reached.sum(axis=1), "cost": self.costs_vnd})
        return str(order.sort_values(["reached", "cost"], ascending=[False, True], kind="stable").index[0])

    @property
    def in_all(self) -> pd.DataFrame:
        """The changes that are in every plan: whatever the definition will be, they are not regretted."""
        return self.sites[self.sites["plans"] == len(self.costs_vnd)]


def variants(
    rule: Definition | str,
    *,
    thresholds_dbm: Iterable[float] = THRESHOLDS_DBM,
    edges: Iterable[float] = EDGES,
    headlines: Iterable[str] | None = None,
) -> tuple[Definition, ...]:
    """Return a definition with other thresholds, edge probabilities and headlines, the given one among them.

    Parameters
    ----------
    rule : Definition or str
    thresholds_dbm : iterable of float
        SS-RSRP [dBm].
    edges : iterable of float, 0–1
        Probability at the pixel.
    headlines : iterable of str, optional
        Measures that are the figure of the definition; its own unless given.

    Examples
    --------
    >>> [each.id for each in variants("danang-2023", edges=[0.9])]
    ['danang-2023/-95', 'danang-2023', 'danang-2023/-115']
    """
    found = definition(rule) if isinstance(rule, str) else rule
    return tuple(
        dataclasses.replace(
            found,
            id=_named(found, threshold, edge, headline),
            threshold_dbm=threshold,
            edge_probability=edge,
            headline=headline,
        )
        for headline in headlines or (found.headline,)
        for edge in edges
        for threshold in thresholds_dbm
    )


def _named(rule: Definition, threshold_dbm: float, edge: float, headline: str) -> str:
    name = rule.id if threshold_dbm == rule.threshold_dbm else f"{rule.id}/{threshold_dbm:g}"
    name += "" if edge == rule.edge_probability else f"/P{edge:g}"
    return name if headline == rule.headline else f"{name}/{headline.removesuffix('_share').removesuffix('_covered')}"


def study_under(study: Study, rule: Definition | str) -> Study:
    """Return the same study of the same city under another definition; grid and weights are shared."""
    other = dataclasses.replace(study, definition=rule)
    for name in ("grid", "weights", "_ward_facts", "_far"):  # none of them depends on the definition
        other.__dict__[name] = getattr(study, name)
    return other


def regrets(
    study: Study,
    rules: Sequence[Definition | str],
    plans: Sequence[Scenario],
    *,
    target: float,
    progress: Progress | None = None,
) -> Regret:
    """Return what the plan made for each definition is worth under all of them: every figure is a run of the study.

    Parameters
    ----------
    study : Study
    rules : sequence of Definition or str
    plans : sequence of Scenario
        One for each definition, in their order (``plan(study_under(study, rule), …).scenario``).
    target : float, 0–1
    progress : callable(done, total), optional

    Raises
    ------
    PlanError
        ``regret_needs_plans`` where the numbers differ.
    """
    if len(rules) != len(plans) or not rules:
        raise PlanError("regret_needs_plans", plans=len(plans), rules=len(rules))
    studies = [study_under(study, rule) for rule in rules]
    names = [each.rule.id for each in studies]
    before = [each.run().headline for each in studies]
    shares = np.empty((len(plans), len(rules)))
    for row, scenario in enumerate(plans):
        for column, each in enumerate(studies):
            shares[row, column] = each.under(scenario).run().headline
            if progress is not None:
                progress(row * len(rules) + column + 1, shares.size)
    counts = Counter(key for scenario in plans for key in {(c.site_id, c.operator, c.kind) for c in scenario.changes})
    costs = [sum(change.cost_vnd for change in scenario.changes) for scenario in plans]
    rows = [(*key, count) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return Regret(
        target=target,
        before=pd.Series(before, index=names),
        shares=pd.DataFrame(shares, index=names, columns=names),
        costs_vnd=pd.Series(costs, index=names, dtype=float),
        sites=pd.DataFrame(rows, columns=["site_id", "operator", "kind", "plans"]),
    )
