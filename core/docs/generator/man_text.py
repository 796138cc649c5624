# SPDX-License-Identifier: Apache-2.0
"""Text of the header's comments as mdoc(7): names get the macros that manuals have for them."""

import re
import textwrap

# What a word must be as a whole, save for punctuation around it, to be the argument of a macro.
MACROS = [
    (re.compile(r"`(\w+)`"), ".Fa"),
    (re.compile(r"(capauth_\w+)"), ".Fn"),
    (re.compile(r"(CAPAUTH_\w+)"), ".Dv"),
]
PUNCTUATED = re.compile(r"([(\[]*)(.+?)([.,:;)\]?!]*)")


def escaped(text):
    """As it is, whatever it begins with."""
    text = text.replace("\\", "\\e").replace("`", "\\(ga").replace("~", "\\(ti").replace("^", "\\(ha")
    return ("\\&" if text[:1] in (".", "'") else "") + text


def lines(text):
    """Sentences, and each name on a line of its own, as mdoc wants them."""
    made, plain = [], []

    def end_line():
        if plain:
            made.extend(escaped(line) for line in textwrap.wrap(" ".join(plain), 79, break_long_words=False))
            plain.clear()

    for word in words(text):
        before, core, after = PUNCTUATED.fullmatch(word).groups()
        for pattern, macro in MACROS:
            if match := pattern.fullmatch(core):
                end_line()
                made.append(" ".join([macro, *before, match[1], *after]))
                break
        else:
            plain.append(word.replace("`", "'") if word.count("`") % 2 else re.sub(r"`([^`]*)`", r"\1", word))
            if re.search(r"[.?!:;][)\"]?$", word):
                end_line()
    end_line()
    return made


def paragraphs(text):
    made = [lines(paragraph) for paragraph in re.split(r"\n\s*\n", text)]
    return [line for paragraph in made for line in [".Pp", *paragraph]][1:]


def words(text):
    """Words; what is in backticks is one, blanks and all, if it has any."""
    return [word for word in re.findall(r"[^\s`]*`[^`]*`\S*|\S+", " ".join(text.split()))]
