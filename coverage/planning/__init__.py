"""The cheapest way to a target: candidates, a solver and the plan with its proof by re-run."""

from coverage.planning.candidates import candidates as candidates
from coverage.planning.plans import Plan as Plan
from coverage.planning.plans import plan as plan
