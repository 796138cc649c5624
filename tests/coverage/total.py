#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of the core all tests run:  total.py BUILD

reads what the tests of BUILD, a build of the preset coverage, have counted.
"""

import pathlib
import sys

import measure
import relink
import report


def main():
    total = report.Counts(relink.SOURCE)
    total.add(measure.gcov(sorted(pathlib.Path(sys.argv[1]).rglob("*.gcda"))))
    return report.judge(total, "all tests")


if __name__ == "__main__":
    sys.exit(main())
