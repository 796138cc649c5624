# SPDX-License-Identifier: Apache-2.0
"""Makes pages of the manual: section 1 is in the tree, section 3 is made of the header's comments by the build."""

import pathlib
import re
import subprocess

from .pages import ROOT

SECTION_1 = ("core/tool/capauth.1", "tests/emulator/capauth-emulator.1")
MADE = "% Made by core/docs/build.py; do not edit.\n\n"
INDEX = """# Manual pages

What `man` shows once capauth is installed: the programs in section 1, the functions in section 3.

"""


def files(build):
    """Each page, but those that only lead to another."""
    yield from (ROOT / path for path in SECTION_1)
    for folder in (ROOT / "core" / "docs" / "man", pathlib.Path(build) / "core" / "docs" / "man"):
        if folder.exists():
            pages = sorted(folder.glob("*.3"))
            yield from (page for page in pages if not page.read_text(encoding="utf-8").startswith(".so "))
            return


def in_markdown(path):
    """By mandoc, which begins and ends with a line of its own. After a .Ql it takes a list's texts for displays."""
    text = re.sub(r"^\.Ql ", ".Li ", path.read_text(encoding="utf-8"), flags=re.M)
    done = subprocess.run(["mandoc", "-T", "markdown"], input=text, stdout=subprocess.PIPE, text=True, check=True)
    lines = done.stdout.rstrip().splitlines()
    return "\n".join(lines[1:-1]).strip() + "\n"


def defined(text):
    """Quotations are what mandoc makes of the texts of a list of options: here they are definitions."""

    def definition(quotation):
        inner = defined(re.sub(r"^> ?", "", quotation[0], flags=re.M)).strip("\n")
        return ": " + inner.replace("\n", "\n  ") + "\n"

    return re.sub(r"^>.*\n(?:>.*\n)*", definition, text, flags=re.M)


def linked(text, known):
    """capauth_client_new(3) leads to its page."""

    def target(match):
        name = match[1].replace("\\", "")
        place = f"{name}.{match[2]}"
        return f"[{match[0]}]({place}.md)" if place in known else match[0]

    return re.sub(r"((?:\w|\\_|-)+)\((\d)\)", target, text)


def page(path, known):
    text = defined(re.sub(r"^(#+) ", r"#\1 ", in_markdown(path), flags=re.M))
    others = known - {path.name}
    return f"{MADE}# {path.stem}({path.suffix[1:]})\n\n{linked(text, others)}"


def about(path):
    return re.search(r"^\.Nd (.*)", path.read_text(encoding="utf-8"), re.M)[1]


def pages(build):
    """place -> text"""
    found = list(files(build))
    known = {path.name for path in found}
    made = {f"reference/manual/{path.name}.md": page(path, known) for path in found}
    rows = "".join(f"| [{path.stem}({path.suffix[1:]})]({path.name}.md) | {about(path)} |\n" for path in found)
    tree = "\n```{toctree}\n:hidden:\n\n" + "".join(f"{path.name}\n" for path in found) + "```\n"
    made["reference/manual/index.md"] = f"{MADE}{INDEX}| page | |\n|---|---|\n{rows}{tree}"
    return made
