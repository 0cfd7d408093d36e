"""Why a target cannot be reached, in words of the planner: too few changes, one ward, one operator, one rule."""

from __future__ import annotations

from collections.abc import Mapping

from coverage.errors import PlanError
from coverage.planning.problem import SLACK, Floor, Problem

OWN = {"max_new_per_ward": "masts_unreachable", "phases": "phases_unreachable", "time": "plan_not_found"}


def explained(error: PlanError, problem: Problem, level: float, ward_names: Mapping[str, str]) -> PlanError:
    """Return the error of a solver as a planner reads it; another error as it is.

    Parameters
    ----------
    error : PlanError
        ``target_unreachable`` with the rule that binds and the best that is reachable.
    problem : Problem
    level : float
        Share to reach, 0–1.
    ward_names : mapping of ward_id to str
        What wards are called.
    """
    if error.code != "target_unreachable" or "rule" not in error.values:
        return error
    rule, best = str(error.values["rule"]), float(error.values["best"])
    kind, _, name = rule.partition(":")
    ward = ward_names.get(name, name)
    if rule == "candidates":
        return PlanError("target_unreachable", target=level, best=best, changes=problem.count)
    if kind in OWN:
        return PlanError(OWN[kind], target=level, best=best, ward=ward)
    floor = next((floor for floor in problem.floors if floor.name == rule), None)
    if floor is None or (alone := _best(floor, problem)) >= floor.level - SLACK:
        # Each floor could be held by itself: what stands in the way is this one together with the others.
        return PlanError("rule_unreachable", target=level, best=best, rule=ward or rule)
    if kind == "operator":
        return PlanError("operator_unreachable", operator=name, target=floor.level, best=alone)
    return PlanError("floor_unreachable", ward=ward, floor=floor.level, best=alone)


def _best(floor: Floor, problem: Problem) -> float:
    return floor.base + float(floor.weight[problem.covered(range(problem.count))].sum())
