#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of what is built says the sizes of what is there, within a tenth."""

import re
import runpy
import unittest

from support import PACKAGES, ROOT

figures = runpy.run_path(str(ROOT / "pkgconfig" / "figures"))
UNITS = {"KB": 1e3, "MB": 1e6}


def sizes(cell):
    """In bytes: "15 KB to 1.2 MB" is two."""
    return [float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+) (KB|MB)", cell)]


class Figures(unittest.TestCase):
    def rows(self):
        table = figures["PAGE"].read_text(encoding="utf-8").partition(figures["HEADING"])[2]
        return [row.split("|")[1:-1] for row in table.splitlines() if row.startswith("| ")][1:]

    def test_the_table_says_the_sizes_of_what_is_there(self):
        seen = 0
        for cells in self.rows():
            size = figures["size_of"](cells[0], PACKAGES)
            with self.subTest(cells[0].strip()):
                if size:
                    seen += 1
                    said, is_now = sizes(cells[figures["SIZE"]]), sizes(size)
                    self.assertEqual(len(said), len(is_now), f"said {said}, is {size}: make package-figures")
                    for one, other in zip(said, is_now, strict=True):
                        self.assertLessEqual(
                            abs(one - other), max(other * 0.1, 1e3), f"is {size}: make package-figures"
                        )
        self.assertGreater(seen, 0)

    def test_each_row_says_what_is_inside_and_what_was_run(self):
        for cells in self.rows():
            self.assertEqual(len(cells), 5, cells)
            self.assertTrue(cells[1].strip() and cells[4].strip(), cells)


if __name__ == "__main__":
    unittest.main(verbosity=2)
