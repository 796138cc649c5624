# SPDX-License-Identifier: Apache-2.0
"""What the pages have beside Markdown.

    {programs} NAME     a program, in each language that has it, by tabs
    {sequence}          a drawing of who asks whom: see drawing.py
    {entry} LANGUAGE NAME  a public name with its signature, and what it is called elsewhere; the content is its text
    {names}             lines of LANGUAGE NAME: what else is explained at this place
    {clusters}          the Auth Engine's public hosts
    {next-steps}             what changes the next step, of all operations
    {error-tree}        the classes of errors, one below the other
    {benchmark}         the figures of the last whole `make bench`; the content is what to say where there are none
    {in-c}`NAME`        a link to the entry of a name; likewise in-python, in-lua, in-java
"""

import json
import pathlib
import re

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id
from tables import Operations, Settings, load_errors

from .drawing import sequence
from .entry import TITLES
from .pages import LANGUAGES, ROOT, file_name


def parsed(directive, text):
    """The nodes of a piece of Markdown, at the place of the directive."""
    parent = nodes.container()
    lines = StringList(text.splitlines(), directive.get_source_info()[0])
    directive.state.nested_parse(lines, directive.content_offset, parent)
    return parent.children


class Programs(SphinxDirective):
    required_arguments = 1
    has_content = True  # why a language has none

    def run(self):
        name = self.arguments[0]
        tabs = []
        for language in LANGUAGES:
            path = pathlib.Path(self.env.srcdir) / "programs" / language / file_name(name, language)
            if not path.exists():
                continue
            self.env.note_dependency(str(path))
            tabs.append(
                f":::{{tab-item}} {TITLES[language]}\n:sync: {language}\n\n"
                f"```{{literalinclude}} /programs/{language}/{path.name}\n"
                f":language: {language}\n:caption: {path.name}\n```\n:::\n"
            )
        if not tabs:
            raise self.error(f"there is no program {name}")
        return parsed(self, "::::{tab-set}\n:sync-group: language\n\n" + "\n".join(tabs) + "\n::::\n")


class Sequence(SphinxDirective):
    has_content = True
    option_spec = {"title": directives.unchanged_required}

    def run(self):
        picture = sequence(list(self.content), self.options.get("title", "Sequence"))
        return [nodes.raw("", f'<div class="drawing">{picture}</div>', format="html")]


class Entry(SphinxDirective):
    required_arguments = 2
    has_content = True

    def run(self):
        language, name = self.arguments
        row = all_names(self.env)[f"{language} {name}"]
        kind = f"in-{language}"
        described = addnodes.desc(domain="std", objtype=kind, desctype=kind, classes=["entry", language])
        for number, line in enumerate(row["signature"].splitlines()):
            described += self.signature(row, line, first=number == 0)
        content = addnodes.desc_content()
        self.state.nested_parse(self.content, self.content_offset, content)
        if row["twins"]:
            text = " · ".join(f"{TITLES[to]} {{in-{to}}}`{other}`" for to, other in row["twins"].items())
            content += nodes.container("", *parsed(self, text), classes=["twins"])
        described += content
        return [described]

    def signature(self, row, line, first):
        node = addnodes.desc_signature(line, "", nodes.Text(line))
        if first:
            node["ids"].append(target(self, row["language"], row["name"]))
        return node


class Names(SphinxDirective):
    has_content = True

    def run(self):
        places = []
        for line in self.content:
            place = nodes.target("", "", ids=[target(self, *line.split())])
            self.state.document.note_explicit_target(place)
            places.append(place)
        return [nodes.paragraph("", "", *places)]


class Clusters(SphinxDirective):
    def run(self):
        rows = [f"| `{row['name']}` | `{row['base_url']}` | `{row['gateway_url']}` |" for row in Settings().clusters]
        return parsed(self, "| cluster | Auth Engine | gateway |\n|---|---|---|\n" + "\n".join(rows))


class Steps(SphinxDirective):
    def run(self):
        table = Operations()
        rows = []
        for operation in table:
            for outcome, step, why in table.transitions(operation):
                said = "success" if outcome == "OK" else f"{{in-c}}`{outcome.removeprefix('E_')} <CAPAUTH_{outcome}>`"
                advised = f"by {step[3:]}" if step.startswith("by_") else f"`{step}`"
                rows.append(f"| `{operation.method}` | {said} | {advised} | {why} |\n")
        return parsed(self, "| operation | outcome | the next step | |\n|---|---|---|---|\n" + "".join(rows))


class ErrorTree(SphinxDirective):
    def run(self):
        rows = load_errors()["classes"]

        def below(parent, depth):
            lines = []
            for row in rows:
                if row["parent"] == parent:
                    also = f" (also a {row['python']})" if row["python"] not in (None, "Exception") else ""
                    link = f"{{in-python}}`{row['name']} <capauth.{row['name']}>`"
                    lines.append(f"{'  ' * depth}* {link}{also}: {row['doc']}")
                    lines += below(row["name"], depth + 1)
            return lines

        return parsed(self, "\n".join(below(None, 0)))


RESULTS = ROOT / "tests" / "bench" / "results"


class Benchmark(SphinxDirective):
    has_content = True

    def run(self):
        text = RESULTS / "results.md"
        if not text.exists():
            return parsed(self, "\n".join(self.content))
        self.env.note_dependency(str(text))
        plots = [self.plot(path) for path in sorted(RESULTS.glob("*.svg"))]
        lines = text.read_text(encoding="utf-8").splitlines()[1:]  # without its title
        lines = [f"**{line[3:]}**" if line.startswith("## ") else line for line in lines]
        return [*plots, *parsed(self, "\n".join(lines).replace("../README.md", "benchmark.md"))]

    def plot(self, path):
        """In the page itself, so that its words take the page's colour, in the dark too."""
        self.env.note_dependency(str(path))
        picture = re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.S)
        title = re.search(r"<title>.*?</title>", picture)[0].replace("title>", "figcaption>")
        return nodes.raw("", f'<figure class="drawing plot">{title}{picture}</figure>', format="html")


_names: dict[str, dict] = {}


def all_names(env):
    if not _names:
        _names.update(json.loads((pathlib.Path(env.srcdir) / "names.json").read_text(encoding="utf-8")))
    return _names


def target(directive, language, name):
    """Registers the name here, and gives the anchor."""
    kind = f"in-{language}"
    place = make_id(directive.env, directive.state.document, kind, name)
    directive.env.domains["std"].note_object(kind, name, place, location=directive.get_location())
    return place


def setup(app):
    app.add_directive("programs", Programs)
    app.add_directive("sequence", Sequence)
    app.add_directive("entry", Entry)
    app.add_directive("names", Names)
    app.add_directive("clusters", Clusters)
    app.add_directive("next-steps", Steps)
    app.add_directive("error-tree", ErrorTree)
    app.add_directive("benchmark", Benchmark)
    for language, title in TITLES.items():
        app.add_object_type(f"in-{language}", f"in-{language}", objname=title)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
