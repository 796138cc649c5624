#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house of the core: rooms one above the other, no circle, and nobody in who has no business there.

    test_structure.py ROOT OBJECTS

reads the #include lines of the tree at ROOT, and the names that the compiled files in the folder OBJECTS define and
use. Each test fails with the names of the files that break its rule.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
OBJECTS = pathlib.Path(sys.argv.pop(1))
NM = os.environ.get("NM", "nm")
SOURCE = ROOT / "core" / "src"
ROOMS = ["base", "protocol", "net", "session", "api"]
LONGEST_FILE = 450
MOST_MEMBERS = 25

# What wrappers' glue may include of the core: nothing that knows the Auth Engine.
MEANT_FOR_GLUE = re.compile(r"base/(json|platform|secret|text)\.h")


def includes(path):
    return re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', path.read_text(encoding="utf-8"), flags=re.M)


def sources(folder, *endings):
    return sorted(path for path in folder.rglob("*") if path.suffix in endings)


def name_of(path):
    return path.relative_to(SOURCE).as_posix()


def room_of(name):
    return name.partition("/")[0]


def unit_of(name):
    """The file without its ending, for a header and its source are one: two sources of one header as well."""
    unit = name.rpartition(".")[0]
    return "net/reactor" if unit.startswith("net/reactor") else unit


def own_includes():
    """(file, the file of the core that it includes)"""
    for path in sources(SOURCE, ".c", ".h"):
        for included in includes(path):
            if (SOURCE / included).exists():
                yield name_of(path), included


def circle_in(edges):
    """The nodes of one circle, or []. `edges`: what each node leads to."""
    done: set[str] = set()
    path: list[str] = []

    def walk(node):
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        path.append(node)
        for following in sorted(edges.get(node, ())):
            if found := walk(following):
                return found
        path.pop()
        done.add(node)
        return []

    for start in sorted(edges):
        if found := walk(start):
            return found
    return []


def compiled():
    """The compiled files of the core, by the names of their sources; what an older build has left is not looked at."""
    for path in sorted((OBJECTS / "src").rglob("*.o")):
        name = path.relative_to(OBJECTS / "src").as_posix().removesuffix(".o")
        if (SOURCE / name).exists():
            yield name, path


def calls():
    """(file, the file of the core whose function or table it uses), by the compiler's own account."""
    names = {str(path): name for name, path in compiled()}
    listed = subprocess.run([NM, "-g", "-A", *names], capture_output=True, text=True, check=True).stdout
    symbols = re.findall(r"^(.+?):[0-9a-f ]* (\w) (capauth_\w+)$", listed, flags=re.M)
    home = {symbol: names[path] for path, kind, symbol in symbols if kind != "U"}
    for path, kind, symbol in symbols:
        if kind == "U" and symbol in home:
            yield names[path], home[symbol]


def graph(pairs):
    edges = collections.defaultdict(set)
    for start, end in pairs:
        if unit_of(start) != unit_of(end):
            edges[unit_of(start)].add(unit_of(end))
    return edges


def floor_of(name):
    return ROOMS.index(room_of(name))


def upwards(pairs):
    return sorted({f"{start} -> {end}" for start, end in pairs if floor_of(start) < floor_of(end)})


