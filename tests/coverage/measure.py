#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of the core the C tests run:  measure.py BUILD

compiles the core once more, counting, links it into the C tests of the folder BUILD, and runs them. What each test runs
is kept in BUILD/covered/covered.json: `make mutants` reads there which tests may notice a fault.
"""

import concurrent.futures
import json
import os
import shutil
import subprocess
import sys

import relink
import report

COUNTING = ["--coverage", "-fprofile-update=atomic", "-O0", "-g0", "-U_FORTIFY_SOURCE"]
LONGEST = 120  # seconds that a test may take
WORKERS = 2


class Measurement:
    def __init__(self, build):
        self.build = build
        self.folder = build.folder / "covered"
        self.objects = {}

    def compile(self, source):
        output = self.folder / "objects" / f"{source.relative_to(relink.SOURCE)}.o"
        if not self.build.compile(source, source.read_text(encoding="utf-8"), output, *COUNTING):
            raise SystemExit(f"{source} does not compile")
        self.objects[source] = output

    def counts_of(self, test):
        """What gcov says of one run of the test, and how long it took."""
        target = os.path.relpath(test.command[0], self.build.folder)
        mine = self.folder / "runs" / test.name
        program = self.build.relink(target, self.objects, mine, "--coverage")
        strip = len((self.folder / "objects").parts) - 1
        run = relink.run(test, program, LONGEST, {"GCOV_PREFIX": str(mine), "GCOV_PREFIX_STRIP": str(strip)}.items())
        if not run.passed:
            raise SystemExit(f"{test.name} fails:\n{run.output}")
        return gcov(self.with_notes(mine)), run.seconds

    def with_notes(self, folder):
        """The counts in the folder. gcov wants the compiler's notes beside them."""
        counted = sorted(folder.rglob("*.gcda"))
        for data in counted:
            notes = data.with_suffix(".gcno")
            notes.symlink_to(self.folder / "objects" / notes.relative_to(folder))
        return counted


def gcov(counted):
    """What gcov makes of these files of counts."""
    if not counted:
        return []
    command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", *map(str, counted)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [file for line in said.splitlines() if line.startswith("{") for file in json.loads(line)["files"]]


def main():
    measurement = Measurement(relink.Build(sys.argv[1]))
    shutil.rmtree(measurement.folder, ignore_errors=True)
    tests = list(measurement.build.tests())
    total = report.Counts(measurement.folder / "objects", relink.SOURCE)
    covered = {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(measurement.compile, measurement.build.sources))
        (measurement.folder / "runs").mkdir(parents=True)
        for test in tests:
            (measurement.folder / "runs" / test.name).mkdir()
        for test, (counts, seconds) in zip(tests, pool.map(measurement.counts_of, tests), strict=True):
            covered[test.name] = {"seconds": round(seconds, 2), "functions": total.add(counts)}
    shutil.rmtree(measurement.folder / "runs")
    (measurement.folder / "covered.json").write_text(json.dumps(covered, indent=1))
    return report.judge(total, "the C tests")


if __name__ == "__main__":
    sys.exit(main())
