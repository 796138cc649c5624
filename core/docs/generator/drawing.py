# SPDX-License-Identifier: Apache-2.0
"""Draws who asks whom, as SVG that takes the page's colours.

    App -> Auth Engine: POST token/generate       a request
    Auth Engine --> App: sessionId                an answer
    App: the customer types the OTP               what one does by itself
    == staying signed in                          a line across, with a heading
"""

import re
from html import escape

ROW, TOP = 34, 48
LETTER = 6.3  # about how wide one is
ARROW = re.compile(r"^(.+?)\s*(-->|->)\s*(.+?):\s*(.*)$")


def lanes_of(lines):
    """Everybody who takes part, in order of appearance."""
    names = []
    for line in lines:
        match = ARROW.match(line)
        for name in [match[1], match[3]] if match else [] if line.startswith("==") else [line.partition(":")[0]]:
            if name not in names:
                names.append(name)
    return names


def lane_width(lines, names):
    """So that the longest text fits over its arrow."""
    widest = 160.0
    for line in lines:
        if match := ARROW.match(line):
            over = abs(names.index(match[1]) - names.index(match[3])) or 1
            widest = max(widest, (len(match[4]) * LETTER + 20) / over)
    return round(widest)


def text(x, y, said, anchor="middle", kind="small"):
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(said)}</text>'


def arrow(start, end, y, said, dashed):
    tip = -6 if end > start else 6
    dash = ' stroke-dasharray="5 3"' if dashed else ""
    line = f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}"{dash}/>'
    head = f'<path d="M{end + tip},{y - 4} L{end},{y} L{end + tip},{y + 4}"/>'
    return line + head + text((start + end) / 2, y - 6, said)


def alone(x, y, said, width):
    half = min(max(len(said) * LETTER / 2 + 10, 40), width / 2)
    x = min(max(x, half), width - half)
    return f'<rect class="note" x="{x - half}" y="{y - 15}" width="{2 * half}" height="22" rx="4"/>' + text(x, y, said)


def heading(y, said, width):
    return f'<line class="lane" x1="0" y1="{y}" x2="{width}" y2="{y}"/>' + text(4, y - 5, said, "start")


def sequence(lines, title):
    lines = [line.strip() for line in lines if line.strip()]
    lanes = lanes_of(lines)
    lane = lane_width(lines, lanes)
    width, height = lane * len(lanes), TOP + ROW * (len(lines) + 1)
    at = {name: lane * index + lane / 2 for index, name in enumerate(lanes)}
    parts = [text(x, 20, name, kind="who") for name, x in at.items()]
    parts += [f'<line class="lane" x1="{x}" y1="30" x2="{x}" y2="{height - 10}"/>' for x in at.values()]
    for row, line in enumerate(lines):
        y = TOP + ROW * row + 20
        match = ARROW.match(line)
        if line.startswith("=="):
            parts.append(heading(y, line.strip("= "), width))
        elif match:
            parts.append(arrow(at[match[1]], at[match[3]], y, match[4], match[2] == "-->"))
        else:
            name, _, said = line.partition(": ")
            parts.append(alone(at[name], y, said, width))
    body = "".join(parts)
    return (
        f'<svg class="sequence" role="img" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
