"""A plan: ordered changes with cost, gain and running share; what it claims is what a re-run of the study measures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from coverage.catalog.targets import Target
from coverage.changes import Change
from coverage.errors import PlanError
from coverage.planning.aims import Aim, aim_of
from coverage.planning.alternatives import Alternative, no_regret
from coverage.planning.offers import Candidates
from coverage.planning.phases import Phase, in_order
from coverage.planning.posing import Posed, Terms, pose, worst_tenth
from coverage.planning.problem import SLACK, Stop, Told
from coverage.planning.questions import Answer, Goal, Question, gap_of
from coverage.planning.reach import Reach, reach
from coverage.planning.reasons import explained
from coverage.planning.steps import phase_table, plain_records, step_table
from coverage.planning.worth import Objective, pixel_weights
from coverage.scenarios import Scenario
from coverage.study import Progress, Result, Study

__all__ = ["Plan", "pixel_weights", "plan"]

DEFAULT_TARGET = 0.20  # of the city's area: what Đà Nẵng set itself for 2023


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Ordered changes towards a target, or the best of a budget, with what is proven about them.

    Attributes
    ----------
    aim : Aim
        What is counted, and for which operators.
    definition : str
        Id of the definition.
    target : float or None
        Share to reach, 0–1; None where only a budget was given.
    budget_vnd : float or None
    goal : {"cost", "share", "worst_tenth"}
        What was made as good as possible.
    share_before, share_after : float
        The measure today and after the last step, 0–1.
    steps : DataFrame
        One row for each change, in the order of building: columns `coverage.planning.steps.STEP_COLUMNS`.
    scenario : Scenario
        The same changes, to run a study under.
    bound : float
        What no choice of the same changes under the same rules can beat: a cost [VND], a share, or the mean share of
        the worst tenth of wards.
    gap : float or None
        Relative distance to the bound, ≥ 0; None where no bound is proven.
    method : str
        What found the plan and what proved it.
    stopped : bool
        Whether time or the reader ended the search.
    phases : DataFrame
        phase, budget_vnd, steps, cost_vnd, share, bound, gap: what the money spent by then could have reached at most.
    pareto : DataFrame
        share, cost_vnd, bound_vnd, gap, proven, steps: least cost of each share, solved point by point.
    alternatives : tuple of Alternative
    no_regret : tuple of str
        Sites in the plan and in every alternative.
    operators : mapping of str to (float, float)
        Share of each operator before and after, where operators are counted by themselves.
    worst_tenth : (float, float) or None
        Mean share of the worst tenth of wards before and after, where fairness was asked for.
    floor : float or None
        Share that every ward reaches, 0–1.
    draws : mapping or None
        How it fares in draws of shadowing, where it was chosen by them: `coverage.planning.robust.RobustPlan.summary`.
    """

    aim: Aim
    definition: str
    target: float | None
    budget_vnd: float | None
    goal: Goal
    share_before: float
    share_after: float
    steps: pd.DataFrame
    scenario: Scenario
    bound: float
    gap: float | None
    method: str
    stopped: bool
    phases: pd.DataFrame
    pareto: pd.DataFrame
    alternatives: tuple[Alternative, ...] = ()
    no_regret: tuple[str, ...] = ()
    operators: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    worst_tenth: tuple[float, float] | None = None
    floor: float | None = None
    draws: Mapping[str, Any] | None = None

    @property
    def measure(self) -> str:
        """What the share measures; ``mixed`` for several measures with weights."""
        return self.aim.measure

    @property
    def cost_vnd(self) -> int:
        """Cost of all steps [VND], to the whole đồng."""
        return int(self.steps["cost_vnd"].sum())

    @property
    def cost_range_vnd(self) -> tuple[float, float]:
        """Low and high cost of all steps [VND]; NaN where that of one is unknown."""
        low, high = (float(self.steps[name].sum(skipna=False)) for name in ("cost_low_vnd", "cost_high_vnd"))
        return low, high

    @property
    def lower_bound(self) -> float | None:
        """Proven least cost [VND]; None where cost was not what was minimised or nothing is proven."""
        return self.bound if self.goal == "cost" and self.gap is not None else None

    @property
    def reached(self) -> bool:
        """Whether the last step meets the target, or the draws do; True where none was set."""
        if self.draws is not None:
            return bool(self.draws["fresh_probability"] >= self.draws["probability"])
        return self.target is None or self.share_after >= self.target - SLACK

    def summary(self) -> dict[str, Any]:
        """Return what ``phusong plan --json`` prints."""
        low, high = self.cost_range_vnd
        return {
            "target": self.target,
            "budget_vnd": self.budget_vnd,
            "measure": self.measure,
            "weights": self.aim.weights,
            "definition": self.definition,
            "counted": list(self.aim.operators) or "union",
            "share_before": self.share_before,
            "share_after": self.share_after,
            "reached": self.reached,
            "cost_vnd": self.cost_vnd,
            "cost_low_vnd": None if math.isnan(low) else low,
            "cost_high_vnd": None if math.isnan(high) else high,
            "goal": self.goal,
            "lower_bound": self.lower_bound,
            "upper_bound": None if self.goal == "cost" or self.gap is None else self.bound,
            "gap": self.gap,
            "proven": self.gap is not None,
            "method": self.method,
            "stopped": self.stopped,
            "floor": self.floor,
            "worst_tenth": None
            if self.worst_tenth is None
            else dict(zip(("before", "after"), self.worst_tenth, strict=True)),
            "operators": {name: {"before": a, "after": b} for name, (a, b) in self.operators.items()},
            "steps": plain_records(self.steps),
            "phases": plain_records(self.phases),
            "pareto": plain_records(self.pareto),
            "alternatives": [self._other(other) for other in self.alternatives],
            "no_regret": list(self.no_regret),
            "robust": None if self.draws is None else dict(self.draws),
        }

    def _other(self, other: Alternative) -> dict[str, Any]:
        return {
            "cost_vnd": round(other.cost_vnd),
            "share_after": other.share,
            "differs": other.differs,
            "changes": list(other.changes),
        }


