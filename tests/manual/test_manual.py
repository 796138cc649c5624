#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual's pages against the header that they are made from, and against those who read manuals.

    test_manual.py FOLDER MANUAL...

FOLDER has the pages of section 3, as installed; MANUAL... are those of section 1.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "core" / "docs"), str(ROOT / "core")]

from generator import read_c  # noqa: E402
from tables import load_errors  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
PROGRAMS = [pathlib.Path(path) for path in sys.argv[2:]]
del sys.argv[1:]


def texts():
    return {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.3")}


def pages():
    return {name: text for name, text in texts().items() if not text.startswith(".so ")}


def shown(path):
    """What a reader sees."""
    done = subprocess.run(["mandoc", "-Tutf8", "-Owidth=999", path], capture_output=True, text=True, check=True)
    return plain(re.sub(r".\x08", "", done.stdout))


def plain(text):
    """Without blanks, and without the marks that names have on a page or in the header."""
    return re.sub(r"[\s`'‘’]|\(\)", "", text)


class Manual(unittest.TestCase):
    def test_every_function_has_a_page_and_no_page_is_left_over(self):
        self.assertEqual(sorted(texts()), sorted([*read_c.declared(), "capauth"]))

    def test_every_name_leads_to_the_page_that_names_it(self):
        for name, text in texts().items():
            link = re.fullmatch(r"\.so man3/(\w+)\.3\n", text)
            page = texts()[link[1] if link else name]
            named = re.findall(r"^\.Nm (\w+)", page, re.M)
            with self.subTest(name):
                self.assertEqual(named.count(name), 1)

    def test_a_page_says_all_that_the_header_says(self):
        homes = {name: page for page, text in pages().items() for name in re.findall(r"^\.Nm (\w+)", text, re.M)}
        seen = {page: shown(FOLDER / f"{page}.3") for page in pages()}
        for _, name, signature, comment, rules in read_c.declarations():
            text, said = read_c.fields(comment)
            wanted = [signature, text, *(f"{field}: {' '.join(what.split())}" for field, what in said.items())]
            wanted += [part for rule in rules for part in re.split(r"\n\s*\n", read_c.words(rule))]
            for part in wanted:
                with self.subTest(name):
                    self.assertIn(plain(part), seen[homes[name]])

    def test_the_overview_has_the_rules_and_every_code(self):
        seen = shown(FOLDER / "capauth.3")
        for name, said in read_c.rules():
            self.assertIn(plain(name + said), seen)
        for row in load_errors()["codes"]:
            self.assertIn(plain(f"CAPAUTH_{row['name']} ({row['code']}) {row['cause']} {row['remedy']}"), seen)

    def test_mandoc_and_man_have_nothing_to_complain_of(self):
        for path in [*sorted(FOLDER / f"{page}.3" for page in pages()), *PROGRAMS]:
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True)
            self.assertEqual(done.stdout + done.stderr, "")
        if shutil.which("man"):
            command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(FOLDER / "capauth.3")]
            done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MANPAGER": "cat"})
            self.assertEqual(done.stderr, "")

    def test_what_a_page_points_to_is_there(self):
        there = {*texts(), *(path.stem for path in PROGRAMS)}
        for path in [*(FOLDER / f"{page}.3" for page in pages()), *PROGRAMS]:
            for name in re.findall(r"^\.(?:It )?Xr (\S+) [13]", path.read_text(encoding="utf-8"), re.M):
                self.assertTrue(name in there or not name.startswith("capauth"), f"{path.name}: {name}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
