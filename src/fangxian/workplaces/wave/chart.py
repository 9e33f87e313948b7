"""A picture of the queues of a morning, as asked and staggered: SVG with attributes only, fit for a strict page policy.

The two mornings differ by colour, by dashes and by a word beside each curve.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from fangxian.workplaces.wave.site import Morning

WIDTH, LEFT, RIGHT = 760, 56, 24
PANEL, FIRST, BETWEEN = 150, 92, 70
BEFORE, AFTER, INK, FAINT = "#b34700", "#0b5cad", "#1f2933", "#d5dae0"


@dataclass(frozen=True, slots=True)
class Words:
    """All text of the picture. `ident` makes its ids unique on a page."""

    title: str
    description: str
    before: str
    after: str
    people: str
    minutes: str
    target: str
    ident: str = "wave"


@dataclass(frozen=True, slots=True)
class Curve:
    """Per slot: people waiting on average at all gates, and the p95 wait at the gate where it is longest."""

    length: tuple[float, ...]
    wait: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    start: int
    slot: int
    before: Curve
    after: Curve
    target: float


def picture(pairs: Sequence[tuple[Morning, Morning]], target: float) -> Picture:
    """Of one building or of many: people are added up, of waits the longest counts. Quiet ends are left out."""
    slot = pairs[0][0].slot if pairs else 5
    mornings = [morning for pair in pairs for morning in pair]
    start = min((morning.start for morning in mornings), default=0)
    end = max((morning.start + slot * len(morning.arrivals) for morning in mornings), default=start)
    count = (end - start) // slot
    before = _curve([pair[0] for pair in pairs], start, slot, count)
    after = _curve([pair[1] for pair in pairs], start, slot, count)
    came = [0.0] * count
    for morning in mornings:
        for number, people in enumerate(morning.arrivals):
            came[(morning.start - start) // slot + number] += people
    lively = [
        number
        for number in range(count)
        if came[number] >= 0.5 or max(before.length[number], after.length[number]) >= 0.5
    ]
    low, high = (max(0, lively[0] - 1), min(count, lively[-1] + 2)) if lively else (0, count)
    return Picture(start + low * slot, slot, _cut(before, low, high), _cut(after, low, high), target)


def _curve(mornings: Sequence[Morning], start: int, slot: int, count: int) -> Curve:
    length, wait = [0.0] * count, [0.0] * count
    for morning in mornings:
        offset = (morning.start - start) // slot
        for gate in morning.gates:
            for number in range(len(morning.arrivals)):
                length[offset + number] += gate.length[number]
                wait[offset + number] = max(wait[offset + number], gate.wait_p95[number])
    return Curve(tuple(length), tuple(wait))


def _cut(curve: Curve, low: int, high: int) -> Curve:
    return Curve(curve.length[low:high], curve.wait[low:high])


def draw(shown: Picture, words: Words) -> str:
    height = FIRST + 2 * PANEL + BETWEEN + 40
    name, about = f"{words.ident}-title", f"{words.ident}-about"
    second = FIRST + PANEL + BETWEEN
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby={quoteattr(f"{name} {about}")} class="wave-chart" font-family="sans-serif">'
    )
    parts = [
        opening,
        f"<title id={quoteattr(name)}>{escape(words.title)}</title>",
        f"<desc id={quoteattr(about)}>{escape(words.description)}</desc>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(LEFT, 24, words.title, size=16, bold=True),
        *_legend(words),
        *_panel(shown, FIRST, words.people, shown.before.length, shown.after.length, None, words),
        *_panel(shown, second, words.minutes, shown.before.wait, shown.after.wait, shown.target, words),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(words: Words) -> list[str]:
    split = (WIDTH - LEFT) // 2
    return [
        f'<line x1="{LEFT}" y1="44" x2="{LEFT + 34}" y2="44" {_stroke(BEFORE, dashed=True)}/>',
        _text(LEFT + 42, 48, words.before, fill=BEFORE),
        f'<line x1="{split}" y1="44" x2="{split + 34}" y2="44" {_stroke(AFTER, dashed=False)}/>',
        _text(split + 42, 48, words.after, fill=AFTER),
    ]


def _panel(
    shown: Picture,
    top: int,
    caption: str,
    before: Sequence[float],
    after: Sequence[float],
    target: float | None,
    words: Words,
) -> list[str]:
    most = max([*before, *after, (target or 0.0) * 1.2, 1.0])
    step = nice(most / 4)
    most = step * math.ceil(most / step - 1e-9)
    base = top + PANEL
    parts = [_text(LEFT, top - 18, caption)]
    for number in range(round(most / step) + 1):
        y = base - PANEL * number * step / most
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{FAINT}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{number * step:g}", size=12, anchor="end"))
    parts += _hours(shown, base)
    ends = _points(shown, after, base, most)
    x0, x1 = ends[0].split(",")[0], ends[-1].split(",")[0]
    parts.append(f'<polygon points="{x0},{base} {" ".join(ends)} {x1},{base}" fill="{AFTER}" fill-opacity="0.15"/>')
    if target is not None:
        y = base - PANEL * target / most
        parts.append(
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{INK}" stroke-dasharray="2 3"/>'
        )
        parts.append(_text(WIDTH - RIGHT, y - 5, words.target, size=12, anchor="end"))
    for values, colour, dashed in ((before, BEFORE, True), (after, AFTER, False)):
        points = " ".join(_points(shown, values, base, most))
        parts.append(f'<polyline points="{points}" fill="none" {_stroke(colour, dashed=dashed)}/>')
        parts.append(_peak(shown, values, base, most, colour))
    return parts


def _points(shown: Picture, values: Sequence[float], base: int, most: float) -> list[str]:
    """At the end of each slot, where what is waiting was counted."""
    count = max(1, len(values))
    step = (WIDTH - LEFT - RIGHT) / count
    found = [
        f"{LEFT + step * (number + 1):.1f},{base - PANEL * value / most:.1f}" for number, value in enumerate(values)
    ]
    return [f"{LEFT},{base}", *found]


def _peak(shown: Picture, values: Sequence[float], base: int, most: float, colour: str) -> str:
    """The highest point, marked, with its figure."""
    if not values or max(values) <= 0.0:
        return ""
    place = max(range(len(values)), key=values.__getitem__)
    x, y = (float(part) for part in _points(shown, values, base, most)[place + 1].split(","))
    figure = f"{values[place]:.0f}" if values[place] >= 10 else f"{values[place]:.1f}"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' + _text(
        x + 7, y - 5, figure, size=12, fill=colour, bold=True
    )


def _hours(shown: Picture, base: int) -> list[str]:
    end = shown.start + shown.slot * len(shown.before.length)
    span = max(1, end - shown.start)
    step = 30 if span <= 300 else 60
    parts = []
    for minute in range(-(-shown.start // step) * step, end + 1, step):
        x = LEFT + (WIDTH - LEFT - RIGHT) * (minute - shown.start) / span
        parts.append(f'<line x1="{x:.1f}" y1="{base}" x2="{x:.1f}" y2="{base + 5}" stroke="{INK}"/>')
        parts.append(_text(x, base + 20, f"{minute // 60:02d}:{minute % 60:02d}", size=12, anchor="middle"))
    return parts


def nice(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … (or parts of one) that is not below."""
    scale = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * scale for step in (1, 2, 5, 10) if step * scale >= value - 1e-12)


def _stroke(colour: str, *, dashed: bool) -> str:
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    return f'stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"{dash}'


def _text(
    x: float, y: float, text: str, *, size: int = 13, anchor: str = "start", fill: str = INK, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{weight}>'
        f"{escape(text)}</text>"
    )
