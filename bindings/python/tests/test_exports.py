"""The pinned texts of tests/exports/ come back as they went in, or are refused; core/export-format.md tells of them."""

import json
import pathlib
import re
from collections.abc import Iterator

import pytest

import capauth

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXPORTS = ROOT / "tests" / "exports"
REFUSED = EXPORTS / "refused"


def table(folder: pathlib.Path) -> list[list[str]]:
    return [line.split("\t") for line in (folder / "expected.tsv").read_text(encoding="utf-8").splitlines()]


def text_of(path: pathlib.Path) -> str:
    return path.read_bytes().decode().removesuffix("\n")


@pytest.fixture(scope="module")
def brand_client() -> Iterator[capauth.Client]:
    with capauth.Client(base_url="https://auth.brand.example") as client:
        yield client


@pytest.mark.parametrize("folder", [EXPORTS, REFUSED], ids=["exports", "refused"])
def test_table_has_every_file(folder: pathlib.Path) -> None:
    assert sorted(row[0] for row in table(folder)) == sorted(path.name for path in folder.glob("*.json"))


@pytest.mark.parametrize("name, next_step, signed_in, identifier", table(EXPORTS))
def test_each_state_comes_back(
    brand_client: capauth.Client, name: str, next_step: str, signed_in: str, identifier: str
) -> None:
    text = text_of(EXPORTS / name)
    session = brand_client.restore(text)
    assert session.next_step == next_step
    assert session.signed_in is (signed_in == "1")
    assert session.identifier == (None if identifier == "-" else identifier)
    assert session.export() == text


@pytest.mark.parametrize("name, says", table(REFUSED))
def test_what_is_no_export_is_refused(brand_client: capauth.Client, name: str, says: str) -> None:
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        brand_client.restore(text_of(REFUSED / name))
    assert caught.value.name == "INVALID_ARGUMENT"
    assert says in caught.value.message


def test_document_has_every_member_in_order() -> None:
    document = (ROOT / "core" / "export-format.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \|", document, re.M)
    pinned = [list(json.loads(text_of(EXPORTS / row[0]))) for row in table(EXPORTS) if row[0] != "unknown_members.json"]
    assert set(told) == {"must"}.union(*pinned)
    for members in pinned:
        assert members == [name for name in told if name in members]


def test_every_member_of_the_document_is_understood(brand_client: capauth.Client) -> None:
    document = (ROOT / "core" / "export-format.md").read_text(encoding="utf-8")
    members = json.loads(text_of(EXPORTS / "fresh_web.json"))
    members["must"] = re.findall(r"^\| `(\w+)` \|", document, re.M)
    assert "must" in members["must"]
    assert brand_client.restore(json.dumps(members)).flow == "web"
    members["must"].append("unknown")
    with pytest.raises(capauth.InvalidArgumentError):
        brand_client.restore(json.dumps(members))
