"""What leaves the library: names, versions, writable data, link flags, and the header by itself.

Each test is a promise to those who link with us. Run by ctest, which names the files and tools in
the environment.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

LIBRARY = os.environ["LIBRARY"]
ARCHIVE = os.environ["ARCHIVE"]
EMULATOR = os.environ.get("CAPAUTH_EMULATOR")
INCLUDE = pathlib.Path(os.environ["INCLUDE"])
CORE = INCLUDE.parent
NODE = "CAPAUTH_1.0"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def page_sizes(binary):
    return set(re.findall(r"^\s*LOAD .* (0x[0-9a-f]+)$", run(os.environ["READELF"], "-lW", binary), re.M))


def declared_functions():
    """The functions that capauth.h declares, read without comments, directives and typedefs."""
    text = (INCLUDE / "capauth" / "capauth.h").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", " ", text, flags=re.M)
    text = re.sub(r"\btypedef\b[^;{]*;", " ", text)
    return set(re.findall(r"\b(capauth_[a-z0-9_]+)\s*\(", text))


def uses_of_everything():
    """A function, in C and in C++, that calls each function of the header and names each type and enumerator."""
    text = (INCLUDE / "capauth" / "capauth.h").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    functions = re.findall(r"^CAPAUTH_API ([^;]*?)\b(capauth_\w+)\(([^;]*)\);", text, re.M)
    assert {name for _, name, _ in functions} == declared_functions()
    lines = []
    for result, name, parameters in functions:
        flat = re.sub(r"\([^()]*\)", "", parameters)  # of a function that is a parameter: its own
        arguments = ", ".join("0" * (parameters != "void") * (flat.count(",") + 1))
        lines.append(f"{name}({arguments});" if result == "void " else f"(void){name}({arguments});")
    lines += [
        f"{name} *it_{name} = 0; (void)it_{name};" for name in re.findall(r"^typedef struct \w+ (\w+);", text, re.M)
    ]
    lines += [
        f"{name} it_{name} = 0; (void)it_{name};" for name in re.findall(r"^typedef void \(\*(\w+)\)", text, re.M)
    ]
    lines += [f"(void)(int){name};" for name in re.findall(r"\b(CAPAUTH_\w+) = ", text)]
    return "\n".join(["void use_everything(void);", "void use_everything(void)", "{", *lines, "}", ""])


def exported_symbols():
    """(name, version node) of each symbol that the shared library defines for others."""
    symbols = []
    for line in run(os.environ["NM"], "-D", "--defined-only", "--with-symbol-versions", LIBRARY).splitlines():
        kind, name = line.split()[-2:]
        name, _, node = name.partition("@@")
        if kind != "A":  # the version node itself
            symbols.append((name, node))
    return symbols


class SharedLibrary(unittest.TestCase):
    def test_exports_exactly_the_functions_of_the_header(self):
        exported = {name for name, _ in exported_symbols()}
        declared = declared_functions()
        self.assertGreater(len(declared), 50, "the header was not understood")
        self.assertEqual(exported - declared, set(), "exported but not declared")
        self.assertEqual(declared - exported, set(), "declared but not exported")

    def test_gives_each_symbol_the_version_node(self):
        self.assertEqual({node for _, node in exported_symbols()}, {NODE})

    def test_has_the_soname_of_major_1(self):
        self.assertIn("Library soname: [libcapauth.so.1]", run(os.environ["READELF"], "-dW", LIBRARY))

    def test_is_never_unloaded(self):
        self.assertRegex(run(os.environ["READELF"], "-dW", LIBRARY), r"FLAGS_1\).*NODELETE")

    def test_has_no_text_relocations(self):
        self.assertNotIn("TEXTREL", run(os.environ["READELF"], "-dW", LIBRARY))

    def test_has_pages_of_the_platform_s_size(self):
        """Larger ones, which Android wants, would be air in the file: 12 KB of it."""
        self.assertEqual(page_sizes(LIBRARY), page_sizes(sys.executable))

    def test_needs_no_library_beyond_curl_json_and_the_c_library(self):
        needed = re.findall(r"NEEDED\).*\[(.*)\]", run(os.environ["READELF"], "-dW", LIBRARY))
        for name in needed:
            self.assertRegex(name, r"^(libcurl|libjson-c|libc|libpthread|ld-linux.*)\.so")


class Archive(unittest.TestCase):
    def test_has_no_writable_data(self):
        # .data.rel.ro holds constant tables with pointers in them: written by the loader, then sealed.
        writable = re.compile(r"^\s*\[ *\d+\] (\.(?:data|bss|tdata|tbss)(?:\.\S*)?) +\S+ +\S+ +\S+ ([0-9a-f]+)", re.M)
        sections = writable.findall(run(os.environ["READELF"], "-SW", ARCHIVE))
        self.assertTrue(sections, "readelf was not understood")
        found = {name for name, size in sections if int(size, 16) and not name.startswith(".data.rel.ro")}
        self.assertEqual(found, set())

    def test_gives_each_global_name_our_prefix(self):
        symbols = run(os.environ["NM"], "--defined-only", "--extern-only", "-P", ARCHIVE)
        names = [line.split()[0] for line in symbols.splitlines() if line and not line.endswith(":")]
        self.assertTrue(names)
        self.assertEqual([name for name in names if not name.startswith("capauth_")], [])

    def test_marks_names_that_only_our_files_share_by_two_underscores(self):
        symbols = run(os.environ["NM"], "--defined-only", "--extern-only", "-P", ARCHIVE)
        names = {line.split()[0] for line in symbols.splitlines() if line and not line.endswith(":")}
        internal = names - declared_functions()
        self.assertEqual({name for name in internal if not name.startswith("capauth__")}, set())


class Locale(unittest.TestCase):
    """In Turkish, I is not the capital of i; in German, 1.5 is no number. So nothing asks the locale."""

    ASKS = re.compile(
        r"(__)?(str(n?casecmp(_l)?|casestr|coll|xfrm|ptime|ftime)|to(upper|lower)|is(alpha|alnum|blank|cntrl|digit|graph"
        r"|lower|print|punct|space|upper|xdigit)|ctype_(b|tolower|toupper)_loc|ctype_get_mb_cur_max|str(tod|tof|told)"
        r"|atof|[a-z]*scanf|(set|new|use)locale|localeconv|nl_langinfo|mbs?r?to[a-z]+|wc[a-z]+|tow[a-z]+|isw[a-z]+"
        r"|fnmatch)(_l|_chk|_internal)?"
    )

    def assert_asks_nothing(self, *command):
        wanted = {line.split()[-1].partition("@")[0] for line in run(*command).splitlines() if " U " in line}
        self.assertIn("strlen", wanted, "nm was not understood")
        self.assertEqual({name for name in wanted if self.ASKS.fullmatch(name)}, set())

    def test_is_not_asked_by_the_library(self):
        self.assert_asks_nothing(os.environ["NM"], "-D", "--undefined-only", LIBRARY)

    def test_is_not_asked_by_the_archive(self):
        self.assert_asks_nothing(os.environ["NM"], "--undefined-only", ARCHIVE)

    @unittest.skipUnless(EMULATOR, "built without the emulator")
    def test_is_not_asked_by_the_emulator(self):
        self.assert_asks_nothing(os.environ["NM"], "-D", "--undefined-only", EMULATOR)


class Comments(unittest.TestCase):
    """What stands above each function of the header."""

    FUNCTION = re.compile(r"(?:^/\*((?:(?!\*/).)*)\*/\n)?^CAPAUTH_API [^;(]*?\b(capauth_\w+)\(([^;]*)\);", re.M | re.S)

    def setUp(self):
        text = (INCLUDE / "capauth" / "capauth.h").read_text(encoding="utf-8")
        self.numbers = set(re.findall(r"\b(CAPAUTH_\w+) = ", text))
        self.prefixes = {number[: number.index("_", len("CAPAUTH_")) + 1] for number in self.numbers - {"CAPAUTH_OK"}}
        found = self.FUNCTION.findall(text)
        self.comments = {name: re.sub(r"\s*\n \*(?: |$)", "\n", comment) for comment, name, _ in found}
        self.declarations = {name: " ".join(rest.split()) for _, name, rest in found}
        self.parameters = {name: re.findall(r"(\w+)(?:\)\([^)]*\))?(?:,|$)", rest) for _, name, rest in found}
        self.assertEqual(set(self.comments), declared_functions())

    def test_each_function_has_one_of_its_own(self):
        self.assertEqual([name for name, comment in self.comments.items() if not comment.strip()], [])

    def test_each_says_what_is_returned_and_from_which_threads(self):
        for name, comment in self.comments.items():
            for line in ("Returns: ", "Threads: "):
                self.assertEqual(comment.count("\n" + line), 1, f"{name}: one line that begins {line}")

    def test_each_names_only_numbers_that_exist(self):
        for name, comment in self.comments.items():
            known = self.numbers | self.prefixes | declared_functions()
            self.assertEqual(set(re.findall(r"\bCAPAUTH_\w+", comment)) - known, set(), name)

    def test_each_tells_of_its_parameters(self):
        """The handle that a function is about explains itself; `options` and `call` of operations are told of once."""
        told_of = {"void", "client", "session", "options", "call", "data", "free_data"}
        for name, comment in self.comments.items():
            silent = [each for each in self.parameters[name] if each not in told_of and f"`{each}`" not in comment]
            self.assertEqual(silent, [], name)

    def test_each_that_gives_a_handle_or_a_text_says_how_to_free_it(self):
        for name, rest in self.declarations.items():
            if re.search(r"capauth_(client|session|options) \*\*|char \*\*", rest) and not name.endswith("_free"):
                self.assertRegex(self.comments[name], "yours|of your own", name)

    def test_each_operation_names_what_it_asks_the_auth_engine(self):
        table = json.loads((CORE / "operations.json").read_text(encoding="utf-8"))
        for row in table["operations"]:
            for request in row.get("requests", [])[:1]:
                function = "capauth_" + row.get("function", row["name"])
                said = f"Protocol: {row['http']} {request['path'].removeprefix('/')}"
                self.assertIn(said, self.comments[function], function)


class Header(unittest.TestCase):
    """By itself, in every version of the languages that the compilers here know, by whatever name they call it."""

    CLANG = shutil.which("clang") or shutil.which("clang-14")
    WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
    C = [["c99"], ["c11"], ["c17"], ["c23", "c2x"]]
    CXX = [["c++11"], ["c++14"], ["c++17"], ["c++20"], ["c++23", "c++2b"]]

    def try_header(self, compiler, language, names):
        known = [name for name in names if not self.messages_of(compiler, language, name, "")]
        if not known:
            self.skipTest(f"{compiler} knows no {names[0]}")
        # Twice, so that the include guard is tried too.
        text = "#include <capauth/capauth.h>\n" * 2 + uses_of_everything()
        self.assertEqual(self.messages_of(compiler, language, known[0], text), "")

    def messages_of(self, compiler, language, standard, text):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "header.c"
            source.write_text(f"{text}typedef int something;\n", encoding="utf-8")
            command = [compiler, "-x", language, f"-std={standard}", "-pedantic-errors", *self.WARNINGS]
            done = subprocess.run([*command, f"-I{INCLUDE}", "-fsyntax-only", source], capture_output=True, text=True)
            return done.stderr

    def test_compiles_alone_in_every_c(self):
        for names in self.C:
            with self.subTest(names[0]):
                self.try_header(os.environ["CC"], "c", names)

    def test_compiles_alone_in_every_cxx(self):
        for names in self.CXX:
            with self.subTest(names[0]):
                self.try_header(os.environ["CXX"], "c++", names)

    @unittest.skipUnless(CLANG, "no clang here")
    def test_compiles_alone_with_the_other_compiler(self):
        for language, versions in (("c", self.C), ("c++", self.CXX)):
            for names in versions:
                with self.subTest(names[0]):
                    self.try_header(self.CLANG, language, names)


if __name__ == "__main__":
    unittest.main(verbosity=2)
