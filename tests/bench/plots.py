# SPDX-License-Identifier: Apache-2.0
"""Two plots as SVG, by hand: what a sign-in costs in each language, and how many there are a second."""

import math
from collections.abc import Iterable
from html import escape

from table import Row, Table, figure

OURS, THEIRS, INK, FAINT = "#0b6e99", "#b9c4cb", "#24292f", "#8b949e"
LINES = (OURS, "#6b7780", "#1f9d77", "#c06c2b")
STYLE = (
    f"<style>text{{font:13px system-ui,sans-serif;fill:{INK}}}.faint{{fill:{FAINT}}}.head{{font-weight:600}}"
    f"@media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}}}</style>"
)


def _svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    box = f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    return "\n".join([head, f"<title>{escape(title)}</title>", STYLE, *parts, "</svg>\n"])


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


# ---- Cost ----

BAR, GAP, LEFT, WIDE = 18, 5, 190, 420


def _sign_in_rows(table: Table) -> list[tuple[str, list[Row]]]:
    """By language: its line of CPU, one row for each peer that was run."""
    found = []
    for title, rows in table.sections:
        wanted = [row for row in rows if "one after the other: CPU" in row.what and row.theirs != "not run"]
        if wanted:
            found.append((title, wanted))
    return found


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def cost(table: Table) -> str:
    """Each language has a scale of its own: its dearest program fills the width."""
    parts, y = [], 24.0
    for language, rows in _sign_in_rows(table):
        bars = [("capauth", _number(rows[0].ours)), *((row.peer, _number(row.theirs)) for row in rows)]
        longest = max(value for _, value in bars)
        parts.append(_text(0, y, language, "head"))
        y += 8
        for name, value in bars:
            length = max(1.0, WIDE * value / longest)
            colour = OURS if name == "capauth" else THEIRS
            parts.append(_text(LEFT - 8, y + BAR - 5, name, anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>')
            parts.append(_text(LEFT + length + 6, y + BAR - 5, f"{figure(value)} µs", "faint"))
            y += BAR + GAP
        y += 22
    return _svg(LEFT + WIDE + 90, int(y), "Processor time of one sign-in, one after the other", parts)


# ---- Throughput ----

PLOT_WIDTH, PLOT_HEIGHT, MARGIN = 460, 260, 60


def throughput(rates: dict[str, dict[int, float]]) -> str:
    widths = list(next(iter(rates.values())))
    highest = max(rate for found in rates.values() for rate in found.values())
    step = 10 ** math.floor(math.log10(highest))
    top = math.ceil(highest / step) * step

    def x(n: int) -> float:
        return MARGIN + PLOT_WIDTH * math.log(n) / math.log(widths[-1])

    def y(rate: float) -> float:
        return 20 + PLOT_HEIGHT * (1 - rate / top)

    parts = []
    for mark in range(0, int(top) + 1, int(step)):
        parts.append(f'<path d="M{MARGIN} {y(mark):.1f}h{PLOT_WIDTH}" stroke="{FAINT}" stroke-opacity=".3"/>')
        parts.append(_text(MARGIN - 8, y(mark) + 4, f"{mark:,}", "faint", "end"))
    for n in widths:
        parts.append(_text(x(n), PLOT_HEIGHT + 40, f"{n:,}", "faint", "end" if n == 1000 else "middle"))
    parts.append(_text(MARGIN, PLOT_HEIGHT + 62, "sign-ins at once, on one thread", "faint"))
    for found, colour in zip(rates.values(), LINES, strict=False):
        points = " ".join(f"{x(n):.1f},{y(rate):.1f}" for n, rate in found.items())
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    parts += _labels(rates, x(widths[-1]) + 10, y)
    return _svg(MARGIN + PLOT_WIDTH + 190, PLOT_HEIGHT + 74, "Sign-ins a second, by how many at once", parts)


def _labels(rates: dict[str, dict[int, float]], x: float, y) -> list[str]:
    """At the ends of the lines, apart from each other."""
    ends = sorted((y(list(found.values())[-1]), name) for name, found in rates.items())
    colours = dict(zip(rates, LINES, strict=False))
    parts, lowest = [], 0.0
    for height, name in ends:
        lowest = max(height, lowest + 18)
        parts.append(f'<circle cx="{x:.1f}" cy="{lowest:.1f}" r="4" fill="{colours[name]}"/>')
        parts.append(_text(x + 10, lowest + 4, name))
    return parts
