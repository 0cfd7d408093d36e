"""The profile of a path as an SVG drawing: ground, what stands on it, the direct line, the first Fresnel zone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from coverage.charts import FAINT, INK
from coverage.profiletexts import kind_of_obstacle, length, profile_text, standing_kinds
from coverage.sightlines import FREE_SHARE, PathProfile, fresnel_radius_m
from coverage.types import Language
from coverage.words import number, t

Array = NDArray[np.float64]
Entry = tuple[float, int, str, "_Swatch"]  # units from the left, row, text, drawing

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"
SOIL, SOIL_EDGE = "#ddd2bc", "#8c7b5a"
WATER = "#5f9dbf"
ZONE, LINE, BLOCKED = "#2d7896", "#1d4674", "#d55e00"
# Fill and edge of what stands on the ground.
STANDING = {"trees": ("#a8c69b", "#648a57"), "buildings": ("#bdb7c2", "#7a7383")}
UNKNOWN, UNKNOWN_EDGE = "#e6e7eb", "#b9bcc4"
LEAST_SPAN_M = 30.0  # a street on flat ground should not look like a mountain range
WIDE, NARROW = 820, 400  # SVG units across
LINE_HEIGHT = 1.55
HATCH = Markup(
    '<defs><pattern id="hole" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0V7" stroke="{}" stroke-width="2"/></pattern></defs>'
)
SMOOTH = 97  # points of the line and of the zone, which no sample of the ground limits
NARROW_LETTERS = frozenset("fijlrtI1.,·()| ")


BOX, DASH, LENS = "M0 -9h18v9h-18z", "M0 -4h18", "M0 -4a9 5 0 0 1 18 0a9 5 0 0 1 -18 0z"


class _Swatch(NamedTuple):
    """A small drawing of a legend."""

    path: str
    fill: str
    stroke: str
    width: float = 1.0
    dashes: str = "none"


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """A drawing area in SVG units and what it shows: metres along the path and above the sea."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    font: int
    length_m: float
    low_m: float
    high_m: float

    def x(self, distance_m: Array | float) -> Array:
        """Return the units from the left of distances along the path [m]."""
        across = (self.width - self.left - self.right) / max(self.length_m, 1.0)
        return np.asarray(self.left + across * np.asarray(distance_m, dtype=float))

    def y(self, height_m: Array | float) -> Array:
        """Return the units from the top of heights above the sea [m]."""
        up = (self.height - self.top - self.bottom) / (self.high_m - self.low_m)
        return np.asarray(self.height - self.bottom - up * (np.asarray(height_m, dtype=float) - self.low_m))


def profile_chart(profile: PathProfile, lang: Language = "vi", *, narrow: bool = False) -> Markup:
    """Return the profile as an SVG drawing with a text for those who cannot see it.

    Parameters
    ----------
    profile : PathProfile
    lang : {"vi", "en"}
    narrow : bool
        For a phone: less wide, with the same letters.

    Notes
    -----
    Heights are those above the chord between the ends: the curvature of the Earth lifts the ground, so that the direct
    line is straight. Heights and distances have scales of their own.
    """
    width, font = (NARROW, 13) if narrow else (WIDE, 14)
    entries, rows = _entries(profile, width, font, lang)
    frame = _frame(profile, width, font, rows)
    parts = [_title(profile, frame, lang), _axes(frame, lang), _ground(profile, frame), _standing(profile, frame)]
    parts.append(_holes(profile, frame, lang))
    if math.isfinite(profile.line.antenna_m) and math.isfinite(profile.line.receiver_m):
        parts += [_zone(profile, frame), _obstacle(profile, frame, lang), _ends(profile, frame, lang)]
    parts.append(_legend(entries, frame))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}" font-family="{}" '
        'font-size="{}" fill="{}">{}</svg>'
    ).format(frame.width, frame.height, profile_text(profile, lang), FONT, font, INK, Markup("").join(parts))


