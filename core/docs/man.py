#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the manual's section 3 from the comments of the public header:  core/docs/man.py FOLDER

A page for each group of functions, capauth(3) for what holds for all of them and for the errors; every other name leads
to its group's page. SOURCE_DATE_EPOCH, where it is set, is the date of the pages.
"""

import datetime
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "core")]

from generator import man_text, read_c  # noqa: E402
from tables import load_errors  # noqa: E402

# Page, what it is about, its names. A name is on the first page that matches it.
GROUPS = [
    ("capauth_version", "what the library and the system are", r"version|diagnose"),
    ("capauth_strerror", "what codes and steps mean", r"strerror|error_\w+|step_name"),
    ("capauth_string_free", "wipe and free a text", r"string_free"),
    ("capauth_client_set_log", "be told what happens", r"(log|trace)_callback|client_set_(log|trace)"),
    ("capauth_client_set_cluster", "settings of a client", r"client_(set|add)_\w+|client_\w+_ms"),
    ("capauth_client_prepare", "connect ahead of the first operation", r"client_(start_)?prepare"),
    ("capauth_client_poll", "do what is due, without blocking", r"client_(poll|fd|next_done)"),
    ("capauth_client_new", "a client: configuration and connections", r"client_\w+"),
    (
        "capauth_token_generate",
        "operations: sign in, stay signed in, call the gateway",
        r"(token|otp|password|identifier|gateway)_\w+|session_sign_out",
    ),
    (
        "capauth_session_export",
        "keep a session, and share it",
        r"session_(export|restore|reload|on_change|pause_refresh)|change_callback",
    ),
    (
        "capauth_session_new",
        "a session: one customer of one brand on one device",
        r"session_(new|external_new|second_factor|free|close|set_\w+)",
    ),
    ("capauth_session_copy_token", "copies of what a session knows", r"session_copy_\w+"),
    ("capauth_session_next_step", "what a session knows", r"session_\w+"),
    ("capauth_options_new", "optional arguments of a call", r"options_\w+"),
    ("capauth_call_wait", "wait for a call, cancel and free it", r"call_(done|wait|result|cancel|free)"),
    ("capauth_call_error_message", "what became of a call", r"call_\w+"),
]
EXAMPLE = HERE / "recipes" / "first_sign_in.c"


def group_of(name):
    short = name.removeprefix("capauth_")
    return next(page for page, _, pattern in GROUPS if re.fullmatch(pattern, short))


def groups():
    """Page: its declarations as the reader gives them, in the header's order."""
    pages = {}
    for _, name, *rest in read_c.declarations():
        pages.setdefault(group_of(name), []).append((name, *rest))
    return pages


def date():
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    day = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC) if seconds else datetime.date.today()
    return f"{day:%B} {day.day}, {day.year}"


def version():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"VERSION (\d+\.\d+\.\d+)", text)[1]


def head(title, names, about):
    lines = [f".Dd {date()}", f".Dt {title.upper()} 3", f".Os capauth {version()}", ".Sh NAME"]
    lines += [f".Nm {name}" + " ," * (name != names[-1]) for name in names]
    return [*lines, f".Nd {about}", ".Sh LIBRARY", "libcapauth", ".Pq Fl lcapauth"]


def synopsis(name, signature):
    kind, called, arguments = re.fullmatch(rf"(.+?) ?((?:\(\*)?\b{name}\)?)\((.*)\)", signature).groups()
    arguments = re.findall(r"(?:[^,(]|\([^)]*\))+", arguments)  # one may be a function's type, with commas inside
    return [f".Ft {kind}", f'.Fn "{called}" ' + " ".join(f'"{argument.strip()}"' for argument in arguments)]


def description(name, comment):
    text, said = read_c.fields(comment)
    lines = [f".It Fn {name}", *man_text.lines(text)]
    for field, what in said.items():
        lines += [".Pp", f".Em {field} :"]
        items = what.split(";") if field == "Returns" else [what]
        lines += man_text.lines("; ".join(item.strip() for item in items))
    return lines


def page(title, about, declarations):
    names = [name for name, *_ in declarations]
    lines = head(title, names, about)
    lines += [".Sh SYNOPSIS", ".In capauth/capauth.h"]
    for name, signature, *_ in declarations:
        lines += synopsis(name, signature)
    lines += [".Sh DESCRIPTION"]
    rules = "\n\n".join(read_c.words(rule) for _, _, _, its in declarations for rule in its)
    lines += man_text.paragraphs(rules)
    lines += [".Bl -tag -width Ds"]
    for name, _, comment, _ in declarations:
        lines += description(name, comment)
    lines += [".El", ".Sh SEE ALSO"]
    return lines + see_also({"capauth"} | (mentioned(declarations) - {title}))


def mentioned(declarations):
    """The pages of the functions that the comments name."""
    text = " ".join(comment + " ".join(rules) for _, _, comment, rules in declarations)
    return {group_of(name) for name in re.findall(r"\bcapauth_\w+", text) if name in read_c.declared()}


def see_also(titles):
    titles = sorted(titles)
    return [f".Xr {title} 3" + " ," * (title != titles[-1]) for title in titles]


def overview(pages):
    lines = head("capauth", ["capauth"], "sign customers in at the Auth Engine, and keep them signed in")
    lines += [".Sh SYNOPSIS", ".In capauth/capauth.h", ".Sh DESCRIPTION", *man_text.paragraphs(read_c.top()[0].strip())]
    lines += [".Ss Pages", ".Bl -tag -width Ds"]
    for title, about, _ in GROUPS:
        lines += [f".It Xr {title} 3", man_text.escaped(about[0].upper() + about[1:] + ".")]
    lines += [".El", ".Ss Rules that hold for all functions", ".Bl -tag -width Ds"]
    for name, said in read_c.rules():
        lines += [f".It Em {name}", *man_text.lines(said)]
    lines += [".El", ".Sh EXAMPLES", "A first sign-in:", ".Bd -literal"]
    lines += [man_text.escaped(line) for line in EXAMPLE.read_text(encoding="utf-8").splitlines()]
    lines += [".Ed", ".Sh ERRORS", ".Bl -tag -width Ds"]
    for row in load_errors()["codes"]:
        lines += [f".It Dv CAPAUTH_{row['name']} Pq {row['code']}"]
        lines += man_text.lines(f"{row['cause']} {row['remedy']}")
    return [*lines, ".El", ".Sh SEE ALSO", ".Xr capauth 1 ,", ".Xr capauth-emulator 1 ,", *see_also(pages)]


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    pages = groups()
    abouts = {title: about for title, about, _ in GROUPS}
    texts = {"capauth": "\n".join(overview(pages)) + "\n"}
    for title, declarations in pages.items():
        texts |= {name: f".so man3/{title}.3\n" for name, *_ in declarations}
        texts[title] = "\n".join(page(title, abouts[title], declarations)) + "\n"
    for name, text in texts.items():
        (folder / f"{name}.3").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
