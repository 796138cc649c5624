# SPDX-License-Identifier: Apache-2.0
"""How Lua calls the classes of errors.json, having no classes of errors."""

import re


def kind_of(class_name):
    """InvalidOtpError: invalid_otp. The root keeps its name, having no other."""
    stem = class_name.removesuffix("Error") or class_name
    return re.sub(r"(?<!^)([A-Z])", r"_\1", stem).lower()


def category_of(class_name, table):
    """The kind of its parent, or its own where the parent is the root, which would say nothing."""
    parents = {row["name"]: row["parent"] for row in table["classes"]}
    parent = parents[class_name]
    return kind_of(parent if parent and parents[parent] else class_name)