def round_steps(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` + 1 round numbers, in equal steps, from at or below `low` to at or above `high`.

    >>> round_steps(3.0, 96.0, 6)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (factor * power for factor in (1.0, 2.0, 5.0, 10.0, 20.0)):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= most:
            break
    return [round(step * n, 9) for n in range(first, last + 1)]


def _frame(profile: PathProfile, width: int, font: int, rows: int) -> _Frame:
    """Return a frame that leaves room for the title, the axes and some rows of a legend."""
    line = profile.line
    zone = line.line_m + line.fresnel_m if np.isfinite(line.line_m).all() else line.ground_m
    heights = np.concatenate([line.top_m, line.ground_m + line.bulge_m, zone, [line.antenna_m, line.receiver_m]])
    known = heights[np.isfinite(heights)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, LEAST_SPAN_M)
    span = max(high - low, LEAST_SPAN_M)
    bottom = round(5.2 * font + LINE_HEIGHT * font * (rows - 1))
    return _Frame(
        width=width,
        height=round(4.5 * font + (250 if width < WIDE else 270)) + bottom,
        left=round(3.2 * font),
        right=16,
        top=round(4.5 * font),
        bottom=bottom,
        font=font,
        length_m=line.length_m,
        low_m=low - 0.1 * span,
        high_m=low + 1.08 * span,
    )


def _axes(frame: _Frame, lang: Language) -> Markup:
    heights = [mark for mark in round_steps(frame.low_m, frame.high_m, 7) if frame.low_m <= mark <= frame.high_m]
    length_km = max(frame.length_m, 1.0) / 1000
    marks = [mark for mark in round_steps(0.0, length_km, 5 if frame.width < WIDE else 8) if mark <= length_km * 1.0001]
    digits = max(len(f"{mark:.6g}".partition(".")[2]) for mark in marks)
    base, side, dim = frame.height - frame.bottom, frame.width - frame.right, "#5c6770"
    rule = Markup('<path d="M{} {:.1f}H{}" stroke="{}"/>')
    tick = Markup('<path d="M{:.1f} {}v5" stroke="{}"/>')
    parts = [rule.format(frame.left, float(frame.y(mark)), side, FAINT) for mark in heights]
    parts += [
        _text(frame.left - 7, float(frame.y(mark)) + 0.35 * frame.font, _signed(mark, lang), "end") for mark in heights
    ]
    parts += [tick.format(float(frame.x(1000 * mark)), base, INK) for mark in marks]
    parts += [
        _text(float(frame.x(1000 * mark)), base + 8 + frame.font, number(mark, lang, digits), "middle")
        for mark in marks
    ]
    middle = (frame.left + side) / 2
    parts.append(_text(middle, base + 11 + 2.1 * frame.font, t("profile.distance_axis", lang), "middle", dim))
    parts.append(_text(4, frame.top - 0.9 * frame.font, t("profile.height_axis", lang), "start", dim))
    return Markup("").join(parts)


def _ground(profile: PathProfile, frame: _Frame) -> Markup:
    line = profile.line
    earth, base = line.ground_m + line.bulge_m, frame.height - frame.bottom
    parts = []
    for run in _runs(np.isfinite(earth)):
        xs, ys = frame.x(line.distance_m[run]), frame.y(earth[run])
        edge = _points(xs, ys)
        parts.append(
            Markup('<path d="M{:.1f} {}L{}L{:.1f} {}Z" fill="{}"/>').format(xs[0], base, edge, xs[-1], base, SOIL)
        )
        parts.append(Markup('<path d="M{}" fill="none" stroke="{}" stroke-width="1.5"/>').format(edge, SOIL_EDGE))
    for run in _runs(profile.water & np.isfinite(earth)):
        edge = _points(frame.x(line.distance_m[run]), frame.y(earth[run]))
        parts.append(Markup('<path d="M{}" fill="none" stroke="{}" stroke-width="3.5"/>').format(edge, WATER))
    return Markup("").join(parts)


def _standing(profile: PathProfile, frame: _Frame) -> Markup:
    """Draw what stands on the ground, one shape per stretch of one kind."""
    line = profile.line
    earth = line.ground_m + line.bulge_m
    kinds = standing_kinds(profile)
    parts = []
    for kind, (fill, edge) in STANDING.items():
        # A stretch begins and ends on the ground beside it, as the bilinear heights do.
        mine = np.array([each == kind for each in kinds]) & np.isfinite(line.top_m)
        for run in _runs(mine):
            first, last = max(run.start - 1, 0), min(run.stop + 1, mine.size)
            at = slice(first, last)
            height = np.where(mine[at], line.top_m[at], earth[at])
            known = np.isfinite(height)
            xs, top, below = (
                frame.x(line.distance_m[at][known]), frame.y(height[known]), frame.y(earth[at][known]),
            )  # fmt: skip
            outline = f"{_points(xs, top)}L{_points(xs[::-1], below[::-1])}"
            parts.append(Markup('<path d="M{}Z" fill="{}" fill-opacity="0.85"/>').format(outline, fill))
            parts.append(Markup('<path d="M{}" fill="none" stroke="{}"/>').format(_points(xs, top), edge))
    return Markup("").join(parts)


def _holes(profile: PathProfile, frame: _Frame, lang: Language) -> Markup:
    """Hatch where the ground is unknown; say so where none was given at all."""
    parts = []
    missing = ~np.isfinite(profile.line.ground_m)
    for run in _runs(missing):
        edges = profile.line.distance_m[max(run.start - 1, 0)], profile.line.distance_m[min(run.stop, missing.size - 1)]
        left, right = (float(frame.x(edge)) for edge in edges)
        parts.append(
            Markup('<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" fill="url(#hole)"/>').format(
                left, frame.top, right - left, frame.height - frame.top - frame.bottom
            )
        )
    if parts:
        parts.insert(0, HATCH.format(UNKNOWN_EDGE))
    if not profile.has_terrain:
        place = frame.left + 8, frame.height - frame.bottom - 8
        parts.append(_text(*place, t("profile.flat", lang)))
    return Markup("").join(parts)


def _zone(profile: PathProfile, frame: _Frame) -> Markup:
    """Draw the first Fresnel zone, the part of it that should be free, and the line: dashed behind what cuts it."""
    line = profile.line
    turn = np.linspace(0.0, np.pi, SMOOTH)  # points lie closer at the ends, where the zone opens fast
    distance = line.length_m * (1 - np.cos(turn)) / 2
    height = line.antenna_m + (line.receiver_m - line.antenna_m) * (1 - np.cos(turn)) / 2
    radius = float(fresnel_radius_m(line.frequency_mhz, line.length_m / 2, line.length_m / 2)) * np.sin(turn)
    xs = frame.x(distance)
    upper, lower = (_points(xs, frame.y(height + sign * radius)) for sign in (1, -1))
    back = _points(xs[::-1], frame.y(height - radius)[::-1])
    free = [_points(xs, frame.y(height + sign * FREE_SHARE * radius)) for sign in (1, -1)]
    cut = line.top_m > line.line_m
    first = int(np.argmax(cut[1:-1])) + 1 if cut[1:-1].any() else line.distance_m.size - 1
    stop = frame.x(line.distance_m[first]), frame.y(line.line_m[first])
    start, end = _points(xs[:1], frame.y(height[:1])), _points(xs[-1:], frame.y(height[-1:]))
    bend = f"{float(stop[0]):.1f} {float(stop[1]):.1f}"
    return Markup(
        '<path d="M{}L{}Z" fill="{z}" fill-opacity="0.15"/>'
        '<path d="M{}M{}" fill="none" stroke="{z}" stroke-width="1.2"/>'
        '<path d="M{}M{}" fill="none" stroke="{z}" stroke-dasharray="2 4" stroke-width="1.4"/>'
        '<path d="M{}L{}" stroke="{l}" stroke-width="2.2"/><path d="M{}L{}" stroke="{b}" stroke-width="2.2" '
        'stroke-dasharray="7 5"/>'
    ).format(upper, back, upper, lower, *free, start, bend, bend, end, z=ZONE, l=LINE, b=BLOCKED)


def _obstacle(profile: PathProfile, frame: _Frame, lang: Language) -> Markup:
    """Mark the point that cuts the line most, with what it is and how far it stands."""
    at = profile.line.obstacle
    if at is None:
        return Markup("")
    distance = float(profile.line.distance_m[at])
    x, top, seen = (
        float(frame.x(distance)),
        float(frame.y(profile.line.top_m[at])),
        float(frame.y(profile.line.line_m[at])),
    )
    label = f"{t(f'profile.{kind_of_obstacle(profile, at)}', lang)}, {length(distance, lang)}"
    anchor, shift = _beside(x, label, frame)
    return Markup(
        '<path d="M{x:.1f} {seen:.1f}V{top:.1f}" stroke="{c}" stroke-width="2"/>'
        '<path d="M{x:.1f} {top:.1f}l-6 -10h12z" fill="{c}"/>{text}'
    ).format(x=x, seen=seen, top=top, c=BLOCKED, text=_halo(x + shift, top - 15, label, anchor, "#a34700"))


def _ends(profile: PathProfile, frame: _Frame, lang: Language) -> Markup:
    """Draw the mast with its antenna, and the receiver, with their heights above the ground."""
    line = profile.line
    (x0, x1), (foot, end) = frame.x(line.distance_m[[0, -1]]), frame.y(line.ground_m[[0, -1]])
    antenna, receiver = float(frame.y(line.antenna_m)), float(frame.y(line.receiver_m))
    heights = [
        t("profile.metres", lang, value=number(value, lang, 0 if float(value).is_integer() else 1))
        for value in (profile.height_m, profile.receiver_height_m)
    ]
    return Markup(
        '<path d="M{0:.1f} {1:.1f}V{2:.1f}" stroke="{ink}" stroke-width="3"/>'
        '<rect x="{3:.1f}" y="{4:.1f}" width="7" height="14" rx="2" fill="{ink}"/>'
        '<path d="M{5:.1f} {6:.1f}V{7:.1f}" stroke="{ink}" stroke-width="2"/>'
        '<circle cx="{5:.1f}" cy="{7:.1f}" r="4.5" fill="#fff" stroke="{ink}" stroke-width="2"/>{8}{9}'
    ).format(
        x0, float(foot), antenna, x0 - 3.5, antenna - 7, x1, float(end), receiver,
        _halo(float(x0) + 9, antenna - 8, heights[0], "start", INK),
        _halo(float(x1) + 6, float(end) + 1.4 * frame.font, heights[1], "end", INK), ink=INK,
    )  # fmt: skip


def _title(profile: PathProfile, frame: _Frame, lang: Language) -> Markup:
    about = f" · {profile.operator} · {profile.band} · {length(profile.line.length_m, lang)}"
    site = profile.site_id
    while site and _wide(f"{site}…{about}", frame.font + 2) > frame.width - 8:
        site = site[:-1]
    title = f"{site}{'' if site == profile.site_id else '…'}{about}"
    return Markup('<text x="4" y="{}" font-size="{}" font-weight="600" fill="#18242d">{}</text>').format(
        frame.font + 6, frame.font + 2, title
    )


def _entries(profile: PathProfile, width: int, font: int, lang: Language) -> tuple[list[Entry], int]:
    """Return what the legend names, where each entry stands, and in how many rows."""
    kinds = set(standing_kinds(profile))
    named = [("ground", _Swatch(BOX, SOIL, SOIL_EDGE))]
    named += [(kind, _Swatch(BOX, *colours)) for kind, colours in STANDING.items() if kind in kinds]
    if profile.water.any():
        named.append(("water", _Swatch(DASH, "none", WATER, 3.5)))
    if np.isnan(profile.line.ground_m).any():
        named.append(("unknown", _Swatch(BOX, UNKNOWN, UNKNOWN_EDGE)))
    named += [
        ("line", _Swatch(DASH, "none", LINE, 2.2)),
        ("zone", _Swatch(LENS, f"{ZONE}26", ZONE)),
        ("free_share", _Swatch(DASH, "none", ZONE, 1.4, "2 4")),
    ]
    x, row, placed = 4.0, 0, []
    for key, swatch in named:
        text = t(f"profile.{key}", lang)
        wide = 24 + _wide(text, font)
        if x + wide > width and x > 4:
            x, row = 4.0, row + 1
        placed.append((x, row, text, swatch))
        x += wide + 18
    return placed, row + 1


def _legend(entries: list[Entry], frame: _Frame) -> Markup:
    first = frame.height - frame.bottom + 12 + 3.9 * frame.font
    return Markup("").join(
        Markup(
            '<g transform="translate({:.1f} {:.1f})"><path d="{}" fill="{}" stroke="{}" stroke-width="{}" '
            'stroke-dasharray="{}"/><text x="24">{}</text></g>'
        ).format(x, first + LINE_HEIGHT * frame.font * row, *swatch, text)
        for x, row, text, swatch in entries
    )


def _beside(x: float, label: str, frame: _Frame) -> tuple[str, float]:
    """Return the anchor of a label and its shift, so that it stays inside the frame."""
    half = _wide(label, frame.font) / 2
    if x - half < frame.left:
        return "start", -4.0
    return ("end", 4.0) if x + half > frame.width - frame.right else ("middle", 0.0)


def _wide(text: str, font: int) -> float:
    """Return about how wide a text is, in the units of its font size."""
    return font * sum(0.32 if letter in NARROW_LETTERS else 0.6 for letter in text)


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = INK) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}">{}</text>').format(x, y, anchor, colour, text)


def _halo(x: float, y: float, text: str, anchor: str, colour: str) -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}" font-weight="600" stroke="#fff" stroke-width="4" '
        'stroke-linejoin="round" paint-order="stroke">{}</text>'
    ).format(x, y, anchor, colour, text)


def _runs(mask: NDArray[np.bool_]) -> Iterable[slice]:
    """Yield the stretches where a mask is true.

    >>> list(_runs(np.array([True, True, False, True])))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield slice(first, last)


def _points(xs: Array, ys: Array) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(np.ravel(xs), np.ravel(ys), strict=True))


def _signed(value: float, lang: Language) -> str:
    """Return a number with a real minus sign and no zeros at its end."""
    return number(value, lang, 0 if value.is_integer() else 1).replace("-", "−")