def plan(  # noqa: PLR0913 — each is a question that a planner asks; a bundle of them would only be typed twice
    study: Study,
    changes: Sequence[Change],
    *,
    target: float | Target | None = None,
    budget_vnd: float | None = None,
    objective: Objective | Mapping[Objective, float] | None = None,
    operators: tuple[str, ...] = (),
    floor: float | None = None,
    equity: bool = False,
    phases: int | Sequence[Phase] = 1,
    locked: Sequence[str] = (),
    alternatives: int = 5,
    points: int = 8,
    today: Result | None = None,
    reached: Reach | None = None,
    seconds: float = 60.0,
    seed: int = 0,
    progress: Progress | None = None,
    told: Told | None = None,
    stop: Stop | None = None,
) -> Plan:
    """Choose the changes that reach a target at least cost, or the most for a budget, and prove how good they are.

    Parameters
    ----------
    study : Study
        Under a definition on the power received outdoors.
    changes : sequence of Change
        From `candidates`, whose rules are kept; or any list.
    target : float, 0–1, or Target
        Share to reach; 20 % where neither target nor budget is given.
    budget_vnd : float or None
        What may be spent [VND]. With a target too, the plan is the cheapest that reaches it, or, where the budget falls
        short, the one that comes nearest.
    objective : {"area", "population", "households", "internet", "stations"} or mapping of them to weights > 0
        The measure of target and budget; the headline of the definition unless given. Weights are brought to the sum 1.
    operators : tuple of str
        Counted by themselves: one, or several of which each has to reach the target and whose mean is the measure.
        Empty counts all together, or the best one where the definition says so.
    floor : float or None
        Share that every ward of the mainland must reach, 0–1.
    equity : bool
        Make the mean share of the worst tenth of wards as great as can be: for the budget, or for the money of the
        cheapest plan and 2 % more.
    phases : int or sequence of Phase
        Equal parts of the cost, or phases with their own money and capacity.
    locked : sequence of str
        Ids of changes that are in every plan.
    alternatives, points : int
        How many other plans, and how many points of the curve of cost, to look for.
    today : Result or None
        The study's result where it was measured already.
    reached : Reach or None
        Of the same changes and operators, where it was computed already.
    seconds : float
        For all solving together; what was not proven by then stays open, so the bounds may differ between two runs.
    seed : int
    progress : callable(done, total) or None
        Told of the cells.
    told : callable(phase, value, bound) or None
        Told of the search.
    stop : callable() -> bool or None
        Ends the search; the best so far is kept.

    Raises
    ------
    PlanError
        ``target_out_of_range``; ``plan_unsupported_definition``, ``plan_unsupported_target``, ``plan_bad_objective``;
        ``target_unreachable`` with what stands in the way and the best that is reachable; ``phases_too_small``.
    """
    level = _level(target, budget_vnd)
    for share in (level, floor):
        if share is not None and not 0 <= share <= 1:
            raise PlanError("target_out_of_range", target=share)
    study.rule.rule()
    question = Question(
        level=level, budget_vnd=budget_vnd, equity=equity, floor=floor, phases=phases, others=alternatives,
        points=points, seconds=seconds, seed=seed, told=told, stop=stop,
    )  # fmt: skip
    aimed = partial(aim_of, study.rule, objective=objective, target=target if isinstance(target, Target) else None)
    asked = _Asked(study=study, changes=changes, locked=tuple(locked), today=today or study.run(), question=question)
    if study.rule.operators == "largest" and not operators:
        return _best([(asked, aimed(operators=(name,))) for name in asked.builders], progress)
    return _made(asked, aimed(operators=operators), reached, progress)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """A question about a study and a list of changes."""

    study: Study
    changes: Sequence[Change]
    locked: tuple[str, ...]
    today: Result
    question: Question

    @property
    def builders(self) -> list[str]:
        """Every operator that has cells or could get some."""
        return sorted({*self.today.signal.operators, *(name for c in self.changes for name in c.operators)})

    def terms(self, aim: Aim) -> Terms:
        """Return what a choice has to keep."""
        place = {change.id: row for row, change in enumerate(self.changes)}
        lacking = [name for name in self.locked if name not in place]
        if lacking:
            raise PlanError("plan_locked_unknown", changes=", ".join(lacking))
        offered = self.changes if isinstance(self.changes, Candidates) else Candidates(changes=tuple(self.changes))
        return Terms(
            exclusive=offered.exclusive,
            requires=offered.requires,
            caps=(*offered.caps, *self.question.caps([change.cost_vnd for change in self.changes])),
            locked=tuple(place[name] for name in self.locked),
            floor=self.question.floor,
            each=self.question.level if len(aim.operators) > 1 else None,
        )


