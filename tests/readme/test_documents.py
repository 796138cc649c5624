"""What the documents name is there.

    test_documents.py CTEST BUILD_FOLDER
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = sys.argv.pop()
CTEST = sys.argv.pop()


def table(document, heading):
    """The rows of the table under a heading, without the table's own head."""
    text = (ROOT / document).read_text(encoding="utf-8")
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    return rows[2:]


class Documents(unittest.TestCase):
    def test_each_promise_of_security_is_held_by_tests_that_exist(self):
        command = [CTEST, "--test-dir", BUILD, "-N"]
        listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        known = set(re.findall(r"^ *Test +#\d+: (\S+)", listed, re.M))
        rows = table("SECURITY.md", "What is promised, and which test holds it")
        self.assertGreater(len(rows), 10, "the table was not understood")
        for promise, tests in rows:
            named = re.findall(r"`([^`]+)`", tests)
            self.assertTrue(named, promise)
            self.assertEqual([name for name in named if name not in known], [], promise)

    def test_each_version_that_security_names_is_asked_for_by_the_build(self):
        build = (ROOT / "core" / "CMakeLists.txt").read_text(encoding="utf-8")
        build += (ROOT / "tests" / "emulator" / "CMakeLists.txt").read_text(encoding="utf-8")
        asked = dict(re.findall(r"([\w-]+)>=([\d.]+)", build))
        for library, version, _ in table("SECURITY.md", "Dependencies")[:2]:
            self.assertEqual(version.split(",")[0], asked[library], library)


if __name__ == "__main__":
    unittest.main(verbosity=2)
