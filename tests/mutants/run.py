#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts small faults into the core, one at a time, and looks whether the C tests notice:

    run.py BUILD [--count N] [--room ROOM] [--seed N] [--short]     a sample, or all of them
    run.py BUILD --fault NAME                                       one, with what the tests say

The file with the fault is compiled in BUILD/mutants and linked into the tests of the folder BUILD; the tree and the
build stay as they are. The tests that run the function with the fault are tried, the fastest first, until one fails.
What survives is tried again in BUILD/asan, if there is such a build, for `make test` runs that too. --short does
without, and does not try again what is on the list of survivors.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import explained
import faults
import relink

HERE = pathlib.Path(__file__).resolve().parent

SURVIVORS = HERE / "survivors"
LEAST_NOTICED = 85  # percent
# Where only a fault that is none may survive.
STRICT = ("protocol/change.c", "protocol/state.c", "session/outcome.c", "net/engine.c", "session/redact.c")
NO_FAULT = "Equivalent"  # how its reason begins
WORKERS = 2

NOTICED, SURVIVED, NONE = "noticed", "survived", "none"


@dataclasses.dataclass(frozen=True)
class Result:
    fault: faults.Fault
    ending: str  # NONE: it does not compile, or to the same code
    noticed_by: str = ""
    output: str = ""


class Tests:
    """The tests of one build, and what each runs."""

    def __init__(self, build, covered):
        self.build = build
        self.covered = covered
        self.tests = sorted(build.tests(), key=self.seconds)
        self.environment = {}
        self.most_memory = relink.MOST_MEMORY
        self.sound = {}
        if any(word.startswith("-fsanitize") for word in next(iter(build.commands.values()))):
            self.environment = {"ASAN_OPTIONS": "hard_rss_limit_mb=2048"}
            self.most_memory = relink.UNBOUNDED
            self.tests = [test for test in self.tests if "LD_PRELOAD" not in test.environment]

    def seconds(self, test):
        return self.covered.get(test.name, {}).get("seconds", 0)

    def functions(self, test):
        return self.covered.get(test.name, {}).get("functions", [])

    def that_run(self, fault):
        """Those that run its function. If none is known to, those that run its file: in a child it is not counted."""

        def where(matches):
            return [test for test in self.tests if any(map(matches, self.functions(test)))]

        function = f"{fault.file}:{fault.function}"
        return where(lambda name: name == function) or where(lambda name: name.startswith(f"{fault.file}:"))

    def run(self, test, program):
        seconds = 20 + 10 * self.seconds(test)
        return relink.run(test, program, seconds, self.environment.items(), self.most_memory)

    def is_sound(self, test):
        """It passes without a fault: else it notices nothing."""
        if test.name not in self.sound:
            self.sound[test.name] = self.run(test, test.command[0]).passed
        return self.sound[test.name]

    def first_that_notices(self, fault, source, compiled, folder, say=lambda text: None):
        for test in self.that_run(fault):
            target = os.path.relpath(test.command[0], self.build.folder)
            program = self.build.relink(target, {source: compiled}, folder)
            run = self.run(test, program)
            say(f"{test.name}: {'passes' if run.passed else 'fails'}")
            if not run.passed and self.is_sound(test):
                return test.name, run.output
        return "", ""


class Laboratory:
    def __init__(self, folder, short):
        self.build = relink.Build(folder)
        self.folder = self.build.folder / "mutants"
        covered = measured(self.build)
        self.rounds = [Tests(self.build, covered)]
        sanitized = self.build.folder / "asan"
        if not short and (sanitized / "compile_commands.json").exists():
            self.rounds.append(Tests(relink.Build(sanitized), covered))
        self.sound = {}
        self.lock = threading.Lock()

    def faults(self, room):
        for source in self.build.sources:
            name = source.relative_to(relink.SOURCE).as_posix()
            if name.startswith(room):
                yield from faults.faults_of(name, source.read_text(encoding="utf-8"))

    def sound_object(self, source):
        """The file without a fault, compiled in the same way."""
        with self.lock:
            if source not in self.sound:
                output = self.folder / "sound" / f"{source.relative_to(relink.SOURCE)}.o"
                if not self.build.compile(source, source.read_text(encoding="utf-8"), output, "-g0"):
                    raise SystemExit(f"{source} does not compile")
                self.sound[source] = output.read_bytes()
        return self.sound[source]

    def attempt(self, fault, say=lambda text: None):
        folder = self.folder / fault.name
        try:
            return self.attempt_in(folder, fault, say)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def attempt_in(self, folder, fault, say):
        source = relink.SOURCE / fault.file
        text = fault.in_text(source.read_text(encoding="utf-8"))
        for number, tests in enumerate(self.rounds):
            # Of the same name as the sound one, for an object names its source.
            compiled = folder / str(number) / f"{source.name}.o"
            if not tests.build.compile(source, text, compiled, "-g0"):
                return Result(fault, NONE)
            if number == 0 and compiled.read_bytes() == self.sound_object(source):
                return Result(fault, NONE)
            by, output = tests.first_that_notices(fault, source, compiled, compiled.parent, say)
            if by:
                return Result(fault, NOTICED, by if number == 0 else f"{by} (sanitizers)", output)
        return Result(fault, SURVIVED)