def _level(target: float | Target | None, budget_vnd: float | None) -> float | None:
    if isinstance(target, Target):
        return target.level
    return DEFAULT_TARGET if target is None and budget_vnd is None else target


def _best(asked: Sequence[tuple[_Asked, Aim]], progress: Progress | None) -> Plan:
    """Return the plan of the operator that serves best: the definition counts the largest one."""
    made, refused = [], []
    for question, aim in asked:
        try:
            made.append(_made(question, aim, None, progress))
        except PlanError as error:
            refused.append(error)
    if not made:
        raise max(refused, key=lambda error: float(error.values.get("best", 0.0)))
    chosen = min(made, key=lambda one: (not one.reached, one.cost_vnd if one.goal == "cost" else -one.share_after))
    # The others' proofs count too: the bound is that of the best operator, whoever that is.
    rivals = [one for one in made if one.goal == chosen.goal]
    bound = min(one.bound for one in rivals) if chosen.goal == "cost" else max(one.bound for one in rivals)
    proven = all(one.gap is not None for one in made) and all(error.code.endswith("_unreachable") for error in refused)
    reached = chosen.cost_vnd if chosen.goal == "cost" else chosen.share_after
    return dataclasses.replace(chosen, bound=bound, gap=gap_of(chosen.goal, reached, bound) if proven else None)


def _made(asked: _Asked, aim: Aim, ground: Reach | None, progress: Progress | None) -> Plan:
    study, question = asked.study, asked.question
    ground = ground or reach(study, asked.changes, today=asked.today, networks=aim.networks, progress=progress)
    posed = pose(ground, asked.today, aim, asked.terms(aim), with_wards=question.equity)
    before = aim.measured(asked.today)
    if math.isnan(before):
        raise PlanError("measure_unknown", measure=aim.measure)
    answer = _answered(asked, posed)
    rows = [row for row in answer.solution.chosen if row < len(ground.modes.changes)]
    phases = question.phases_of(posed.problem.cost_of(rows))
    steps = in_order(posed, rows, phases)
    chosen = tuple(asked.changes[step.row] for step in steps)
    after = posed.value(rows) if rows else before
    others = question.others_near(posed, answer)
    return Plan(
        aim=aim,
        definition=study.rule.id,
        target=question.level,
        budget_vnd=question.budget_vnd,
        goal=answer.goal,
        share_before=before,
        share_after=after,
        steps=step_table(steps, asked.changes, phases),
        scenario=Scenario(name=_name(asked), changes=chosen),
        bound=answer.solution.bound,
        gap=answer.solution.gap if answer.solution.proven else None,
        method=answer.solution.method,
        stopped=answer.solution.stopped,
        phases=phase_table(steps, [c.cost_vnd for c in chosen], phases, before, question.phase_bounds(posed, phases)),
        pareto=question.curve(posed, before, after, answer),
        alternatives=others,
        no_regret=no_regret(rows, others, asked.changes),
        operators=_shares_of_operators(posed, aim, rows),
        worst_tenth=(worst_tenth(posed.ward_shares(())), worst_tenth(posed.ward_shares(rows)))
        if question.equity
        else None,
        floor=question.floor,
    )


def _answered(asked: _Asked, posed: Posed) -> Answer:
    """Return the answer, or why there is none in words of the planner."""
    try:
        return asked.question.answer(posed)
    except PlanError as error:
        wards = asked.study.city.wards.frame["name"]
        names = {str(ward): str(name) for ward, name in wards.items()}
        raise explained(error, posed.problem, asked.question.level or 0.0, names) from None


def _shares_of_operators(posed: Posed, aim: Aim, rows: Sequence[int]) -> dict[str, tuple[float, float]]:
    both = posed.network_shares(()), posed.network_shares(rows)
    return (
        {name: (float(a), float(b)) for name, a, b in zip(aim.operators, *both, strict=True)} if aim.operators else {}
    )


def _name(asked: _Asked) -> str:
    question = asked.question
    wanted = f"{question.budget_vnd:.0f}-vnd" if question.level is None else f"{question.level:g}"
    return f"{asked.study.rule.id}-{wanted}"
