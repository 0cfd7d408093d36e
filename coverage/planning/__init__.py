"""The cheapest way to a target: proposals (candidates), a solver, and the plan whose claim is proven by a re-run."""
