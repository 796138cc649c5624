# SPDX-License-Identifier: Apache-2.0
"""The small faults that somebody could make in a C file, one at a time.

Each kind of fault is a function below that looks at one node of the syntax tree and says by what it could be replaced.
A fault is called by a hash of its file, function and words, so that it keeps its name when lines move.
"""

import collections
import dataclasses
import hashlib
import re

import tree_sitter
import tree_sitter_c

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
KINDS: list = []  # (what it is, function)

OTHER_COMPARISON = {
    "<": ["<=", ">="],
    "<=": ["<", ">"],
    ">": [">=", "<="],
    ">=": [">", "<"],
    "==": ["!="],
    "!=": ["=="],
}
OTHER_OPERATOR = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "&": "|", "|": "&", "<<": ">>", ">>": "<<"}


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    file: str
    function: str
    kind: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self):
        return f"{self.name} {self.file}:{self.line} {self.function}: {self.kind}: {self.before!r} -> {self.after!r}"

    def in_text(self, text):
        data = text.encode()
        # As many lines as before, so that a line's number means the same.
        lines = "\n" * data[self.start : self.end].count(b"\n")
        return (data[: self.start] + self.after.encode() + lines.encode() + data[self.end :]).decode()


def kind(what):
    def add(function):
        KINDS.append((what, function))
        return function

    return add


def text_of(node):
    return node.text.decode()


def is_condition_of(node, *statements):
    """Perhaps in parentheses, which are a node of their own."""
    inside = node.parent.type == "parenthesized_expression"
    condition = node.parent if inside else node
    if not node.is_named or node.type == "parenthesized_expression" or condition.parent.type not in statements:
        return False
    return condition == condition.parent.child_by_field_name("condition")


@kind("call left out")
def calls(node):
    if node.type == "expression_statement" and node.named_children[:1]:
        call = node.named_children[0]
        if call.type == "cast_expression":  # (void)f();
            call = call.child_by_field_name("value")
        if call.type == "call_expression":
            yield ";"


@kind("assignment left out")
def assignments(node):
    assigning = ("assignment_expression", "update_expression")
    if node.type == "expression_statement" and node.named_children[:1] and node.named_children[0].type in assigning:
        yield ";"


@kind("condition negated")
def conditions(node):
    if is_condition_of(node, "conditional_expression", "for_statement", "while_statement", "do_statement"):
        yield f"!({text_of(node)})"


@kind("check left out")
def checks(node):
    if is_condition_of(node, "if_statement"):
        yield "0"
        yield "1"


@kind("part of a condition left out")
def operands(node):
    if node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) in ("&&", "||"):
        yield text_of(node.child_by_field_name("left"))
        yield text_of(node.child_by_field_name("right"))


@kind("and, or")
def logic(node):
    if node.type in ("&&", "||"):
        yield "||" if node.type == "&&" else "&&"


@kind("boundary")
def boundaries(node):
    if node.type in OTHER_COMPARISON and node.parent.type == "binary_expression":
        yield from OTHER_COMPARISON[node.type]


@kind("not left out")
def negations(node):
    if node.type == "unary_expression" and text_of(node.child_by_field_name("operator")) == "!":
        yield text_of(node.child_by_field_name("argument"))


@kind("operator")
def operators(node):
    if node.type in OTHER_OPERATOR and node.parent.type == "binary_expression":
        yield OTHER_OPERATOR[node.type]
    if node.type in ("++", "--") and node.parent.type == "update_expression":
        yield "--" if node.type == "++" else "++"


@kind("off by one")
def numbers(node):
    if node.type == "number_literal" and (digits := re.fullmatch(r"(\d+)([uUlL]*)", text_of(node))):
        number = int(digits[1])
        yield f"{number + 1}{digits[2]}"
        if number > 1:
            yield f"{number - 1}{digits[2]}"


@kind("flag")
def flags(node):
    if node.type in ("true", "false") and node.parent.type != "return_statement":
        yield "false" if node.type == "true" else "true"


@kind("return of something else")
def returns(node):
    if node.type != "return_statement" or not node.named_children:
        return
    value = text_of(node.named_children[0])
    if value in ("true", "false"):
        yield f"return {'false' if value == 'true' else 'true'};"
    elif value in ("0", "CAPAUTH_OK"):
        yield "return CAPAUTH_E_INTERNAL;"
    elif value.startswith("CAPAUTH_E_"):
        yield "return 0;"
        yield "return CAPAUTH_E_INTERNAL;"
    elif value != "NULL":
        yield "return 0;"


@kind("code")
def codes(node):
    if node.type == "identifier" and text_of(node).startswith("CAPAUTH_E_") and node.parent.type != "return_statement":
        yield "CAPAUTH_E_REFUSED" if text_of(node) == "CAPAUTH_E_INTERNAL" else "CAPAUTH_E_INTERNAL"


@kind("jump left out")
def jumps(node):
    if node.type in ("break_statement", "continue_statement"):
        yield ";"


def function_name(node):
    declarator = node.child_by_field_name("declarator")
    while declarator.type != "identifier":
        declarator = declarator.child_by_field_name("declarator") or declarator.named_children[0]
    return text_of(declarator)


def context_of(node):
    """The words around it: of the smallest statement, without what is inside its blocks."""
    while node.parent and not node.type.endswith(("_statement", "declaration", "_definition", "enumerator")):
        node = node.parent
    return " ".join(text_of(node).partition("{")[0].split())


def nodes_of(node, function="-"):
    """(node, the function that it is in)"""
    if node.type == "function_definition":
        function = function_name(node)
    elif node.type in ("preproc_include", "preproc_def", "preproc_function_def", "comment"):
        return
    yield node, function
    for child in node.children:
        yield from nodes_of(child, function)


def faults_of(file, text):
    """The faults of a file of the core, which is called `file`."""
    seen: collections.Counter = collections.Counter()
    for node, function in nodes_of(PARSER.parse(text.encode()).root_node):
        for what, replacements in KINDS if node.parent else []:
            for after in replacements(node):
                before = text_of(node)
                words = "|".join((file, function, what, context_of(node), before, after))
                seen[words] += 1
                name = hashlib.sha256(f"{words}|{seen[words]}".encode()).hexdigest()[:10]
                line = node.start_point[0] + 1
                yield Fault(name, file, function, what, line, node.start_byte, node.end_byte, before, after)
