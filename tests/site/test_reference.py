"""Every public name, option and error is documented, in each language, and the same is said of it everywhere."""

import html
import inspect
import pathlib
import re

import pytest
from conftest import BUILD, ROOT
from generator import read_c
from generator.names import Names
from tables import Operations, Settings, load_enums, load_errors, public_name

import capauth


@pytest.fixture(scope="session")
def names(site):
    """Those that the site was made with."""
    return Names.loaded((BUILD / "site-work" / "source" / "names.json").read_text(encoding="utf-8"))


def plain(text):
    """Without what is only markup, and without line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"[`\\]", "", text)).strip()


def test_every_public_name_is_documented(names):
    assert names.undocumented() == []
    assert {language: len(entries) > 100 for language, entries in names.entries.items()} == dict.fromkeys(
        ("python", "lua", "java", "c"), True
    )


def test_every_function_of_the_header_has_an_entry(names):
    assert sorted(read_c.declared()) == sorted(entry.name for entry in names.entries["c"])


def test_every_name_that_python_exports_has_an_entry(names):
    found = {entry.name for entry in names.entries["python"]}
    for name in capauth.__all__:
        assert f"capauth.{name}" in found


def test_every_public_class_of_java_has_an_entry(names):
    found = {entry.name for entry in names.entries["java"]}
    declared = set()
    for folder in (ROOT / "bindings/java/src/main/java", BUILD / "bindings/java/generated"):
        for path in pathlib.Path(folder).rglob("*.java"):
            text = path.read_text(encoding="utf-8")
            if re.search(rf"^public .*\b(class|interface|enum) {path.stem}\b", text, re.M):
                (package,) = re.findall(r"^package ([^;]+);", text, re.M)
                declared.add(f"{package}.{path.stem}")
    assert len(declared) > 40
    assert declared - found == set()


def test_every_operation_option_and_error_is_on_its_page(site, pages):
    settings = Settings()
    options, errors, enums = (pages[f"reference/{name}.html"] for name in ("options", "errors", "enums"))
    for setting in settings.client:
        assert f'id="client-option-{setting.name.replace("_", "-")}"' in options, setting.name
    for option in settings.call:
        assert f'id="call-option-{option.name.replace("_", "-")}"' in options, option.name
    for row in load_errors()["codes"]:
        assert f">{public_name(row)} ({row['code']})<" in errors, row["name"]
    for enum in load_enums().values():
        for value in enum["values"]:
            assert value["name"] in enums


def lua_fields(*files):
    """class.field -> what the annotation says."""
    said = {}
    for file in files:
        comment: list[str] = []
        owner = ""
        for line in (BUILD / "lua/share/capauth/meta" / file).read_text(encoding="utf-8").splitlines():
            if match := re.match(r"---@class ([\w.]+)", line):
                owner, comment = match[1], []
            elif match := re.match(r"---@field (\w+)", line):
                said[f"{owner}.{match[1]}"], comment = " ".join(comment), []
            elif line.startswith("---"):
                comment.append(line[3:])
    return said


def python_arguments(function):
    doc = inspect.cleandoc(function.__doc__)
    rows = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", doc, re.M)
    return {name: re.sub(r"\s+", " ", text) for name, text in rows}


def shown(text):
    """A page's text without elements, and without quotation marks, which Sphinx turns."""
    return re.sub("[\"'“”’]", "", plain(html.unescape(re.sub(r"<[^>]+>", "", text))))


def test_help_hovers_and_the_site_say_the_same_of_every_client_option(names, pages):
    settings = Settings()
    in_python = python_arguments(capauth.Client.__init__)
    in_lua = lua_fields("client_options.lua")
    page = shown(pages["reference/options.html"])
    for setting in settings.client:
        in_seconds = settings.explained(setting, "seconds")
        assert in_python[setting.name] == in_seconds
        assert in_lua[f"capauth.ClientOptions.{setting.name}"] == in_seconds
        java = names.by_twin[("client option", setting.name)]["java"]
        assert plain(java.doc).startswith(settings.explained(setting, "milliseconds")), setting.name
        assert shown(in_seconds) in page, setting.name


def test_help_and_hovers_say_the_same_of_every_option_of_a_call(names):
    settings = Settings()
    in_lua = lua_fields("operations.lua")
    for option in settings.call:
        in_seconds = settings.explained(option, "seconds")
        lua_name = "payload_hash" if option.kind == "hash" else option.name
        fields = {text for field, text in in_lua.items() if field.endswith(f"Options.{lua_name}")}
        assert fields and all(text.startswith(in_seconds) for text in fields), option.name
        users = [row.method for row in Operations() if option.common or option.name in row.options]
        for user in users:
            assert python_arguments_of(user)[lua_name].startswith(in_seconds), (user, option.name)
        if option.kind not in ("password", "body"):  # arguments in Java
            java = names.by_twin[("call option", option.name)]["java"]
            assert plain(java.doc).startswith(settings.explained(option, "milliseconds")), option.name


def python_arguments_of(operation):
    return python_arguments(getattr(capauth.Session, operation))


def test_header_has_the_bounds_and_the_default_of_every_number(names):
    header = {entry.name: plain(entry.doc).replace(",", "") for entry in names.entries["c"]}
    for setting in Settings().client:
        if setting.kind in ("duration", "count"):
            said = header[f"capauth_client_set_{setting.c_name}"]
            assert re.search(rf"\b{setting.least} to {setting.most}\b", said), setting.name
            assert re.search(rf"by default {setting.default}\b", said), setting.name


def test_every_operation_has_the_same_twins_everywhere(names):
    for operation in Operations():
        assert set(names.of("session", operation.method)) == {"python", "lua", "java", "c"}, operation.method
