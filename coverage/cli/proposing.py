"""What `phusong plan` lets a plan choose from: rules, kinds, sharing and how costs are counted."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import geopandas as gpd

from coverage.changes import ChangeKind
from coverage.cli.voice import Voice
from coverage.files.rules import read_rules
from coverage.planning.costing import Costing
from coverage.planning.offers import Candidates
from coverage.planning.proposals import candidates
from coverage.planning.rules import Rules
from coverage.study import Study


def offered(
    arguments: Namespace, study: Study, sites: gpd.GeoDataFrame | None, also: Sequence[ChangeKind] | None = None
) -> Candidates:
    """Return the candidates that the arguments ask for.

    Parameters
    ----------
    arguments : Namespace
        ``rules``, ``kinds``, ``lattice``, ``share``, ``operator``, ``costs``, ``support_88``, ``horizon``.
    study : Study
    sites : GeoDataFrame or None
        Places for new masts from ``--sites``.
    also : sequence of str or None
        Kinds of change that the objective asks for where neither ``--kinds`` nor ``--rules`` names any.

    Raises
    ------
    LayerError
        What `coverage.read_rules` raises.
    """
    rules = Rules() if arguments.rules is None else read_rules(arguments.rules, study.city)
    return candidates(
        study,
        rules,
        kinds=arguments.kinds or (also if arguments.rules is None else None),
        new_sites=sites,
        lattice_m=arguments.lattice,
        share=arguments.share,
        operator=arguments.operator,
        costs=Costing(level=arguments.costs, horizon_years=arguments.horizon, support_88=arguments.support_88),
    )


def told(made: Candidates) -> dict[str, Any]:
    """Return what the manifest of a plan says about its candidates."""
    costing, rules = made.costing, made.rules
    return {
        "candidates": len(made),
        "refused": made.refused["code"].value_counts().sort_index().to_dict(),
        "rules": {"name": rules.name, "synthetic": rules.synthetic} if rules.name else None,
        "kinds": list(rules.kinds),
        "lattice_m": rules.lattice_m if rules.sites is None and rules.roads is None else None,
        "share": rules.share,
        "costs": costing.level,
        "horizon_years": costing.horizon_years,
        "discount": costing.rate if costing.horizon_years else None,
        "support_88": costing.support_88,
        "assumed": dict(made.assumed),
    }


def say_refused(made: Candidates, voice: Voice) -> None:
    """Tell how many candidates the rules refuse, and the reason of the first of each kind."""
    if made.refusals:
        firsts = made.refused.drop_duplicates("code")
        voice.note("candidates_refused", count=len(made.refusals), offered=len(made))
        for text in firsts[f"text_{voice.lang}"]:
            voice.note("candidate_refused", reason=text)
