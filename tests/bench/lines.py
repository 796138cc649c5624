# SPDX-License-Identifier: Apache-2.0
"""What is measured, section by section, and what it is to be."""

import dataclasses
import functools
import pathlib
import shutil
from collections.abc import Callable

import service
from programs import Program, Programs, has_tool
from table import Table

CONCURRENCY = (1, 8, 64, 512, 1000)
FLOOR, MULTI, ALONE = "libcurl + json-c", "curl multi + json-c", "libcurl, not parsed"


@dataclasses.dataclass(frozen=True)
class Work:
    """How much of it: all, or so much less."""

    scale: int
    quick: bool
    """Without what takes long however little is done."""

    def __call__(self, count: int, least: int = 1) -> int:
        return max(least, count // self.scale)


def c_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("C")
    ours, floor = programs.c("capauth_sign_in"), programs.c("libcurl_json_c", FLOOR)
    if why := has_tool("valgrind"):
        table.not_measured("one after the other: instructions", why, "1.00")
    else:
        like_ours = floor.named(f"{FLOOR}, our headers")
        table.compare(
            "one after the other: instructions",
            lambda it: programs.instructions_each(it, 100, *([1] if it is like_ours else [])),
            ours,
            (floor, 1.0),
            (like_ours, None),
            rounds=1 if work.quick else 3,
            of=min,  # an answer that is there already saves a turn, and callgrind is as slow as the machine is busy
        )
    some = work(2000)
    table.compare("one after the other: CPU, µs", programs.cpu_us, ours.given(some), (floor.given(some), None))
    _at_once(table, programs, work)
    others = work(10000)
    crowd = ours.given(work(2000)).named("with none")
    table.compare(
        f"with {others:,} sessions beside: CPU, µs", programs.cpu_us, ours.given(work(2000), others), (crowd, None)
    )


def _at_once(table: Table, programs: Programs, work: Work) -> None:
    ours, multi = programs.c("capauth_concurrent"), programs.c("libcurl_multi", MULTI)
    some = work(4000, 200)
    if not has_tool("valgrind"):
        table.compare(
            "64 at once, 8 connections: instructions",
            lambda it: programs.instructions_each(it, work(400, 100), *([64, 8] if it is ours else [8])),
            ours,
            (multi, 1.0),
            rounds=1 if work.quick else 3,
            of=min,  # how many turns of the loop they take depends on how slow callgrind is just then
        )
    table.compare(
        "64 at once, 8 connections: CPU, µs", programs.cpu_us, ours.given(some, 64, 8), (multi.given(some, 8), 1.1)
    )
    for n in CONCURRENCY:
        if n > 64 and work.quick:
            continue
        count = max(some, 2 * n)
        table.compare(
            f"{n:,} at once, as many connections: CPU, µs",
            programs.cpu_us,
            ours.given(count, n, n),
            (multi.given(count, n), None),
        )
    if has_tool("strace"):
        table.not_measured("8 at once: system calls", "no strace", "15")
    else:
        table.limit("8 at once: system calls", programs.system_calls(ours, work(300, 50), 8, 8), 15)


def http2_lines(table: Table, programs: Programs, work: Work, folder: pathlib.Path) -> None:
    if not shutil.which("nghttpx") or work.quick:
        return
    table.section("HTTP/2")
    with service.http2_front(folder, programs.environment["CAPAUTH_BENCH_URL"], []) as environment:
        front = Programs(programs.build, environment, programs.pin)
        table.compare(
            "100 at once over one HTTP/2 connection: CPU, µs",
            front.cpu_us,
            front.c("capauth_concurrent").given(work(2000), 100, 1, 1),
            (front.c("libcurl_multi", MULTI).given(work(2000), 1, 1), None),
        )


def gateway_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("Gateway calls")
    goals = {"1k": (None, None, None), "95k": (1.15, 1.05, 0.5), "1m": (None, None, None)}
    names = {"1k": "1 KB", "95k": "95 KB", "1m": "1 MB"}
    for size, (c_goal, pycurl_goal, requests_goal) in goals.items():
        if size == "1m" and work.quick:
            continue
        count = work(2000 if size == "1k" else 500 if size == "95k" else 50, 5)
        table.compare(
            f"C, {names[size]}: CPU, µs",
            programs.cpu_us,
            programs.c("capauth_gateway").given(count, size),
            (programs.c("libcurl_gateway", ALONE).given(count, size), c_goal),
        )
        table.compare(
            f"Python, {names[size]}, .json(): CPU, µs",
            programs.cpu_us,
            programs.py("capauth_blocking.py").given(count, size),
            (programs.py("pycurl_json.py", "pycurl + json", "pycurl").given(count, size), pycurl_goal),
            (programs.py("requests_session.py", "requests", "requests").given(count, size), requests_goal),
        )
    frames = programs.figures(programs.c("capauth_frames").given(work(50, 5), "1m"))
    table.limit("C, 1 MB: longest poll(0) on the processor, ms", frames["worked_longest_us"] / 1000, 4)


def python_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("Python")
    ours = programs.py("capauth_blocking.py")
    pycurl = programs.py("pycurl_json.py", "pycurl + json", "pycurl")
    some, few = work(2000), work(400)
    table.compare(
        "one after the other: CPU, µs",
        programs.cpu_us,
        ours.given(some),
        (programs.py("requests_session.py", "requests", "requests").given(few), 0.14),
        (programs.py("httpx_client.py", "httpx", "httpx").given(few), None),
        (pycurl.given(some), 0.95),
    )
    if not work.quick and not has_tool("valgrind"):
        more = functools.partial(programs.instructions_more, count=50)
        table.compare("one after the other: instructions", more, ours, (pycurl, 0.95), rounds=1)
    at_once = programs.py("capauth_asyncio.py").given(work(4000, 400), 64)
    table.compare(
        "asyncio, 64 at once: CPU, µs",
        programs.cpu_us,
        at_once,
        (programs.py("aiohttp_session.py", "aiohttp", "aiohttp").given(work(1500, 200), 64), 0.3),
        (programs.c("libcurl_multi", MULTI).given(work(4000, 400), 64), 1.35),
    )
    if not has_tool("strace"):
        calls = programs.system_calls(programs.py("capauth_asyncio.py"), work(640, 192), 64)
        table.limit("asyncio, 64 at once: system calls", calls, 21)


def lua_lines(table: Table, programs: Programs, work: Work) -> None:
    gnutls = ("libcurl_by_hand.lua", "libcurl by hand, GnuTLS", "curl_by_hand_gnutls")
    for lua, name in (("lua5.4", "Lua 5.4"), ("luajit", "LuaJIT")):
        table.section(name)
        some = work(2000)
        table.compare(
            "one after the other: CPU, µs",
            programs.cpu_us,
            programs.lua(lua, "capauth_sign_in.lua").given(some),
            (programs.lua(lua, "lua_curl.lua", "lua-cURL + cjson", "lcurl|curl").given(some), 1.0),
            (programs.lua(lua, "libcurl_by_hand.lua", "libcurl by hand + cjson", "cjson").given(some), None),
            (programs.lua(lua, *gnutls).given(some, gnutls[2]), None),
            (programs.lua(lua, "luasec.lua", "LuaSec + cjson", "ssl.https").given(work(200)), 0.07),
        )


def java_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("Java")
    peers = (
        ("HttpClientSignIn", "HttpClient + Jackson", 0.25),
        ("HttpUrlConnectionSignIn", "HttpURLConnection + Jackson", 0.4),
    )
    some, before = work(4000), work(20000)  # until C2 has compiled what it will: after 6,000 it still does
    table.compare(
        "warm, one after the other: CPU, µs",
        programs.cpu_us,
        programs.java("CapauthSignIn").given(some, before),
        *(
            (programs.java(main, title=title, needs_jackson=True).given(some, before), goal)
            for main, title, goal in peers
        ),
        rounds=min(3, table.rounds),
    )


def cold_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("From the start of the program to signed in, and its end")
    ours, floor = programs.c("capauth_sign_in").given(0), programs.c("libcurl_json_c", FLOOR).given(0)
    if not has_tool("valgrind"):
        table.compare("C: instructions", programs.instructions, ours, (floor, 1.0), rounds=1)
    table.compare("C: CPU, ms", programs.whole_cpu_ms, ours, (floor, None))
    table.compare(
        "Python: CPU, ms",
        programs.whole_cpu_ms,
        programs.py("capauth_blocking.py").given(0),
        (programs.py("requests_session.py", "requests", "requests").given(0), 0.33),
        (programs.py("pycurl_json.py", "pycurl + json", "pycurl").given(0), 0.9),
    )
    table.compare(
        "Java: CPU, ms",
        programs.whole_cpu_ms,
        programs.java("CapauthSignIn").given(0),
        (programs.java("HttpClientSignIn", title="HttpClient + Jackson", needs_jackson=True).given(0), 0.15),
        rounds=min(3, table.rounds),
    )
    _imports(table, programs, work)


def _imports(table: Table, programs: Programs, work: Work) -> None:
    """What is above an interpreter that does nothing."""
    python = programs.py("measure.py")

    def importing(what: str, name: str, needs: str = "") -> Program:
        found = programs.py("measure.py", name, needs)
        return dataclasses.replace(found, command=(python.command[0], "-c", f"import {what}"))

    ours, theirs = importing("capauth", "capauth"), importing("requests", "import requests", "requests")
    used = importing("capauth; capauth.Client", "capauth")
    bare = importing("sys", "bare")
    programs.whole_cpu_ms(used)  # compiles it
    if work.quick or has_tool("valgrind"):
        table.not_measured("import capauth, above bare: instructions", "not in a quick run, or no valgrind", "0.125")
        return
    nothing = programs.instructions(bare)
    for line, program, goal in (
        ("import capauth, above bare: instructions", ours, 0.125),
        ("import capauth; capauth.Client, above bare: instructions", used, None),
    ):
        table.compare(line, lambda it: programs.instructions(it) - nothing, program, (theirs, goal), rounds=1)


def getter_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("A getter (is the customer signed in?)")
    java = str(programs.folder / "java/by_hand.so")
    for name, ours, by_hand, goal in (
        ("Python, stable ABI", programs.py("getter.py"), programs.py("getter.py"), 4),
        ("Lua 5.4", programs.lua("lua5.4", "getter.lua"), programs.lua("lua5.4", "getter.lua"), 1.5),
        ("LuaJIT", programs.lua("luajit", "getter.lua"), programs.lua("luajit", "getter.lua"), 1.5),
        ("Java", programs.java("Getter"), programs.java("Getter", f"-Dby_hand={java}"), 1.2),
    ):
        table.compare(
            f"{name}: ns",
            programs.nanoseconds,
            ours.given("capauth"),
            (by_hand.given("by_hand").named("glue by hand"), goal),
            rounds=min(3, table.rounds),
        )


def memory_lines(table: Table, programs: Programs, work: Work) -> None:
    table.section("Memory and size")
    url = programs.environment["CAPAUTH_BENCH_URL"]
    silent = {**programs.environment, "CAPAUTH_BENCH_URL": f"{url}/silent"}
    found = Programs(programs.build, silent, programs.pin).figures(programs.c("capauth_memory").given(64))
    table.limit("idle session, beside its strings: bytes", found["session"], 1024)
    table.limit("call in flight, beside libcurl's: bytes", found["call"], 3072)
    table.limit("libcapauth.so.1, stripped: bytes", programs.stripped_size(), 120 * 1024)


def frame_lines(table: Table, programs: Programs, work: Work, folder: pathlib.Path) -> None:
    table.section("poll(0) in a loop that draws frames, first connections included")
    own = pathlib.Path(programs.environment["CAPAUTH_BENCH_CA_FILE"])
    with_system = folder / "with-system.pem"
    with_system.write_text(own.read_text() + (service.SYSTEM_CA.read_text() if service.SYSTEM_CA.exists() else ""))
    for name, file in (("", own), (", system's CAs too", with_system)):
        environment = {**programs.environment, "CAPAUTH_BENCH_CA_FILE": str(file)}
        held = Programs(programs.build, environment, programs.pin).figures(
            programs.c("capauth_frames").given(work(200, 10))
        )
        table.limit(f"median on the processor{name}, µs", held["worked_median_us"])
        table.limit(f"99.9 % of them on the processor{name}, ms", held["worked_p999_us"] / 1000, 4)
        table.limit(f"longest on the processor{name}, ms", held["worked_longest_us"] / 1000)
        table.limit(f"nothing to do{name}, ns", held["idle_ns"], 5000)


def throughput(table: Table, programs: Programs, work: Work) -> dict[str, dict[int, float]]:
    """Sign-ins a second by concurrency; for the plot, and a table of its own."""
    found: dict[str, dict[int, float]] = {}
    ways = {
        "capauth, C": programs.c("capauth_concurrent"),
        "curl multi, C": programs.c("libcurl_multi"),
        "capauth.aio, Python": programs.py("capauth_asyncio.py"),
        "aiohttp, Python": programs.py("aiohttp_session.py", needs="aiohttp"),
    }
    there = {name: program for name, program in ways.items() if not program.missing}
    for n in CONCURRENCY:
        table.progress(f"sign-ins a second: {n} at once")
        rates: dict[str, list[float]] = {name: [] for name in there}
        for name in [*there] * min(3, table.rounds):  # in turns
            count = max(work(1000 if "aiohttp" in name else 2000), n)
            arguments = (count, n, n) if name == "capauth, C" else (count, n)
            rates[name].append(programs.rate(there[name].given(*arguments)))
        for name in there:
            found.setdefault(name, {})[n] = sorted(rates[name])[len(rates[name]) // 2]
    return found


def sections(folder: pathlib.Path) -> dict[str, Callable[[Table, Programs, Work], None]]:
    """By the names that `--only` takes."""
    return {
        "c": c_lines,
        "http2": functools.partial(http2_lines, folder=folder),
        "gateway": gateway_lines,
        "python": python_lines,
        "lua": lua_lines,
        "java": java_lines,
        "cold": cold_lines,
        "getter": getter_lines,
        "memory": memory_lines,
        "frames": functools.partial(frame_lines, folder=folder),
    }
