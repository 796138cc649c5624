"""Nothing that a document shows as code is run by nobody. Programs that are included have test_recipes.py."""

import json
import re
import subprocess
import textwrap

import pytest
from conftest import BUILD, ROOT
from generator.pages import DOCUMENTS
from tables import Operations, Settings

FENCE = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2 *$", re.M | re.S)
DIRECTIVE = re.compile(r"\{[\w-]+\}")
COMMANDS = ("CONTRIBUTING.md", "tests/emulator/README.md")  # of which each is run here

# The mark of a fragment, where it may stand, and who runs all that are marked so there.
RUN_BY = [
    ("python (run|with)( .*)?", r"bindings/python/README\.md", "bindings/python/tests/test_readme.py"),
    ("lua (run|with)( .*)?", r"bindings/lua/README\.md", "bindings/lua/tests/test_readme.lua"),
    ("java (run|test)", r"bindings/java/README\.md", "bindings/java/src/test/java/io/capauth/ReadmeTest.java"),
    ("java with customer", r"bindings/java/README\.md", "bindings/java/src/test/java/io/capauth/FragmentTest.java"),
    ("xml", r"bindings/java/README\.md", "tests/packages/test_jar.py"),  # its POM
    (r"(sh|python sign_in\.py)", r"README\.md", "tests/readme/test_readme.py"),
    ("sh", r"(core|bindings)/.*/start\.md", "tests/site/test_doors.py"),
    ("sh", r"core/docs/recipes/.*", "tests/site/beside.py"),
    ("sh|json", "|".join(COMMANDS), "tests/site/test_fragments.py"),
]
# What changes the reader's machine, and drawings.
NOT_RUN = ("sh install", "text")


def documents():
    yield ROOT / "README.md"
    yield from (ROOT / path for path in DOCUMENTS if (ROOT / path).exists())
    yield from sorted((ROOT / "core" / "docs").rglob("*.md"))
    yield from sorted((ROOT / "bindings").glob("*/docs/*.md"))


def fragments(*paths):
    """(document, mark, text)"""
    for path in paths:
        for _, _, mark, text in FENCE.findall(path.read_text(encoding="utf-8")):
            if not DIRECTIVE.match(mark):
                yield path.relative_to(ROOT).as_posix(), mark.strip(), textwrap.dedent(text)


def runner(document, mark):
    for marks, where, program in RUN_BY:
        if re.fullmatch(marks, mark) and re.fullmatch(where, document):
            return program
    return None


def test_each_fragment_of_each_document_is_run():
    shown = [(document, mark) for document, mark, _ in fragments(*documents()) if mark not in NOT_RUN]
    assert len(shown) > 40
    assert [(document, mark) for document, mark in shown if runner(document, mark) is None] == []
    for _, _, program in RUN_BY:
        assert (ROOT / program).exists(), program


def test_a_fragment_that_nobody_runs_is_found(tmp_path):
    (tmp_path / "page.md").write_text("* a list\n\n  ```python\n  import capauth\n  ```\n", encoding="utf-8")
    (found,) = FENCE.findall((tmp_path / "page.md").read_text(encoding="utf-8"))
    assert runner("core/docs/page.md", found[2]) is None


@pytest.mark.parametrize("document", COMMANDS)
def test_commands_run(beside, document):
    """By a contributor, in the top folder."""
    for _, mark, text in fragments(ROOT / document):
        if mark == "sh":
            command = beside.here(text).replace("build/", f"{BUILD}/")
            subprocess.run(["bash", "-ec", command], cwd=ROOT, env=beside.environment, check=True)
    beside.control("DELETE", "faults")  # which the next program would meet


def test_rows_of_contributing_are_rows_of_the_tables():
    """Each with members that its table knows."""
    rows = [json.loads(text) for _, mark, text in fragments(ROOT / "CONTRIBUTING.md") if mark == "json"]
    operation, setting = rows
    operations = json.loads((ROOT / "core" / "operations.json").read_text(encoding="utf-8"))["operations"]
    assert set(operation) <= set().union(*operations)
    settings = json.loads((ROOT / "core" / "settings.json").read_text(encoding="utf-8"))["client"]
    assert set(setting) <= set().union(*settings)
    assert operation["name"] not in {row.name for row in Operations()}
    assert setting["name"] not in {row.name for row in Settings().client}
