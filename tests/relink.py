# SPDX-License-Identifier: Apache-2.0
"""The C tests of a build, made anew with other objects of the core in them. The build itself stays as it is."""

import dataclasses
import functools
import json
import os
import pathlib
import resource
import shlex
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "core" / "src"

# What a fault may do to a test before it is stopped: fill the memory, spin.
MOST_MEMORY = 16 << 30
UNBOUNDED = resource.RLIM_INFINITY  # sanitizers reserve far more than they use, and have a bound of their own
MOST_PROCESSOR_SECONDS = 60

# Tests that do the same for a minute with ever other choices: too long to be run once for each fault.
LONG = ("stress", "fuzz.machine")
# The arguments that make one short enough: of all allocations, the core's own.
SHORTER: dict[str, list[str]] = {"torture": []}


@dataclasses.dataclass(frozen=True)
class Test:
    """A test as ctest runs it."""

    name: str
    command: list
    environment: dict
    folder: str


@dataclasses.dataclass(frozen=True)
class Run:
    passed: bool
    seconds: float
    output: str


class Build:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.commands: dict = {}  # of each source, the first that compiles it
        self.source_of: dict = {}  # each object's
        for entry in json.loads((self.folder / "compile_commands.json").read_text()):
            words = shlex.split(entry["command"])
            source = pathlib.Path(entry["file"])
            if source.is_relative_to(SOURCE):
                self.source_of[words[words.index("-o") + 1]] = source
                self.commands.setdefault(source, words)

    @property
    def sources(self):
        return sorted(self.commands)

    def tests(self):
        """Those that are programs with the core in them, but for the long ones."""
        shown = self.output_of("ctest", "--show-only=json-v1")
        for test in json.loads(shown)["tests"]:
            program = pathlib.Path(test.get("command", [""])[0])
            if test["name"] in LONG or not program.is_relative_to(self.folder):
                continue
            if self.has_core(str(program.relative_to(self.folder))):
                properties = {each["name"]: each["value"] for each in test["properties"]}
                environment = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))
                environment.pop("CAPAUTH_FIGURES", None)  # which are those of the sound program
                command = [str(program), *SHORTER.get(test["name"], test["command"][1:])]
                yield Test(test["name"], command, environment, properties["WORKING_DIRECTORY"])

    def output_of(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{shlex.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def compile(self, source, text, output, *flags):
        """Whether `text` in the place of `source` compiles, to the object `output`."""
        words = self.commands[source][:]
        changed = output.with_suffix("")  # x.c.o is made of x.c
        output.parent.mkdir(parents=True, exist_ok=True)
        changed.write_text(text, encoding="utf-8")
        words[words.index("-c") + 1] = str(changed)
        words[words.index("-o") + 1] = str(output)
        done = subprocess.run([*words, f"-iquote{source.parent}", "-w", *flags], cwd=self.folder, capture_output=True)
        return done.returncode == 0

    @functools.cache  # noqa: B019  # a build lives as long as the program
    def link_command(self, target):
        """The words of the command that links it, or puts it into an archive; [] if none does."""
        try:
            lines = self.output_of("ninja", "-t", "commands", "-s", target)
        except RuntimeError:
            return []
        for command in lines.strip().split(" && "):
            words = shlex.split(command)
            if "-o" in words or words[1:2] == ["qc"]:
                return words
        return []

    @functools.cache  # noqa: B019
    def parts(self, target):
        """The archives and libraries of this build that it is linked with."""
        words = self.link_command(target)
        return [word for word in words if word[0] != "-" and (word.endswith((".a", ".so")) or ".so." in word)]

    @functools.cache  # noqa: B019
    def core_in(self, target):
        """The sources of the core that it contains."""
        inside = {self.source_of[word] for word in self.link_command(target) if word in self.source_of}
        return inside.union(*(self.core_in(part) for part in self.parts(target) if part != target))

    def has_core(self, target):
        return bool(self.core_in(target))

    def relink(self, target, objects, folder, *flags):
        """`target` made anew in `folder` with `objects` ({source: path}) in it; itself, if they are none of its own."""
        if not self.core_in(target) & objects.keys():
            return self.folder / target
        output = folder / pathlib.Path(target).name
        command = self.link_command(target)
        words = [self.relinked_word(word, target, objects, folder, flags) for word in command]
        if target.endswith(".a"):
            output.unlink(missing_ok=True)
            parts = [str(self.folder / word) for word in words[3:]]  # a thin archive names them from its own place
            self.output_of(words[0], "qcsT", str(output), *parts)
        else:
            words[words.index("-o") + 1] = str(output)
            self.output_of(*words, "-Wl,--strip-debug", *flags)
        if ".so." in target:
            link = folder / f"{output.name.partition('.so.')[0]}.so.1"
            link.unlink(missing_ok=True)
            link.symlink_to(output)
        return output

    def relinked_word(self, word, target, objects, folder, flags):
        if word in self.source_of:
            return str(objects.get(self.source_of[word], word))
        if word.startswith("-Wl,-rpath,"):
            return f"-Wl,-rpath,{folder}:{word.removeprefix('-Wl,-rpath,')}"
        if word != target and word in self.parts(target):
            return str(self.relink(word, objects, folder, *flags))
        return word


def run(test, program, seconds, environment=(), most_memory=MOST_MEMORY):
    """Runs the test with that program. What it started ends with it."""
    process = subprocess.Popen(
        [str(program), *test.command[1:]],
        cwd=test.folder,
        env={**os.environ, **test.environment, **dict(environment)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: bound(most_memory),
    )
    start = time.monotonic()
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        end_group(process)
        output = b"(did not end)"
    end_group(process)
    passed = process.wait() == 0
    return Run(passed, time.monotonic() - start, output.decode(errors="replace"))


def bound(most_memory):
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_SECONDS, MOST_PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def figure(name, text):
    """One line for the summary at the end of `make test`."""
    print(f"{name}: {text}")
    if folder := os.environ.get("CAPAUTH_FIGURES"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, name).write_text(f"{name}: {text}\n", encoding="utf-8")
