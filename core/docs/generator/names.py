# SPDX-License-Identifier: Apache-2.0
"""All public names of all languages, and which of them are the same thing."""

import json
from dataclasses import asdict

from . import read_c, read_java, read_lua, read_python
from .entry import TITLES, Entry


def undocumented(entries):
    return [entry.name for entry in entries if entry.undocumented]


class Names:
    """The entries of each language in the order of its page, and the twins of each."""

    def __init__(self, entries):
        self.entries = entries
        self.by_twin: dict[tuple[str, str], dict[str, Entry]] = {}
        for language, entries in self.entries.items():
            for entry in entries:
                self.by_twin.setdefault(entry.twin, {}).setdefault(language, entry)

    @classmethod
    def read(cls, build, work):
        """From the sources, and from what was built of them."""
        return cls(
            {
                "python": list(read_python.entries()),
                "lua": list(read_lua.entries(build / "lua" / "share" / "capauth")),
                "java": list(read_java.entries(read_java.sources(build), work)),
                "c": list(read_c.entries()),
            }
        )

    @classmethod
    def loaded(cls, text):
        """From what as_json gave."""
        entries: dict[str, list[Entry]] = {language: [] for language in TITLES}
        for row in json.loads(text).values():
            del row["twins"]
            entries[row["language"]].append(Entry(**row | {"twin": tuple(row["twin"])}))
        return cls(entries)

    def twins(self, entry):
        """language -> name of the same thing elsewhere."""
        owner, name = entry.twin
        others = dict(self.by_twin[entry.twin])
        if name.startswith("start_"):  # C has one function for both forms
            begun = self.by_twin.get((owner, name.removeprefix("start_")), {})
            others |= {"c": begun["c"]} if "c" in begun and "c" not in others else {}
        return {to: others[to].name for to in TITLES if to != entry.language and to in others}

    def of(self, *twin):
        """language -> name."""
        return {language: entry.name for language, entry in self.by_twin.get(twin, {}).items()}

    def undocumented(self):
        return undocumented(entry for entries in self.entries.values() for entry in entries)

    def as_json(self):
        rows = {
            f"{entry.language} {entry.name}": asdict(entry) | {"twins": self.twins(entry)}
            for entries in self.entries.values()
            for entry in entries
        }
        return json.dumps(rows, indent=1)
