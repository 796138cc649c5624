"""The library keeps the ABI described here. What would break it is found: a library of two functions shows it."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import description

LIBRARY = os.environ["LIBRARY"]
INCLUDE = pathlib.Path(os.environ["INCLUDE"])

HEADER = """
typedef struct thing thing;
/* with a comment, { and } */
enum { THING_ROUND = 1, THING_SQUARE = 2 /* not ROUND, } */ };
enum { THING_LAST };
typedef void (*thing_listener)(thing *it, int before, int after, void *data);
struct thing_events {
    thing_listener weighed;
    void (*dropped)(int from, int to);
};
void thing_listen(thing *it, const struct thing_events *events, thing_listener also);
int thing_weigh(thing *it, long long grams, const char *first, const char *second);
const char *thing_name(const thing *it);
"""
SOURCE = """
#include "thing.h"
struct thing { int secret; };
void thing_listen(thing *it, const struct thing_events *events, thing_listener also)
{ events->weighed(it, 1, 2, 0); events->dropped(1, 2); also(it, 1, 2, 0); }
int thing_weigh(thing *it, long long grams, const char *first, const char *second)
{ return it->secret + (int)grams + *first + *second; }
const char *thing_name(const thing *it) { return it->secret ? "it" : ""; }
"""


def describe_thing(folder, header, source):
    (folder / "include").mkdir(parents=True)
    (folder / "include" / "thing.h").write_text(header)
    (folder / "thing.c").write_text(source)
    subprocess.run([os.environ["CC"], "-g", "-fPIC", "-shared", f"-I{folder / 'include'}", folder / "thing.c",
                    "-o", folder / "libthing.so"], check=True)  # fmt: skip
    description.describe(folder / "libthing.so", folder / "include", folder)
    return folder


class Description(unittest.TestCase):
    def test_the_library_is_as_described(self):
        with tempfile.TemporaryDirectory() as work:
            description.describe(LIBRARY, INCLUDE, pathlib.Path(work))
            reasons = description.compare(description.HERE, pathlib.Path(work))
        self.assertEqual(reasons, [], "\n".join(reasons))

    def test_the_description_has_all_functions_and_enumerators_of_the_header(self):
        text = (INCLUDE / "capauth" / "capauth.h").read_text(encoding="utf-8")
        self.assertEqual(len(description.functions_of(description.HERE)), text.count("\nCAPAUTH_API "))
        self.assertGreater(len(description.constants_of(description.HERE)), 80)
        self.assertEqual(len(description.callbacks_of(description.HERE)), text.count("\ntypedef void (*"))


class Changes(unittest.TestCase):
    """Each begins with the same library, changes its header and source, and compares."""

    original: pathlib.Path

    @classmethod
    def setUpClass(cls):
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.original = describe_thing(pathlib.Path(work.name), HEADER, SOURCE)

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        self.before = pathlib.Path(shutil.copytree(self.original, self.work / "before"))

    def described(self, name, *changes):
        header, source = HEADER, SOURCE
        for old, new in changes:
            self.assertIn(old, header + source)
            header, source = header.replace(old, new), source.replace(old, new)
        return describe_thing(self.work / name, header, source)

    def reasons(self, *changes):
        return "\n".join(description.compare(self.before, self.described("after", *changes)))

    def test_nothing_but_the_inside_is_no_change(self):
        self.assertEqual(self.reasons(("int secret;", "double weight; int secret;")), "")

    def test_a_function_that_is_gone(self):
        gone = ('const char *thing_name(const thing *it) { return it->secret ? "it" : ""; }', "")
        reasons = self.reasons(gone, ("const char *thing_name(const thing *it);", ""))
        self.assertRegex(reasons, r"(?s)broken.*1 Removed function.*thing_name")

    def test_a_parameter_that_is_narrower(self):
        reasons = self.reasons(("long long grams", "int grams"))
        self.assertRegex(reasons, r"(?s)broken.*thing_weigh.*'long long int' to 'int'")

    def test_a_result_that_is_another(self):
        reasons = self.reasons(("int thing_weigh", "long long thing_weigh"))
        self.assertRegex(reasons, r"(?s)broken.*thing_weigh.*return type")

    def test_a_text_that_may_be_written_to(self):
        reasons = self.reasons(("const char *first", "char *first"))
        self.assertRegex(reasons, r"(?s)broken.*thing_weigh.*parameter 3")

    def test_two_parameters_of_other_types_that_change_places(self):
        reasons = self.reasons(("long long grams, const char *first", "const char *first, long long grams"))
        self.assertRegex(reasons, r"(?s)broken.*thing_weigh.*parameter 2")

    def test_two_parameters_of_one_type_that_change_places(self):
        reasons = self.reasons(("const char *first, const char *second", "const char *second, const char *first"))
        swapped = "thing_weigh: the parameters were it, grams, first, second; now they are it, grams, second, first"
        self.assertIn(swapped, reasons)

    def test_a_parameter_that_is_new(self):
        reasons = self.reasons(("const char *second)", "const char *second, int much)"))
        self.assertRegex(reasons, r"(?s)broken.*thing_weigh.*parameter 5")

    def test_a_callback_that_gets_less(self):
        reasons = self.reasons(("int before, int after", "short before, int after"))
        self.assertRegex(reasons, r"(?s)broken.*thing_listen.*'int' to 'short int'")

    def test_a_callback_with_a_parameter_more(self):
        after = ("int after, void *data", "int after, int when, void *data")
        calls = ("events->weighed(it, 1, 2, 0)", "events->weighed(it, 1, 2, 3, 0)"), ("also(it, 1", "also(it, 3, 1")
        self.assertRegex(self.reasons(after, *calls), r"(?s)broken.*thing_listen.*parameter 5")

    def test_two_parameters_of_one_type_that_change_places_in_a_callback(self):
        reasons = self.reasons(("int before, int after", "int after, int before"))
        swapped = "thing_listener: the parameters were it, before, after, data; now they are it, after, before, data"
        self.assertIn(swapped, reasons)

    def test_two_parameters_of_one_type_that_change_places_in_a_member(self):
        reasons = self.reasons(("int from, int to", "int to, int from"))
        self.assertIn("dropped: the parameters were from, to; now they are to, from", reasons)

    def test_a_struct_of_callbacks_with_one_in_the_middle(self):
        reasons = self.reasons(("thing_listener weighed;", "thing_listener weighed; thing_listener turned;"))
        self.assertRegex(reasons, r"(?s)broken.*struct thing_events.*'thing_listener turned'")

    def test_a_struct_of_callbacks_that_change_places(self):
        dropped = "    void (*dropped)(int from, int to);\n"
        reasons = self.reasons((dropped, ""), ("    thing_listener weighed;", dropped + "    thing_listener weighed;"))
        self.assertRegex(reasons, r"(?s)broken.*struct thing_events.*weighed")

    def test_a_struct_of_callbacks_that_lacks_one(self):
        reasons = self.reasons(("    void (*dropped)(int from, int to);\n", ""), ("events->dropped(1, 2);", ""))
        self.assertRegex(reasons, r"(?s)broken.*struct thing_events.*dropped")

    def test_an_enumerator_that_has_another_number(self):
        self.assertIn("THING_SQUARE is 3; it was 2", self.reasons(("THING_SQUARE = 2", "THING_SQUARE = 3")))

    def test_an_enumerator_that_is_moved_by_a_new_one(self):
        self.assertIn("THING_LAST is 1; it was 0", self.reasons(("THING_LAST", "THING_FIRST, THING_LAST")))

    def test_an_enumerator_that_is_gone(self):
        self.assertIn("THING_ROUND is gone; it was 1", self.reasons(("THING_ROUND = 1, ", "")))

    def test_a_function_that_has_another_name(self):
        reasons = self.reasons(("thing_weigh", "thing_weigh_it"))
        self.assertRegex(reasons, r"(?s)broken.*1 Removed function.*thing_weigh")
        self.assertIn("Not described yet: thing_weigh_it", reasons)

    FLAT = ("THING_SQUARE = 2", "THING_SQUARE = 2, THING_FLAT = 3")
    AGE = ("(const thing *it);", "(const thing *it);\nint thing_age(void);")
    AGE_ITSELF = ("struct thing {", "int thing_age(void) { return 1; }\nstruct thing {")

    def test_what_is_new_asks_to_be_described(self):
        reasons = self.reasons(self.FLAT, self.AGE, self.AGE_ITSELF)
        asks = "Not described yet: thing_age, THING_FLAT. Name them in CHANGELOG.md, then run `make abi`."
        self.assertEqual(reasons, asks)

    def test_what_is_new_is_described_once_the_changelog_names_it(self):
        changelog = self.work / "CHANGELOG.md"
        after = self.described("after", self.FLAT)
        changelog.write_text("- `THING_FLATTER`")
        self.assertEqual(description.write(self.before, after, changelog), ["CHANGELOG.md does not name: THING_FLAT"])
        self.assertNotIn("THING_FLAT", description.constants_of(self.before))
        changelog.write_text("- `THING_FLAT`: for what rolls no more")
        self.assertEqual(description.write(self.before, after, changelog), [])
        self.assertEqual(description.compare(self.before, after), [])

    def test_what_is_broken_is_never_described(self):
        changelog = self.work / "CHANGELOG.md"
        changelog.write_text("- thing_weigh, THING_ROUND")
        after = self.described("after", ("long long grams", "int grams"))
        self.assertRegex("".join(description.write(self.before, after, changelog)), "is broken")
        self.assertNotEqual(description.compare(self.before, after), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
