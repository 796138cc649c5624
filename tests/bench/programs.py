# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured, each in a file of its own, and the ways to measure one."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
JACKSON = ":".join(f"/usr/share/java/jackson-{part}.jar" for part in ("core", "databind", "annotations"))
LUAS = {"lua5.4": ("5.4", "LUA_PATH_5_4", "LUA_CPATH_5_4"), "luajit": ("5.1", "LUA_PATH", "LUA_CPATH")}


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    missing: str = ""
    """Why it cannot be run here; "" if it can."""

    def given(self, *arguments: object) -> "Program":
        return dataclasses.replace(self, command=(*self.command, *map(str, arguments)))

    def named(self, name: str) -> "Program":
        return dataclasses.replace(self, name=name)


class Programs:
    """Of a build folder, for one service."""

    def __init__(self, build: pathlib.Path, environment: dict[str, str], pin: list[str]) -> None:
        self.build = build
        self.folder = build / "tests/bench"
        self.environment = environment
        self.pin = pin
        self.python = str(build.parent / "venv/bin/python")

    def c(self, name: str, title: str = "capauth") -> Program:
        return Program(title, (str(self.folder / name),))

    def py(self, file: str, title: str = "capauth", needs: str = "") -> Program:
        path = f"{self.build / 'python'}:{HERE / 'python'}:{self.folder / 'python'}"
        missing = needs and not self._python_has(needs)
        return Program(
            title, (self.python, str(HERE / "python" / file)), {"PYTHONPATH": path}, f"no {needs}" if missing else ""
        )

    def _python_has(self, module: str) -> bool:
        return subprocess.run([self.python, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0

    def lua(self, lua: str, file: str, title: str = "capauth", needs: str = "") -> Program:
        version, path, cpath = LUAS[lua]
        scripts = f"{HERE / 'lua'}/?.lua;{self.build / 'lua/share'}/?.lua;{self.build / 'lua/share'}/?/init.lua;;"
        rocks = f"{self.folder / 'rocks/lib/lua' / version}/?.so"
        libraries = f"{self.folder / lua}/?.so;{self.build / 'lua' / version}/?.so;{rocks};;"
        environment = {path: scripts, cpath: libraries}
        missing = ""
        if not shutil.which(lua):
            missing = f"no {lua}"
        elif needs and not self._lua_has(lua, needs, environment):
            missing = f"no {needs.replace('|', ' or ')}"
        return Program(title, (lua, str(HERE / "lua" / file)), environment, missing)

    def _lua_has(self, lua: str, modules: str, environment: dict[str, str]) -> bool:
        tries = [f"pcall(require, '{module}')" for module in modules.split("|")]
        command = [lua, "-e", f"os.exit({' or '.join(f'({one})' for one in tries)})"]
        return subprocess.run(command, env={**os.environ, **environment}).returncode == 0

    def java(self, main: str, *options: str, title: str = "capauth", needs_jackson: bool = False) -> Program:
        classes = f"{self.folder / 'java'}:{self.build / 'java'}/*:{JACKSON}"
        missing = "no Jackson" if needs_jackson and not os.path.exists(JACKSON.split(":")[0]) else ""
        return Program(title, ("java", *options, "-cp", classes, main), {}, missing)

    # ---- Ways to measure ----

    def _environment(self, program: Program) -> dict[str, str]:
        """A Python that may not keep what it has compiled would be measured compiling."""
        around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**around, **self.environment, **program.environment}

    def _run(self, program: Program, *before: str) -> str:
        command = [*self.pin, *before, *program.command]
        return subprocess.run(
            command, env=self._environment(program), stdout=subprocess.PIPE, check=True, text=True
        ).stdout

    def figures(self, program: Program) -> dict[str, float]:
        """What it prints of itself."""
        return json.loads(self._run(program))

    def cpu_us(self, program: Program) -> float:
        return self.figures(program)["cpu_us"]

    def rate(self, program: Program) -> float:
        return self.figures(program)["rate"]

    def nanoseconds(self, program: Program) -> float:
        return self.figures(program)["ns"]

    def whole_cpu_ms(self, program: Program) -> float:
        """From its start to its end."""
        process = subprocess.Popen(
            [*self.pin, *program.command], env=self._environment(program), stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{program.command} failed")
        process.returncode = 0
        return (usage.ru_utime + usage.ru_stime) * 1000

    def instructions(self, program: Program, *options: str) -> float:
        """Of the whole program."""
        with tempfile.NamedTemporaryFile() as out:
            self._run(program, "valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", "-q", *options)
            text = pathlib.Path(out.name).read_text()
        return float(next(line for line in text.splitlines() if line.startswith("summary:")).split()[1])

    def instructions_each(self, program: Program, count: int, *arguments: object) -> float:
        """Of one sign-in, by a program in C: only what it does in bench_measure is counted."""
        return self.instructions(program.given(count, *arguments), "--toggle-collect=bench_measure") / count

    def instructions_more(self, program: Program, count: int, *arguments: object) -> float:
        """Of one sign-in, by any program: what more of them make more."""
        few, many = (self.instructions(program.given(n, *arguments)) for n in (count, 3 * count))
        return (many - few) / (2 * count)

    def system_calls(self, program: Program, count: int, *arguments: object) -> float:
        few, many = (self._traced(program.given(n, *arguments)) for n in (count, 3 * count))
        return (many - few) / (2 * count)

    def _traced(self, program: Program) -> int:
        with tempfile.NamedTemporaryFile("r") as out:
            self._run(program, "strace", "-f", "-c", "-o", out.name)
            total = re.search(r"([\d]+)(?: +\d+)? total$", out.read(), flags=re.M)
        return int(total[1]) if total else 0

    def stripped_size(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            stripped = pathlib.Path(folder) / "libcapauth.so"
            subprocess.run(["strip", "-o", stripped, self.build / "lib/libcapauth.so.1"], check=True)
            return stripped.stat().st_size


def has_tool(name: str) -> str:
    """Why a line is not measured; "" if the tool is there."""
    return "" if shutil.which(name) else f"no {name}"
