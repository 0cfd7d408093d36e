"""`phusong check subscriptions FILE --wards FILE`: what a partner's file of subscriptions is worth, row by row."""

from __future__ import annotations

from argparse import Namespace

from coverage.cli.check_cells import answer, mapping_of
from coverage.cli.voice import Voice
from coverage.errors import LayerError
from coverage.files.layers import read_wards
from coverage.files.people import read_people
from coverage.intake.checking import Against, Checked, check_subscriptions


def run(arguments: Namespace, voice: Voice) -> int:
    """Check a file of subscriptions: 0 clean, 1 problems, 2 unusable."""
    return answer(arguments, voice, lambda: _checked(arguments))


def _checked(arguments: Namespace) -> Checked:
    if not arguments.wards:
        raise LayerError("wards_needed")
    wards = read_wards(arguments.wards)
    people = read_people(arguments.households, wards) if arguments.households else None
    earlier = check_subscriptions(arguments.earlier, Against(wards=wards)) if arguments.earlier else None
    about = Against(
        partner=arguments.partner,
        mapping=mapping_of(arguments.map or []),
        wards=wards,
        households=None if people is None else people.frame["households"],
        earlier=None if earlier is None else earlier.layer,
    )
    return check_subscriptions(arguments.file, about)
