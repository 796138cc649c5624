"""PROTOCOL.md, whose tables say what is known of the service, agrees with what the emulator does."""

import json
import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent
MARKS = {"documented", "seen", "assumed", "emulator"}


def cells(line):
    """The cells of a table's row: a bar within a cell has a backslash."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def tables():
    """The rows of every table, by the heading that it stands under."""
    heading = ""
    found: dict[str, list[list[str]]] = {}
    for line in (HERE / "PROTOCOL.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            found.setdefault(heading, []).append(cells(line))
    return {heading: [row for row in rows if set("".join(row)) - set("-")] for heading, rows in found.items()}


TABLES = tables()


def rows(heading, columns):
    """The rows of a table with so many columns."""
    names, *rest = [row for row in TABLES[heading] if len(row) == columns]
    assert rest, heading
    return [dict(zip(names, row, strict=True)) for row in rest]


@pytest.mark.parametrize("heading", TABLES)
def test_every_fact_has_a_mark(heading):
    columns = max(len(row) for row in TABLES[heading])
    facts = [row for row in TABLES[heading] if row[-1]]
    assert len(TABLES[heading]) - len(facts) <= 2, "only headings have no mark"
    assert columns >= 2
    for row in facts:
        words = set(re.findall(r"\w+", row[-1]))
        assert words & MARKS, row


def test_operations_are_the_emulators(emulator):
    told = [
        (row["method"].split(",")[0], row["path"].strip("`"), set(filter(None, row["required"].split(", "))))
        for row in rows("Operations", 5)
    ]
    served = [
        (each["method"], each["path"], set(each["required"]))
        for each in emulator.control("GET", "operations")["operations"]
    ]
    assert told == served


def test_codes_are_the_emulators(emulator):
    told = {int(row["code"]): row["sent"] for row in rows("Codes", 4)}
    sent = {each["code"] for each in emulator.control("GET", "codes")["codes"]}
    assert {code for code, is_sent in told.items() if is_sent == "yes"} == sent
    assert set(told.values()) == {"yes", "no"} and sorted(told) == list(told)


def test_codes_in_conditions_are_in_the_table_of_codes():
    known = {row["code"] for row in rows("Codes", 4)}
    named = {code for row in TABLES["Which code when"] for code in re.findall(r"\b\d{4}\b", row[1])}
    assert named and named <= known


def values_of(setting):
    if "choices" in setting:
        return setting["choices"].replace(",", ", ") + (" (a list)" if setting["type"] == "list" else "")
    if "least" in setting:
        or_null = ", or null" if "null" in setting["type"] else ""
        return f"{setting['least']} to {setting['most']}{or_null}"
    return {"boolean": "true, false", "digits": "1 to 16 digits"}.get(setting["type"], setting["type"])


def default_of(setting):
    if setting["default"] is None and "null" not in setting["type"]:
        return "none"
    return json.dumps(setting["default"]).strip('"')


def test_settings_are_the_emulators(emulator):
    told = [tuple(row.values())[:4] for row in rows("Settings", 5)]
    known = emulator.control("GET", "settings")["settings"]
    assert told == [(f"`{each['name']}`", default_of(each), values_of(each), each["meaning"]) for each in known]


def test_described_defaults_and_limits_hold(emulator):
    brand = emulator.brand()
    known = emulator.control("GET", "settings")["settings"]
    assert emulator.control("GET", "brands/" + brand.name) == {each["name"]: each["default"] for each in known}
    for each in known:
        if "most" in each:
            brand.set(**{each["name"]: each["least"]})
            brand.set(**{each["name"]: each["most"]})
            for beyond in (each["least"] - 1, each["most"] + 1):
                reply = emulator.send("PUT", "/_emulator/brands/" + brand.name, {each["name"]: beyond})
                assert reply.http_status == 400, each
        for choice in each.get("choices", "").split(",")[: "choices" in each]:
            brand.set(**{each["name"]: choice})


def test_every_setting_has_a_test(emulator):
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("test_*.py")))
    for each in emulator.control("GET", "settings")["settings"]:
        assert re.search(rf"\b{each['name']}\b", tests), each["name"]


def test_the_man_page_names_every_setting_and_control_call(emulator):
    page = (HERE / "capauth-emulator.1").read_text(encoding="utf-8").replace("\\-", "-")
    for each in emulator.control("GET", "settings")["settings"]:
        name = each["name"]
        template = name.endswith("_PROPERTIES") and "..._PROPERTIES" in page
        assert re.search(rf"\b{name}\b", page) or template, name
    for call in emulator.control("GET", "")["calls"]:
        method, path = call.split(" ")
        name = path.removeprefix("/_emulator/").split("?")[0].split("/")[0]
        assert re.search(rf"\b{name}\b", page), call
