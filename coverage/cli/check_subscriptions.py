"""`phusong check subscriptions FILE --wards FILE`: what a partner's file of subscriptions is worth, row by row."""

from __future__ import annotations

from argparse import Namespace

from coverage.cli.check_cells import answer, before_of, mapping_of
from coverage.cli.grounds import ground_from
from coverage.cli.voice import Voice
from coverage.errors import LayerError
from coverage.files.sandbox import read_upload
from coverage.intake.checking import Against, Checked, check_subscriptions


def run(arguments: Namespace, voice: Voice) -> int:
    """Check a file of subscriptions: 0 clean, 1 problems, 2 unusable."""
    return answer(arguments, voice, lambda: _checked(arguments))


def _checked(arguments: Namespace) -> Checked:
    ground = ground_from(arguments)
    if ground.wards is None:
        raise LayerError("wards_needed")
    raw, told = read_upload(arguments.file), mapping_of(arguments.map or [])
    known, earlier = before_of("subscriptions", arguments, raw)
    if arguments.earlier:
        earlier = check_subscriptions(arguments.earlier, Against(wards=ground.wards)).layer
    about = Against(
        partner=arguments.partner, mapping=known | told, wards=ground.wards, households=ground.households,
        earlier=earlier,
    )  # fmt: skip
    return check_subscriptions(raw, about)
