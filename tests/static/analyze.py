#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for mistakes with the analyzers of GCC and cppcheck:  analyze.py BUILD

over all hand-written C that BUILD compiles: the core, the emulator, the wrappers' C, the tests. (clang-tidy, and with
it clang's analyzer, is a part of `.ci/lint`.) What is found fails, or is on the list `silenced` with the reason.
"""

import concurrent.futures
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import explained
import relink

SILENCED = pathlib.Path(__file__).resolve().parent / "silenced"
WORKERS = 2
# Of optimised code GCC's analyzer sees less. The warnings are those that the build has not.
ANALYZING = ["-fanalyzer", "-O0", "-U_FORTIFY_SOURCE"]
WARNINGS = [
    "-Wsign-conversion",
    "-Wdouble-promotion",
    "-Wredundant-decls",
    "-Wnested-externs",
    "-Wduplicated-cond",
    "-Wduplicated-branches",
    "-Wformat-signedness",
    "-Wcast-align=strict",
]


def compile_commands(build):
    """{file: the words of the first command that compiles it}"""
    commands: dict = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if file.suffix == ".c" and file.is_relative_to(relink.ROOT) and not file.is_relative_to(build):
            words = shlex.split(entry["command"])
            at = words.index("-o")
            commands.setdefault(file, words[:at] + words[at + 2 :])
    return commands


def is_a_test(file):
    """Written with cmocka: GCC does not know that a failed assertion ends the test, and goes on with what it denied."""
    return "<cmocka.h>" in file.read_text(encoding="utf-8") or '"support' in file.read_text(encoding="utf-8")


def gcc(build, commands):
    """How many files it has looked at, and (file, kind, what it says). None: this compiler has no analyzer."""
    if "Free Software Foundation" not in output_of([next(iter(commands.values()))[0], "--version"]):
        return None

    def findings_in(file):
        flags = [*WARNINGS, "-fsyntax-only"] if is_a_test(file) else [*WARNINGS, *ANALYZING]
        said = output_of([*commands[file], "-Wno-error", "-o", "/dev/null", *flags], cwd=build)
        return re.findall(r"^([^:\s]+):\d+:\d+: warning: (.*) \[(-W[\w=-]+)\]$", said, flags=re.M)

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        found = [finding for findings in pool.map(findings_in, commands) for finding in findings]
    return len(commands), [(file, kind, text) for file, text, kind in found]


def cppcheck(build, commands):
    if not shutil.which("cppcheck"):
        return None
    said = output_of(
        [
            "cppcheck",
            f"--project={build / 'compile_commands.json'}",
            f"-i{build}",
            "--enable=warning,performance,portability",
            "--quiet",
            "--template={file}\t{id}\t{message}",
        ]
    )
    found = [line.split("\t") for line in said.splitlines() if line.count("\t") == 2]
    return len(commands), [(file, kind, text) for file, kind, text in found]


def output_of(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    return re.sub(r"\x1b\[[\d;]*[mK]", "", done.stdout)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    commands = compile_commands(build)
    silenced = explained.read(SILENCED)
    open_ones, seen, used = set(), set(), []
    for analyzer in (gcc, cppcheck):
        if not (result := analyzer(build, commands)):
            continue
        files, findings = result
        used.append(f"{analyzer.__name__} over {files} files")
        for file, kind, text in findings:
            path = pathlib.Path(file)
            name = f"{path.relative_to(relink.ROOT) if path.is_relative_to(relink.ROOT) else path}:{kind}"
            seen.add(name)
            if name not in silenced:
                open_ones.add(f"{name}: {text}")
    print(*sorted(open_ones), sep="\n")
    relink.figure("static", f"{', '.join(used)}: {len(open_ones)} findings, {len(seen & silenced.keys())} explained")
    return bool(open_ones)


if __name__ == "__main__":
    sys.exit(main())
