# SPDX-License-Identifier: Apache-2.0
"""What gcov counted, added up: a table, and whether it is enough."""

import collections
import pathlib

import explained
import relink

UNCOVERED = pathlib.Path(__file__).resolve().parent / "uncovered"  # functions that no test runs, and why
LEAST_LINES, LEAST_BRANCHES = 95, 85  # percent


class Counts:
    """Of all runs together. The core's sources, or their copies, are in one of the folders."""

    def __init__(self, *folders):
        self.folders = folders
        self.lines: dict = collections.defaultdict(collections.Counter)
        self.branches: dict = collections.defaultdict(dict)
        self.functions: dict = collections.defaultdict(collections.Counter)

    def name_of(self, path):
        for folder in self.folders:
            if pathlib.Path(path).is_relative_to(folder):
                return pathlib.Path(path).relative_to(folder).as_posix()
        return None

    def add(self, files):
        """Adds what gcov says of one run. Returns the functions that ran in it."""
        ran = set()
        for file in files:
            name = self.name_of(file["file"])
            if not name:
                continue
            for function in file["functions"]:
                self.functions[name][function["name"]] += function["execution_count"]
                if function["execution_count"]:
                    ran.add(f"{name}:{function['name']}")
            for line in file["lines"]:
                self.add_line(name, line)
        return sorted(ran)

    def add_line(self, name, line):
        number = line["line_number"]
        counts = [branch["count"] for branch in line["branches"]]
        known = self.branches[name].setdefault((number, line.get("function_name")), [0] * len(counts))
        self.lines[name][number] += line["count"]
        # The same line of a header may have been compiled otherwise elsewhere.
        for at, count in enumerate(counts[: len(known)]):
            known[at] += count

    def of(self, name):
        """Lines that ran, lines, branches taken, branches."""
        lines = self.lines[name].values()
        branches = [count for counts in self.branches[name].values() for count in counts]
        return [sum(map(bool, lines)), len(lines), sum(map(bool, branches)), len(branches)]

    def never_ran(self):
        return sorted(
            f"{name}:{function}"
            for name, functions in self.functions.items()
            for function, count in functions.items()
            if not count
        )


def percent(part, whole):
    return 100 * part / whole if whole else 100.0


def table(counts):
    """Prints a row for each file. Returns the sums."""
    total = [0, 0, 0, 0]
    print(f"{'file':34} {'lines':>7} {'branches':>9}   lines that never ran")
    for name in sorted(counts.lines):
        row = counts.of(name)
        total = [sum(pair) for pair in zip(total, row, strict=True)]
        lines, branches = percent(*row[:2]), percent(*row[2:])
        print(f"{name:34} {lines:6.1f}% {branches:8.1f}%   {ranges(counts.lines[name])}")
    return total


def ranges(lines):
    """12-14 20 ...: the lines with a count of 0."""
    found: list[list[int]] = []
    for number in sorted(lines):
        if lines[number]:
            continue
        if found and not any(lines.get(between, 0) for between in range(found[-1][1], number)):
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(f"{first}-{last}" if first != last else f"{first}" for first, last in found)


def judge(counts, what_ran):
    """Prints all of it; returns how a program ends: 1 if too little ran."""
    total = table(counts)
    lines, branches = percent(*total[:2]), percent(*total[2:])
    listed = explained.read(UNCOVERED)
    missing = [name for name in counts.never_ran() if name not in listed]
    for name in missing:
        print(f"never ran, and {UNCOVERED.name} does not say why: {name}")
    gone = [name for name in listed if name.partition(":")[2] not in counts.functions[name.partition(":")[0]]]
    for name in gone:
        print(f"{UNCOVERED.name} names what there is not: {name}")
    relink.figure("coverage", f"{lines:.1f} % of lines, {branches:.1f} % of branches of core/src, by {what_ran}")
    return int(bool(missing or gone) or lines < LEAST_LINES or branches < LEAST_BRANCHES)
