# SPDX-License-Identifier: Apache-2.0
"""The table as it grows: what was measured, what it was to be, and whether it is."""

import dataclasses
import math
import statistics
import sys
from collections.abc import Callable, Sequence

from programs import Program

Measure = Callable[[Program], float]
WIDTHS = (62, 12, 25, 12, 7, 9, 5)


@dataclasses.dataclass(frozen=True)
class Row:
    what: str
    ours: str
    peer: str = ""
    theirs: str = ""
    ratio: str = ""
    goal: str = ""
    met: str = ""

    def cells(self) -> tuple[str, ...]:
        return dataclasses.astuple(self)


TITLES = Row("", "capauth", "peer", "peer's", "ratio", "at most", "met")


def figure(value: float) -> str:
    """Three digits that count."""
    if not value:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


class Table:
    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.sections: list[tuple[str, list[Row]]] = []
        self.kept: dict[tuple[str, str], float] = {}
        """Medians by line and program, for the plots."""

    def section(self, title: str) -> None:
        self.sections.append((title, []))
        print(f"\n{title}")
        self._print(TITLES)

    def add(self, row: Row) -> None:
        self.sections[-1][1].append(row)
        self._print(row)

    def _print(self, row: Row) -> None:
        cells = zip(row.cells(), WIDTHS, strict=True)
        texts = [cell.ljust(width) if i in (0, 2) else cell.rjust(width) for i, (cell, width) in enumerate(cells)]
        self.progress("")
        print(" ".join(texts).rstrip(), flush=True)

    def progress(self, text: str) -> None:
        """What is being done just now, where somebody watches."""
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    # ---- Lines ----

    def compare(
        self,
        what: str,
        measure: Measure,
        ours: Program,
        *peers: tuple[Program, float | None],
        rounds: int | None = None,
        of: Callable[[list[float]], float] = statistics.median,
    ) -> None:
        """A line for each peer: medians of runs in turns, so that whatever else the machine does hits all of them."""
        able = [ours, *(peer for peer, _ in peers if not peer.missing)]
        medians = self._in_turns(what, measure, able, rounds or self.rounds, of) if not ours.missing else {}
        self.kept.update({(what, name): value for name, value in medians.items()})
        for peer, goal in peers:
            self._compared(what, medians.get(ours.name), peer, medians.get(peer.name), goal)
        if not peers:
            self.add(Row(what, figure(medians[ours.name])))

    def _in_turns(
        self,
        what: str,
        measure: Measure,
        able: Sequence[Program],
        rounds: int,
        of: Callable[[list[float]], float],
    ) -> dict[str, float]:
        found: dict[str, list[float]] = {program.name: [] for program in able}
        for i in range(rounds):
            for program in able:
                self.progress(f"{what}: {program.name}, {i + 1} of {rounds}")
                found[program.name].append(measure(program))
        return {name: of(values) for name, values in found.items()}

    def _compared(self, what: str, ours: float | None, peer: Program, theirs: float | None, goal: float | None) -> None:
        wanted = f"{goal:g}" if goal else ""
        if ours is None or theirs is None:
            self.add(Row(what, figure(ours) if ours else "not run", peer.name, "not run", peer.missing, wanted))
            return
        ratio = ours / theirs
        met = "" if goal is None else "yes" if ratio <= goal else "no"
        self.add(Row(what, figure(ours), peer.name, figure(theirs), figure(ratio), wanted, met))

    def limit(self, what: str, value: float, goal: float | None = None) -> None:
        """A line with a figure of ours alone."""
        met = "" if goal is None else "yes" if value <= goal else "no"
        self.add(Row(what, figure(value), goal=figure(goal) if goal else "", met=met))

    def not_measured(self, what: str, why: str, goal: str = "") -> None:
        self.add(Row(what, "not measured", peer=why, goal=goal))
