"""The command `phusong plan`: choose, prove by a re-run, write, say."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from coverage.catalog.radios import operators
from coverage.catalog.targets import Target, target
from coverage.caveats import problems
from coverage.changes import ChangeKind
from coverage.cli.inputs import out_folder, sites_of, study_of
from coverage.cli.proposing import offered, say_refused, told
from coverage.cli.readers import UsageError
from coverage.cli.summaries import plan_lines, recheck_lines, written_lines
from coverage.cli.voice import Voice
from coverage.errors import CoverageError
from coverage.planning.hedging import hedged_plan
from coverage.planning.offers import Candidates
from coverage.planning.phases import Phase
from coverage.planning.plans import Plan
from coverage.planning.plans import plan as choose
from coverage.planning.rechecking import Recheck, recheck
from coverage.planning.robust import Sampling
from coverage.planning.rules import Rules
from coverage.planning.worth import MEASURES
from coverage.publishing import json_text, publish_plan
from coverage.reporting import report
from coverage.scenarios import Scenario
from coverage.study import Progress, Result, Study

TOLERANCE = 1e-9  # between what a plan claims and what a re-run measures


def plan(arguments: Namespace, voice: Voice) -> int:
    """Choose changes towards a target or for a budget, and prove the claim by a re-run."""
    folder = out_folder(arguments.out)
    study = study_of(arguments)
    study.rule.rule()  # plans need it: refused before anything is predicted
    _check_operator(arguments.operator)
    voice.problems(problems(study.city))
    sites, read = sites_of(arguments.sites, voice)
    with voice.progress("progress_measure") as progress:
        before = study.run(progress)
    changes = offered(arguments, study, sites, _kinds(arguments))
    say_refused(changes, voice)
    with voice.progress("progress_plan") as progress:
        made = _chosen(arguments, study, changes, before, progress)
    with voice.progress("progress_measure") as progress:
        after = study.under(made.scenario).run(progress)
    measured = made.aim.measured(after)
    if not abs(measured - made.share_after) <= TOLERANCE:
        raise CoverageError("claim_differs", claim=made.share_after, measured=measured)
    checked = _rechecked(arguments, study, made, changes, voice)
    request = _request(arguments, made) | told(changes) | {"sites": read}
    also = {"report.html": report(before, after, made, lang=voice.lang).html.encode()}
    if checked is not None:
        also["recheck.json"] = json_text(checked.summary()).encode()
        also["repairs.toml"] = Scenario(name="repairs", changes=checked.repairs).text().encode()
    written = publish_plan(before, after, made, folder, lang=voice.lang, request=request, also=also)
    if voice.as_json:
        voice.show(json_text(made.summary() | {"recheck": None if checked is None else checked.summary()}))
    else:
        lines = plan_lines(made, before, after, voice.lang)
        more = [] if checked is None else ["", *recheck_lines(checked, voice.lang)]
        voice.show("\n".join([*lines, *more, *written_lines(written, voice.lang)]))
    return 0 if made.reached else 1


def _chosen(arguments: Namespace, study: Study, changes: Candidates, before: Result, progress: Progress | None) -> Plan:
    asked = _asked(arguments, changes)
    if arguments.robust is None:
        return choose(study, changes, **asked, today=before, progress=progress)
    for name in ("budget", "objective", "operator", "share", "floor", "equity"):
        if getattr(arguments, name):
            raise UsageError("robust_alone", option=f"--{name}")
    wanted = asked["target"]
    if isinstance(wanted, Target):
        wanted = wanted.level
    return hedged_plan(
        study, changes, target=wanted, probability=arguments.robust, phases=asked["phases"],
        sampling=Sampling(seed=arguments.seed), today=before, seconds=arguments.seconds, progress=progress,
    )  # fmt: skip


def _rechecked(arguments: Namespace, study: Study, made: Plan, changes: Candidates, voice: Voice) -> Recheck | None:
    if not arguments.recheck:
        return None
    level = made.share_after if made.target is None else made.target
    with voice.progress("progress_measure") as progress:
        return recheck(study, made.scenario, changes, target=level, seed=arguments.seed, progress=progress)


def _asked(arguments: Namespace, changes: Candidates) -> dict[str, Any]:
    wanted = arguments.target
    phases = arguments.phases
    if not isinstance(phases, int):
        phases = tuple(Phase(name=str(k), budget_vnd=money) for k, money in enumerate(phases, start=1))
    return {
        "target": target(wanted) if isinstance(wanted, str) else wanted,
        "budget_vnd": arguments.budget,
        "objective": arguments.objective,
        "operators": _counted(arguments, changes),
        "floor": arguments.floor,
        "equity": arguments.equity,
        "phases": phases,
        "seconds": arguments.seconds,
        "seed": arguments.seed,
    }


def _check_operator(name: str | None) -> None:
    known = [row.id for row in operators() if row.nr]
    if name is not None and name not in known:
        raise UsageError("choice_unknown", option="--operator", value=name, known=", ".join(known))


def _kinds(arguments: Namespace) -> tuple[ChangeKind, ...]:
    """Return the kinds of change that are offered: lines for households where their internet is wanted too."""
    kinds: tuple[ChangeKind, ...] = Rules().kinds
    wanted = arguments.objective or ()
    if isinstance(arguments.target, str) and target(arguments.target).measure == MEASURES["internet"]:
        wanted = wanted or "internet"
    if wanted == "internet":
        return ("connect",)
    return (*kinds, "connect") if "internet" in wanted else kinds


def _counted(arguments: Namespace, changes: Candidates) -> tuple[str, ...]:
    """Return the operators that are counted by themselves: the one asked for, or all that share."""
    if arguments.operator is not None:
        return (arguments.operator,)
    if changes.rules.share == "none":
        return ()
    return tuple(sorted({name for change in changes if change.shared for name in change.operators}))


def _request(arguments: Namespace, made: Plan) -> dict[str, Any]:
    names = ("objective", "operator", "floor", "equity", "phases", "robust", "recheck", "seconds", "seed")
    return {
        "target": made.target,
        "budget_vnd": made.budget_vnd,
        **{name: getattr(arguments, name) for name in names},
    }
