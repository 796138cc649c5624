# SPDX-License-Identifier: Apache-2.0
"""Notes how many cells a language has run, beside those of the others:  figure.py LANGUAGE CELLS

Writes the figure of all of them into $CAPAUTH_FIGURES/faults.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import table  # noqa: E402


def main(language, cells):
    figures = pathlib.Path(os.environ["CAPAUTH_FIGURES"])
    notes = figures.parent / "faults-run"
    for folder in (figures, notes):
        folder.mkdir(parents=True, exist_ok=True)
    (notes / language).write_text(cells, encoding="utf-8")
    run = {note.name: int(note.read_text(encoding="utf-8")) for note in notes.iterdir()}
    size = f"{len(table.load().faults)} faults x {len(table.load().operations)} operations"
    text = f"{size}: {sum(run.values()):,} cells run, in {', '.join(sorted(run))}\n"
    (figures / "faults").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
