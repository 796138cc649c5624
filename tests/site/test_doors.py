"""Behind each door a reader who knows one language alone gets to a running sign-in, from an empty folder."""

import re

import pytest
from conftest import BUILD, ROOT
from follow import Reader, blocks

DOORS = {
    "python": "bindings/python/docs/start.md",
    "lua": "bindings/lua/docs/start.md",
    "java": "bindings/java/docs/start.md",
    "c": "core/docs/c/start.md",
}
OTHERS_WORDS = re.compile(r"\b(gcc|cc|\.h|header|struct|pointer|int)\b")


@pytest.mark.parametrize("language", DOORS)
def test_reader_signs_in(language):
    reader = Reader(DOORS[language], BUILD, first_answers=["000000"])
    assert reader.follow() == 0, reader.output
    assert "signed in as USER" in reader.output
    assert len(re.findall("OTP: ", reader.output)) == 2  # a wrong one first, as the page suggests


@pytest.mark.parametrize("language", ["python", "lua", "java"])
def test_nobody_needs_to_open_anything_of_c(language):
    """Nothing but its own language and a shell is run or shown."""
    text = (ROOT / DOORS[language]).read_text(encoding="utf-8")
    for name, block in blocks(text):
        assert name == "sh" or not name.endswith((".c", ".h"))
        assert not (name == "sh" and OTHERS_WORDS.search(block)), block


def test_emulator_is_used_with_curl_alone():
    reader = Reader("core/docs/emulator/start.md", BUILD)
    assert reader.follow() == 0, reader.output
    assert '"role":"USER"' in reader.output.replace(" ", "")
