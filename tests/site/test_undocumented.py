"""Whatever is public and says nothing of itself is found, in each language and in the tables: put in, and seen."""

import shutil
import types

import pytest
from conftest import BUILD
from generator import read_c, read_java, read_lua, read_python
from generator.names import undocumented
from tables import Settings, load_enums, load_errors

import capauth

JAVA = """
package io.capauth;
/** Said. */
public class Planted {
    public int field;
    public void method() {}
    public interface Inner {}
    /** Said. */
    public enum Kind { ONE, /** Said. */ TWO }
    int ours;
}
"""


def test_nothing_is_missed_in_python(monkeypatch):
    before = undocumented(read_python.entries())

    class Planted:
        def method(self):
            pass

    for name, what in {"Planted": Planted, "planted": lambda: None, "PLANTED": 1}.items():
        monkeypatch.setattr(capauth, name, what, raising=False)
    monkeypatch.setattr(capauth, "__all__", [*capauth.__all__, "Planted", "planted", "PLANTED"])
    monkeypatch.setattr(capauth.Session, "planted", property(lambda self: 1), raising=False)
    monkeypatch.setattr(capauth.Client, "planted", lambda self: 1, raising=False)
    names = ["Planted", "Planted.method", "planted", "PLANTED", "Session.planted", "Client.planted"]
    assert before == []
    names += ["redis.Customer.planted"]  # which is a Session
    assert set(undocumented(read_python.entries())) == {f"capauth.{name}" for name in names}


PLANTED_IN_LUA = """
---@class capauth.Planted
---@field value number
local Planted = {}

function Planted:method() end
"""


def test_nothing_is_missed_in_lua(tmp_path):
    folder = tmp_path / "capauth"
    shutil.copytree(BUILD / "lua" / "share" / "capauth", folder)
    assert undocumented(read_lua.entries(folder)) == []
    file = next(path for path in sorted((folder / "meta").glob("*.lua")) if "function Client:poll" in path.read_text())
    file.write_text(file.read_text(encoding="utf-8") + PLANTED_IN_LUA, encoding="utf-8")
    planted = {"capauth.Planted", "capauth.Planted.value", "capauth.Planted:method"}
    assert set(undocumented(read_lua.entries(folder))) == planted


def test_nothing_is_missed_in_java(tmp_path):
    (tmp_path / "Planted.java").write_text(JAVA, encoding="utf-8")
    found = undocumented(read_java.entries([tmp_path / "Planted.java"], tmp_path / "work"))
    planted = {"Planted.field", "Planted.method", "Planted.Inner", "Planted.Kind.ONE"}
    assert set(found) == {f"io.capauth.{name}" for name in planted}


def test_nothing_is_missed_in_c(tmp_path, monkeypatch):
    header = read_c.HEADER.read_text(encoding="utf-8")
    said = "/* Says what it does, but not who may call it.\n * Returns: 0. */\nCAPAUTH_API int capauth_planted(void);\n"
    silent = "CAPAUTH_API int capauth_silent(void);\n"
    part = read_c.PART.search(header)
    assert part is not None
    (tmp_path / "capauth.h").write_text(f"{header[: part.end()]}\n\n{said}\n{silent}\n{header[part.end() :]}")
    assert undocumented(read_c.entries()) == []
    monkeypatch.setattr(read_c, "HEADER", tmp_path / "capauth.h")
    entries = list(read_c.entries())
    assert undocumented(entries) == ["capauth_planted"]
    assert set(read_c.declared()) - {entry.name for entry in entries} == {"capauth_silent"}


def silent_rows(settings, errors, enums):
    """Options, codes, classes and enumerators of which the tables do not say all that the pages show."""
    yield from (option.name for option in [*settings.client, *settings.call] if not option.doc)
    needed = ("text", "cause", "remedy")
    yield from (row["name"] for row in errors["codes"] if not all(row.get(member) for member in needed))
    yield from (row["name"] for row in errors["classes"] if not row["doc"])
    yield from (row["name"] for enum in enums.values() for row in enum["values"] if not row.get("doc"))


def test_every_row_of_the_tables_is_explained():
    assert list(silent_rows(Settings(), load_errors(), load_enums())) == []


@pytest.mark.parametrize("member", ["text", "cause", "remedy"])
def test_nothing_is_missed_in_the_tables(member):
    settings, errors, enums = Settings(), load_errors(), load_enums()
    silent = types.SimpleNamespace(name="option", doc="")
    planted = types.SimpleNamespace(client=[*settings.client, silent], call=settings.call)
    errors["codes"][0] = {**errors["codes"][0], member: ""}
    enums["step"]["values"][0] = {**enums["step"]["values"][0], "doc": ""}
    found = ["option", errors["codes"][0]["name"], enums["step"]["values"][0]["name"]]
    assert list(silent_rows(planted, errors, enums)) == found
