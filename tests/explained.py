# SPDX-License-Identifier: Apache-2.0
"""Lists of what is left as it is, under the reason why.

A reason begins at the margin and may go over several lines; what it explains stands under it, one each line, indented,
and begins with what it is called. A line that begins with # is a comment.
"""


def read(path):
    """{what it is called: (the reason, its whole line)}"""
    explained = {}
    reason = ""
    listing = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            name = line.split(maxsplit=1)[0]
            if not reason or name in explained:
                raise SystemExit(f"{path}: {name} stands under no reason, or twice")
            explained[name] = (reason, line.strip())
            listing = True
        elif line.strip() and not line.startswith("#"):
            reason = line if listing or not reason else f"{reason} {line}"
            listing = False
    return explained
