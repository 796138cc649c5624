"""What the tables in core/ do not make, and what must agree with them all the same: the public header, which is written
by hand, the documents, and the scenarios."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))
sys.dont_write_bytecode = True

from tables import Operations, Settings, TableError  # noqa: E402

HEADER = (ROOT / "core/include/capauth/capauth.h").read_text(encoding="utf-8")


def comment_of(function):
    """What the header says of a function, on one line, its numbers without commas. Functions may share a comment."""
    comment, others = r"/\*((?:(?!\*/).)*)\*/\s*", r"(?:CAPAUTH_API [^;/]*;\s*)*?"
    declared = re.search(rf"{comment}{others}CAPAUTH_API [^;/]*\b{function}\(", HEADER, re.S)
    text = re.sub(r"\s*\n \*\s*|\s+", " ", declared[1]).strip() if declared else ""
    return re.sub(r"(?<=\d),(?=\d{3})", "", text)


def documents():
    """The repository's documents but the history."""
    for path in ROOT.rglob("*.md"):
        if path.name != "CHANGELOG.md" and "build" not in path.relative_to(ROOT).parts:
            yield path


class Header(unittest.TestCase):
    def test_bounds_and_defaults_are_those_of_the_table(self):
        for setting in Settings().client:
            if not setting.is_number:
                continue
            said = comment_of(f"capauth_client_set_{setting.c_name}")
            with self.subTest(setting.name):
                if setting.kind != "flag":
                    self.assertIn(f"{setting.least} to {setting.most}", said)
                default = int(setting.default)
                self.assertRegex(said, rf"[Dd]efault:? {default}\b|\b{default}(,| is) the default\b")

    def test_bounds_of_a_calls_options_are_those_of_the_table(self):
        for option in Settings().call:
            if option.kind == "duration":
                with self.subTest(option.name):
                    said = comment_of(f"capauth_options_set_{option.c_name}")
                    self.assertIn(f"{option.least} to {option.most}", said)

    def test_choices_are_those_of_the_table(self):
        settings = Settings()
        clusters = [cluster["name"] for cluster in settings.clusters]
        for setting in settings.client:
            for choice in clusters if setting.kind == "cluster" else setting.choices:
                self.assertIn(f'"{choice}"', comment_of(f"capauth_client_set_{setting.c_name}"))


class Documents(unittest.TestCase):
    def test_what_is_made_of_the_tables_is_current(self):
        subprocess.run([sys.executable, ROOT / "core/generate.py", "check"], check=True)

    def test_they_count_the_operations_right(self):
        counts = {path: re.findall(r"\b(\d+) operations\b", path.read_text(encoding="utf-8")) for path in documents()}
        self.assertTrue(counts[ROOT / "README.md"], "README no longer says how many operations there are")
        for path, said in counts.items():
            with self.subTest(str(path)):
                self.assertEqual(set(said) - {str(Operations().requests)}, set())


    def test_the_export_has_the_members_that_its_page_tells(self):
        page = (ROOT / "core/export-format.md").read_text(encoding="utf-8")
        told = re.findall(r"^\| `(\w+)` \|", page.partition("## Members")[2].partition("\n## ")[0], re.M)
        state = (ROOT / "core/src/protocol/state.c").read_text(encoding="utf-8")
        export = (ROOT / "core/src/protocol/export.c").read_text(encoding="utf-8")
        texts = re.findall(r"^    TEXT\(\"(\w+)\",", state, re.M)
        (other_members,) = re.findall(r"other_members\[\] = \{(.*?)\};", export, re.S)
        others = re.findall(r"\"(\w+)\"", other_members)
        written = re.findall(r"\b(?:put_\w+|capauth__json_put_\w+)\(&out, \"(\w+)\"", export)
        (places,) = re.findall(r"^enum \{\n    (VERSION,.*?)OTHER_MEMBERS\n\}", export, re.M | re.S)
        names = dict(zip(re.findall(r"\w+", places), others, strict=True))
        read = re.findall(r"(?:others\[|\b(?:word|flag|number)_of\(values, )([A-Z_0-9]+)", export)
        self.assertEqual(sorted(told), sorted(texts + others))
        self.assertEqual({*written, "must"}, set(others))
        for place, name in names.items():
            self.assertEqual(place.replace("_", "").lower(), {"v": "version"}.get(name, name.lower()))
        self.assertEqual({names[place] for place in read if place != "OTHER_MEMBERS"}, set(others))


class Scenarios(unittest.TestCase):
    """That each request of the protocol was seen is tested by those who play them: tests/core/test_scenarios.c."""

    def test_every_operation_is_in_one(self):
        scenarios = json.loads((ROOT / "tests/scenarios/scenarios.json").read_text(encoding="utf-8"))
        played = {step["op"] for scenario in scenarios for step in scenario["steps"]}
        self.assertEqual({operation.method for operation in Operations()} - played, set())


class Faults(unittest.TestCase):
    def test_every_operation_meets_them(self):
        told = json.loads((ROOT / "tests/faults/faults.json").read_text(encoding="utf-8"))
        meets = {row.get("method", row["name"]) for row in told["operations"]}
        self.assertEqual({operation.method for operation in Operations()} | {"prepare"}, meets)


class Contradictions(unittest.TestCase):
    """A table that contradicts itself is refused when it is read."""

    def refused(self, name, change, says):
        table = json.loads((ROOT / "core" / name).read_text(encoding="utf-8"))
        change(table)
        path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / name
        path.write_text(json.dumps(table), encoding="utf-8")
        with self.assertRaisesRegex(TableError, says):
            (Operations if name == "operations.json" else Settings)(path)

    def test_an_unknown_field(self):
        def change(table):
            table["operations"][0]["requests"][0]["fields"].append("x")

        self.refused("operations.json", change, "fields")

    def test_a_name_that_occurs_twice(self):
        def change(table):
            table["operations"].append(table["operations"][0])

        self.refused("operations.json", change, "occurs twice")

    def test_a_misspelt_member(self):
        self.refused("settings.json", lambda table: table["client"][0].update(defalt=1), "defalt")

    def test_an_unknown_kind(self):
        self.refused("settings.json", lambda table: table["client"][0].update(kind="x"), "kind x")


if __name__ == "__main__":
    unittest.main()
