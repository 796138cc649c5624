#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the site: build.py BUILD_FOLDER [OUTPUT]

BUILD_FOLDER is a build tree with all languages, since the reference of each is read from what was built. The site goes
to OUTPUT, by default BUILD_FOLDER/site; what is between goes to BUILD_FOLDER/site-work. Warnings are errors.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "core"), str(ROOT / "bindings" / "lua")]

from generator import manual, pages, reference  # noqa: E402
from generator.names import Names  # noqa: E402
from sphinx.cmd.build import build_main  # noqa: E402


def version():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"VERSION (\d+\.\d+\.\d+)", text)[1]


def remove_old(output, source):
    """Pages of an earlier run that there are no more, which Sphinx leaves."""
    for page in output.rglob("*.html"):
        name = page.relative_to(output).with_suffix(".md")
        if name.name not in ("genindex.md", "search.md") and not (source / name).exists():
            page.unlink()


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    build = pathlib.Path(arguments[0]).resolve()
    output = pathlib.Path(arguments[1]) if len(arguments) == 2 else build / "site"
    work = build / "site-work"
    sys.path.insert(0, str(build / "python"))
    made = reference.pages(Names.read(build, work / "java"))
    before = set((work / "source").rglob("*.md"))
    pages.gather(work / "source", made | manual.pages(build))
    options = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(HERE), "-d", str(work / "doctrees")]
    options += ["-D", f"version={version()}", "-D", f"release={version()}"]
    if set((work / "source").rglob("*.md")) != before:
        options.append("-a")  # the navigation of all pages is another
    status = build_main([*options, str(work / "source"), str(output)])
    remove_old(output, work / "source")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
