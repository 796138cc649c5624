#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks each promise of SECURITY.md in a copy of the core, and looks whether the test that holds it fails:

    run.py BUILD              every planting of plantings.py
    run.py BUILD --test NAME  those that this test must notice
    run.py BUILD --short      some of them, and whether they still fit the code and the page

A file with the fault is compiled in BUILD/promises and linked into what the test runs; the tree and the build stay as
they are.
"""

import argparse
import datetime
import json
import pathlib
import re
import shutil
import sys

import plantings
import relink

SECURITY = relink.ROOT / "SECURITY.md"
# The tests of these are not programs with the core in them, or it is inside a module: by hand, or not at all.
NOT_TRIED = ("python", "lua-5.4", "java", "emulator")
SAMPLE = 3  # of --short: other ones each day
SECONDS = 240  # a fault may make a test wait for ever
# What a test finds by a variable of its environment, or in Python's path.
BY_NAME = {"LIBRARY": "lib/libcapauth.so.1.0.0", "ARCHIVE": "lib/libcapauth.a"}
MODULE = "python/capauth/_capauth.abi3.so"


def promises():
    """{promise: its tests}, as the page has them."""
    text = SECURITY.read_text(encoding="utf-8")
    table = text[text.index("## What is promised") :]
    rows = re.findall(r"^\| (.*?) \| (`.*`) \|$", table, re.M)
    return {promise: re.findall(r"`([^`]+)`", tests) for promise, tests in rows}


def promise_of(beginning, known):
    found = [promise for promise in known if promise.startswith(beginning)]
    return found[0] if len(found) == 1 else None


def complaints(known):
    """Where page, plantings and code do not fit."""
    broken: dict = {promise: set() for promise in known}
    for planting in plantings.PLANTINGS:
        promise = promise_of(planting.promise, known)
        text = (relink.SOURCE / planting.file).read_text(encoding="utf-8")
        if not promise or planting.test not in known[promise]:
            yield f"SECURITY.md has no promise {planting.promise!r} held by {planting.test}"
        else:
            broken[promise].add(planting.test)
        if text.count(planting.before) != 1:
            yield f"{planting.file} does not have this once: {planting.before!r}"
    for promise, tests in known.items():
        elsewhere = {test for beginning, test in plantings.ELSEWHERE if promise.startswith(beginning)}
        for test in set(tests) - broken[promise] - elsewhere - set(NOT_TRIED):
            yield f"nothing breaks {promise!r} so that {test} fails"


class Laboratory:
    def __init__(self, folder):
        self.build = relink.Build(folder)
        self.folder = self.build.folder / "promises"
        shown = json.loads(self.build.output_of("ctest", "--show-only=json-v1"))
        self.tests = {test["name"]: test for test in shown["tests"]}

    def is_noticed(self, planting):
        """Whether the test fails; None: this build has no such test."""
        if planting.test not in self.tests:
            return None
        folder = self.folder / planting.test
        shutil.rmtree(folder, ignore_errors=True)
        try:
            source = relink.SOURCE / planting.file
            text = source.read_text(encoding="utf-8").replace(planting.before, planting.after)
            compiled = folder / f"{source.name}.o"
            if not self.build.compile(source, text, compiled, "-Wno-error"):
                raise SystemExit(f"does not compile: {planting}")
            return not self.passes(self.tests[planting.test], {source: compiled}, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def passes(self, test, objects, folder):
        properties = {each["name"]: each["value"] for each in test["properties"]}
        environment = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))
        environment.pop("CAPAUTH_FIGURES", None)  # of what is broken on purpose
        for name, target in BY_NAME.items():
            if name in environment:
                environment[name] = str(self.build.relink(target, objects, folder))
        if "PYTHONPATH" in environment:
            environment["PYTHONPATH"] = str(self.package(objects, folder))
        command = [str(self.program(word, objects, folder)) for word in test["command"]]
        made = relink.Test(test["name"], command, environment, properties["WORKING_DIRECTORY"])
        return relink.run(made, command[0], SECONDS).passed

    def program(self, word, objects, folder):
        """A word of the command, made anew if it is a program of ours."""
        path = pathlib.Path(word)
        if not path.is_relative_to(self.build.folder) or not path.is_file():
            return word
        return self.build.relink(str(path.relative_to(self.build.folder)), objects, folder)

    def package(self, objects, folder):
        """Python's, with another module in it."""
        package = folder / "python"
        shutil.copytree(self.build.folder / "python", package, ignore=shutil.ignore_patterns("*.so"))
        made = self.build.relink(MODULE, objects, folder)
        shutil.copy2(made, package / "capauth" / pathlib.Path(MODULE).name)
        return package


def chosen(short, test):
    if not short:
        return [planting for planting in plantings.PLANTINGS if test in ("", planting.test)]
    start = datetime.date.today().toordinal() * SAMPLE
    everything = [planting for planting in plantings.PLANTINGS if planting.test not in plantings.SLOW]
    return [everything[(start + i) % len(everything)] for i in range(SAMPLE)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--test", default="")
    arguments = parser.parse_args()
    known = promises()
    wrong = list(complaints(known))
    laboratory = Laboratory(arguments.build)
    tried = 0
    for planting in chosen(arguments.short, arguments.test):
        noticed = laboratory.is_noticed(planting)
        tried += noticed is not None
        says = {None: "is not there", True: "fails", False: "PASSES"}[noticed]
        print(f"{planting.test:18} {says:12} {planting.promise}: {planting.file}", flush=True)
        if noticed is False:
            wrong.append(f"{planting.test} does not notice that {planting.before!r} becomes {planting.after!r}")
    print(*wrong, sep="\n")
    text = f"{len(known)} promises, {len(plantings.PLANTINGS)} ways to break them; {tried} tried"
    relink.figure("promises", f"{text}, each noticed by its test" if not wrong else f"{text}, {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
