#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_jar.py JAR FOLDER|SOURCE...: packs folders, and Java sources by their package, into a jar that is the same
whenever it is made from the same files."""

import io
import pathlib
import re
import sys
import zipfile

MANIFEST = "META-INF/MANIFEST.MF"
NATIVE = "io/capauth/native/"
TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file knows


def main(jar, *contents):
    files = {}
    for content in map(pathlib.Path, contents):
        if content.is_file():
            files[place_of_source(content)] = content.read_bytes()
        for path in content.rglob("*"):
            if path.is_file():
                files[path.relative_to(content).as_posix()] = path.read_bytes()
    platforms = {name.split("/")[3] for name in files if name.startswith(NATIVE)}
    if platforms:  # for the message of a virtual machine on another
        files[NATIVE + "platforms"] = ", ".join(sorted(platforms)).encode("ascii") + b"\n"
    files[MANIFEST] = manifest(module_name(jar), any(name.startswith("META-INF/versions/") for name in files))
    pathlib.Path(jar).write_bytes(packed(files, first=MANIFEST))


def packed(files, first):
    """The zip file of these, which are bytes by their names; one of them may have to come first."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda name: (name != first, name)):
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return content.getvalue()


def place_of_source(path):
    (package,) = re.findall(r"^package ([\w.]+);", path.read_text(encoding="utf-8"), re.MULTILINE)
    return "/".join([*package.split("."), path.name])


def manifest(module, multi_release):
    lines = [b"Manifest-Version: 1.0", b"Automatic-Module-Name: " + module]
    if multi_release:
        lines.append(b"Multi-Release: true")
    return b"".join(line + b"\r\n" for line in [*lines, b""])


def module_name(jar):
    """io.capauth.testing for capauth-testing.jar, and for capauth-testing-1.2.3.jar"""
    return ("io." + re.sub(r"-\d.*", "", pathlib.Path(jar).stem).replace("-", ".")).encode("ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
