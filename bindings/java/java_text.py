# SPDX-License-Identifier: Apache-2.0
"""How names and documentation are written in Java."""

import textwrap

LINE = 120


def camel(name):
    """new_password is newPassword, timeout_ms is timeoutMillis: as JavaNames has it."""
    first, *rest = (f"{name[:-3]}_millis" if name.endswith("_ms") else name).split("_")
    return first + "".join(word.capitalize() for word in rest)


def javadoc(indent, doc, parameters=()):
    """A documentation comment; `parameters`: (name, doc) of each."""
    doc = doc.replace("&", "&amp;").replace("<", "&lt;")
    if not parameters and len(indent) + len(doc) + len("/**  */") <= LINE:
        return f"{indent}/** {doc} */\n"
    lines = textwrap.wrap(doc, LINE - len(indent) - len(" * "))
    lines += [""] if parameters else []
    for name, what in parameters:
        lines += textwrap.wrap(f"@param {name} {what}", LINE - len(indent) - len(" * "), subsequent_indent="    ")
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"
