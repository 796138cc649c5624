# SPDX-License-Identifier: Apache-2.0
"""What the shared library takes on a disk, without what debuggers read: test_size.py LIBRARY"""

import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import unittest

# What gcc 12 makes of it for x86-64, and a page more.
BYTES_MOST = {"x86_64": 178_152}

LIBRARY = sys.argv.pop(1)


def stripped_size():
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([os.environ.get("STRIP", "strip"), "-o", file.name, LIBRARY], check=True)
        return pathlib.Path(file.name).stat().st_size


def write_figure(size):
    if folder := os.environ.get("CAPAUTH_FIGURES"):
        os.makedirs(folder, exist_ok=True)
        (pathlib.Path(folder) / "size").write_text(f"size: {size:,} bytes of libcapauth.so.1\n", encoding="utf-8")


class Size(unittest.TestCase):
    def test_is_what_it_was(self):
        size = stripped_size()
        write_figure(size)
        self.assertLessEqual(size, BYTES_MOST.get(platform.machine(), size))


if __name__ == "__main__":
    unittest.main()
