# SPDX-License-Identifier: Apache-2.0
"""Writes what was measured for people: a table in Markdown with machine and versions, and two plots."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

import plots
from programs import Programs
from table import TITLES, Row, Table

DATE = "%-d %B %Y"


def load() -> float:
    return os.getloadavg()[0]


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return (done.stdout or done.stderr).partition("\n")[0]


def _processor() -> str:
    text = pathlib.Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    found = re.search(r"model name\s*: (.*)", text)
    return found[1].strip() if found else platform.machine()


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "?"


def _python_versions(programs: Programs) -> dict[str, str]:
    code = (
        "import platform, importlib.metadata as m\n"
        "print('Python', platform.python_version())\n"
        "for name in 'requests', 'httpx', 'aiohttp', 'pycurl':\n"
        "    try: print(name, m.version(name))\n"
        "    except m.PackageNotFoundError: pass\n"
    )
    output = subprocess.run([programs.python, "-c", code], capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def versions(programs: Programs) -> dict[str, str]:
    tool = _first_line(str(programs.build / "bin/capauth"), "--version")
    curl = _first_line("curl", "--version")
    return {
        "capauth": _number(r"([\d.]+)", tool),
        "libcurl": _number(r"libcurl/([\d.]+)", curl),
        "OpenSSL": _number(r"OpenSSL/([\w.]+)", curl),
        "json-c": _first_line("pkg-config", "--modversion", "json-c"),
        "nginx": _number(r"nginx/([\d.]+)", _first_line("/usr/sbin/nginx", "-v")),
        "compiler": _first_line("cc", "--version"),
        **_python_versions(programs),
        "Lua": _number(r"Lua ([\d.]+)", _first_line("lua5.4", "-v")),
        "LuaJIT": _number(r"LuaJIT ([\w.-]+)", _first_line("luajit", "-v")),
        "Java": _number(r'"([\d.]+)"', _first_line("java", "-version")),
    }


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(rows: list[Row]) -> list[str]:
    return [
        _line(TITLES.cells()),
        _line(("---", "---:", "---", "---:", "---:", "---:", "---")),
        *(_line(row.cells()) for row in rows),
    ]


def _throughput(rates: dict[str, dict[int, float]]) -> list[str]:
    widths = next(iter(rates.values()))
    head = [_line(("at once", *(f"{n:,}" for n in widths))), _line(("---", *("---:" for _ in widths)))]
    return [*head, *(_line((name, *(f"{rate:,.0f}" for rate in found.values()))) for name, found in rates.items())]


def markdown(table: Table, rates: dict[str, dict[int, float]], programs: Programs, load_before: float) -> str:
    today = datetime.date.today().strftime(DATE)
    used = ", ".join(f"{name} {version}" for name, version in versions(programs).items())
    goals = [row.met for _, rows in table.sections for row in rows if row.met]
    machine = f"{_processor()}, {os.cpu_count()} cores, load {load_before:.1f} before and {load():.1f} after"
    text = [
        "# Figures of one run",
        "",
        f"{today}. {machine}. {used}.",
        "",
        f"{goals.count('yes')} of {len(goals)} goals met. A ratio is capauth's median by the peer's, of {table.rounds}"
        " runs in turns; instructions are callgrind's. [What each line is](../README.md).",
        "",
    ]
    for title, rows in table.sections:
        text += [f"## {title}", "", *_rows(rows), ""]
    if rates:
        text += ["## Sign-ins a second", "", *_throughput(rates), ""]
    return "\n".join(text)


def write(
    folder: pathlib.Path, table: Table, rates: dict[str, dict[int, float]], programs: Programs, load_before: float
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(markdown(table, rates, programs, load_before))
    (folder / "cost.svg").write_text(plots.cost(table))
    if rates:
        (folder / "throughput.svg").write_text(plots.throughput(rates))