def structs():
    """(file, name, how many members) of each struct, where a nested one counts as one."""
    for path in sources(SOURCE, ".c", ".h"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        for match in re.finditer(r"^struct (\w+) \{\n(.*?)^\}", text, flags=re.M | re.S):
            body = match[2]
            while (flat := re.sub(r"\{[^{}]*\}", "", body)) != body:
                body = flat
            members = sum(line.count(",") + 1 for line in body.split(";") if line.strip() and "(*" not in line)
            yield name_of(path), match[1], members + body.count("(*")


class Structure(unittest.TestCase):
    def test_the_core_has_only_its_five_rooms(self):
        self.assertEqual(sorted(ROOMS), sorted(path.name for path in SOURCE.iterdir()))

    def test_no_file_includes_one_of_a_room_above_its_own(self):
        self.assertEqual([], upwards(own_includes()))

    def test_no_file_uses_a_function_of_a_room_above_its_own(self):
        self.assertEqual([], upwards(calls()))

    def test_no_files_include_each_other_in_a_circle(self):
        self.assertEqual([], circle_in(graph(own_includes())))

    def test_no_files_call_each_other_in_a_circle(self):
        edges = graph(calls())
        self.assertGreater(len(edges), 20, f"no objects of the core in {OBJECTS}")
        self.assertEqual([], circle_in(edges))

    def test_only_the_transport_knows_libcurl(self):
        found = [name_of(path) for path in sources(SOURCE, ".c", ".h") if "curl/curl.h" in includes(path)]
        self.assertEqual({"net/curl"}, {pathlib.PurePosixPath(name).parent.as_posix() for name in found}, found)

    def test_only_base_json_knows_json_c(self):
        found = [name_of(path) for path in sources(SOURCE, ".c", ".h") if any("json-c/" in i for i in includes(path))]
        self.assertEqual(["base/json.c"], found)

    def test_the_network_knows_nothing_of_the_auth_engine(self):
        found = {
            f"{start} -> {end}"
            for start, end in own_includes()
            if room_of(start) == "net" and room_of(end) not in ("base", "net")
        }
        self.assertEqual(set(), found)

    def test_wrappers_program_and_emulator_see_only_the_public_header(self):
        found = set()
        for folder in ("swig", "bindings", "core/tool", "tests/emulator"):
            for path in sources(ROOT / folder, ".c", ".h", ".i"):
                for included in includes(path):
                    inside = (SOURCE / included).exists() and not (path.parent / included).exists()
                    if inside and not (folder == "bindings" and MEANT_FOR_GLUE.fullmatch(included)):
                        found.add(f"{path.relative_to(ROOT)} -> {included}")
        self.assertEqual(set(), found)

    def test_no_file_is_too_long(self):
        lengths = {name_of(path): len(path.read_text().splitlines()) for path in sources(SOURCE, ".c", ".h")}
        self.assertEqual({}, {name: length for name, length in lengths.items() if length > LONGEST_FILE})

    def test_no_struct_has_too_many_members(self):
        found = [(name, struct, members) for name, struct, members in structs() if members > MOST_MEMBERS]
        self.assertEqual([], found)


class Readme(unittest.TestCase):
    """core/README.md, which a newcomer reads first."""

    text = (ROOT / "core" / "README.md").read_text(encoding="utf-8")

    def test_every_file_has_its_place_in_it(self):
        places = self.text[self.text.index("## What is where") : self.text.index("## One `validate_otp`")]
        units = {path.stem.removesuffix("_epoll").removesuffix("_poll") for path in sources(SOURCE, ".c")}
        self.assertEqual([], [unit for unit in sorted(units) if f"`{unit}`" not in places])

    def test_every_function_in_it_exists(self):
        defined = "\n".join(path.read_text(encoding="utf-8") for path in sources(SOURCE, ".c", ".h"))
        named = set(re.findall(r"\bcapauth__\w+", self.text))
        self.assertGreater(len(named), 20)
        self.assertEqual([], [name for name in sorted(named) if not re.search(rf"\b{name}\(", defined)])

    def test_the_rooms_stand_in_their_order(self):
        self.assertEqual(ROOMS, re.findall(r"^\| `(\w+)` \|", self.text, flags=re.M))


class ExportFormat(unittest.TestCase):
    def test_the_document_names_the_members_that_are_written_and_read(self):
        document = (ROOT / "core" / "export-format.md").read_text(encoding="utf-8")
        documented = re.findall(r"^\| `(\w+)` \|", document, flags=re.M)
        texts = re.findall(r'TEXT\("(\w+)"', (SOURCE / "protocol" / "state.c").read_text(encoding="utf-8"))
        export = (SOURCE / "protocol" / "export.c").read_text(encoding="utf-8")
        others = re.findall(r'"(\w+)"', export[export.index("other_members[]") : export.index("};")])
        self.assertEqual(sorted(documented), sorted(texts + others))


if __name__ == "__main__":
    unittest.main()