def measured(build):
    """What tests/coverage has found out about the tests of this build, measured now if it is older than they are."""
    known = build.folder / "covered" / "covered.json"
    newest = max(os.path.getmtime(test.command[0]) for test in build.tests())
    if not known.exists() or known.stat().st_mtime < newest:
        print("Measuring which test runs what", flush=True)
        measure = HERE.parent / "coverage" / "measure.py"
        environment = {name: value for name, value in os.environ.items() if name != "CAPAUTH_FIGURES"}
        subprocess.run([sys.executable, "-B", measure, build.folder], env=environment, stdout=subprocess.DEVNULL)
    if not known.exists():
        raise SystemExit("without a fault the tests must pass")
    return json.loads(known.read_text())


def in_random_order(found, seed):
    """The same order each time, and for a fault the same place whatever other faults there are."""
    return sorted(found, key=lambda fault: hashlib.sha256(f"{seed}|{fault.name}".encode()).digest())


def attempts(laboratory, found, listed, arguments):
    """The results, as they come, until there are enough."""

    def attempt(fault):
        if arguments.short and fault.name in listed:
            return Result(fault, SURVIVED)
        return laboratory.attempt(fault)

    waiting = iter(found)
    left = arguments.count or len(found)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        # No more at once than are wanted: the sample must be the same each time.
        while left and (batch := list(itertools.islice(waiting, min(left, 64)))):
            for result in map(concurrent.futures.Future.result, [pool.submit(attempt, fault) for fault in batch]):
                left -= result.ending != NONE
                yield result


def table(results):
    by_file: dict = collections.defaultdict(collections.Counter)
    for result in results:
        by_file[result.fault.file][result.ending] += 1
    print(f"\n{'file':28} noticed of")
    for file, counts in sorted(by_file.items()):
        print(f"{file:28} {counts[NOTICED]:7} {counts[NOTICED] + counts[SURVIVED]}")


def complaints(results, listed, there_are):
    """What is not as it must be."""
    for result in results:
        reason, _ = listed.get(result.fault.name, ("", ""))
        if result.ending == SURVIVED and not reason:
            yield f"survived, and {SURVIVORS.name} does not say why: {result.fault}"
        elif result.ending == SURVIVED and result.fault.file in STRICT and not reason.startswith(NO_FAULT):
            yield f"must not survive in {result.fault.file}: {result.fault}"
        elif result.ending == NOTICED and reason:
            yield f"no survivor any more, by {result.noticed_by}: {result.fault}"
    for name, (_, line) in listed.items():
        if name not in there_are:
            yield f"{SURVIVORS.name} names a fault that there is not: {line}"


def judge(results, listed, there_are):
    counts = collections.Counter(result.ending for result in results)
    tried = counts[NOTICED] + counts[SURVIVED]
    found = list(complaints(results, listed, there_are))
    table(results)
    print(*found, sep="\n")
    explained_ones = sum(r.ending == SURVIVED and r.fault.name in listed for r in results)
    relink.figure(
        "mutants",
        f"{counts[NOTICED]} of {tried} small faults noticed by the C tests,"
        f" {explained_ones} of the {counts[SURVIVED]} others explained",
    )
    return int(bool(found) or counts[NOTICED] * 100 < LEAST_NOTICED * tried)


def one(laboratory, name):
    for fault in laboratory.faults(""):
        if fault.name == name:
            print(fault, flush=True)
            result = laboratory.attempt(fault, lambda text: print(text, flush=True))
            print(result.output)
            print(f"{result.ending} {result.noticed_by}")
            return 0
    print(f"there is no fault {name}")
    return 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--room", default="")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--fault")
    arguments = parser.parse_args()
    laboratory = Laboratory(arguments.build, arguments.short)
    if arguments.fault:
        return one(laboratory, arguments.fault)
    found = list(laboratory.faults(""))
    names = {fault.name for fault in found}
    if len(names) != len(found):
        raise SystemExit("two faults have the same name")
    listed = explained.read(SURVIVORS)
    results = []
    chosen = in_random_order((fault for fault in found if fault.file.startswith(arguments.room)), arguments.seed)
    for result in attempts(laboratory, chosen, listed, arguments):
        if result.ending != NONE:
            results.append(result)
            print(f"{len(results):5} {result.ending} {result.noticed_by:24} {result.fault}", flush=True)
    unsound = [name for tests in laboratory.rounds for name, sound in tests.sound.items() if not sound]
    for name in unsound:
        print(f"fails without a fault, too, and was not asked: {name}")
    return judge(results, listed, names) or int(bool(unsound))


if __name__ == "__main__":
    sys.exit(main())
