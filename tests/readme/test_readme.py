"""The top README can be followed in one shell from top to bottom.

    test_readme.py BUILD_FOLDER
"""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # which the safe path of tests leaves out

from follow import ROOT, Reader, blocks  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Readme(unittest.TestCase):
    def test_is_short(self):
        self.assertLess(len(README.splitlines()), 150)

    def test_every_block_is_run(self):
        run = [name for name, _ in blocks(README)]
        self.assertEqual(run, ["sh", "sign_in.py", "sh", "sh"])
        self.assertEqual(len(re.findall(r"^```.", README, re.M)), len(run) + 1)  # and that of the installation

    def test_is_followed_from_top_to_bottom(self):
        reader = Reader("README.md", BUILD)
        self.assertEqual(reader.follow(), 0, reader.output)
        self.assertIn("signed in as USER", reader.output)
        self.assertIn("919999999991", reader.output)  # what the gateway knows
        self.assertIn('"success":true', reader.output.replace(" ", ""))  # what curl got


if __name__ == "__main__":
    unittest.main()
