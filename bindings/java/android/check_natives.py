#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_natives.py [--stand-in] FOLDER: whether Android loads the native libraries of FOLDER/ABI/*.so, by reading them.

Complains of each that a phone, or Google Play, would refuse: see complaints(). With --stand-in they are for
musl, of which the libraries inside and the compiler take names that they do without on Android.
"""

import argparse
import pathlib
import re
import subprocess
import sys

API = 21
PAGE = 0x4000  # 16 KiB: phones of Android 15 have such, and Google Play asks for it
ABIS = {"arm64-v8a": "AArch64", "x86_64": "Advanced Micro Devices X86-64", "armeabi-v7a": "ARM"}
SYSTEM = {"libc.so", "libdl.so", "libm.so"}
EXPORTS = {
    "libcapauth_java.so": re.compile(r"Java_io_capauth_\w+|JNI_On(Load|Unload)"),
    "libcapauth.so": re.compile(r"capauth_\w+"),
}
OF_MUSL = {
    "__errno_location",
    "__tls_get_addr",  # at level 21 thread-locals are emulated
    "freeifaddrs",
    "getifaddrs",
    "getrandom",
    "stderr",
    "stdin",
    "stdout",
}
NAMES = pathlib.Path(__file__).with_name("libc.txt")


class Native:
    """What readelf says of a library."""

    def __init__(self, path):
        options = ["--wide", "--file-header", "--program-headers", "--dynamic", "--notes", "--dyn-syms"]
        said = subprocess.run(["readelf", *options, str(path)], capture_output=True, text=True, check=False)
        self.text = said.stdout
        self.exported, self.wanted = set(), set()
        for bind, section, name in re.findall(r"^ +\d+: \w+ +\w+ \w+ +(\w+) +\w+ +(\w+) ([^@\s]+)", self.text, re.M):
            if section != "UND":
                self.exported.add(name)
            elif bind != "WEAK":  # what may be missing
                self.wanted.add(name)

    def find(self, pattern):
        return re.findall(pattern, self.text, re.MULTILINE)

    def android(self):
        """The API level and the release of the NDK, of the note that an NDK leaves; None where there is none."""
        found = self.find(r"^ +Android +0x\w+\s+.*\n? *description data: ([\w ]+)")
        if not found:
            return None
        data = bytes.fromhex(found[0].replace(" ", ""))
        return int.from_bytes(data[:4], "little"), data[4:68].split(b"\0")[0].decode()


def levels():
    """The level at which Android's libc got a name, or None for never."""
    found: dict[str, int | None] = {}
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        level, *names = line.partition("#")[0].split() or [""]
        found.update((name, int(level) if level.isdigit() else None) for name in names)
    return found


def plain(name):
    """What a fortified build, or wide times on 32 bits, call otherwise with another C library: by its own name."""
    name = re.sub(r"^__isoc(99|23)_", "", name)
    name = re.sub(r"^__(\w+?)(?:_time)?64(_r)?$", r"\1\2", name)
    return re.sub(r"^__(\w+)_chk$", r"\1", name)


def younger(names):
    """Complaints of those that libc has not at our level."""
    known = levels()
    for name in sorted(names):
        entry = next((form for form in (name, plain(name), plain(name).removesuffix("64")) if form in known), None)
        if entry is None:
            yield f"uses {name}, which {NAMES.name} does not list"
        elif known[entry] is None:
            yield f"uses {name}, which Android does not have"
        elif known[entry] > API:
            yield f"uses {name}, which Android has from level {known[entry]} on"


def of_form(native, abi, name):
    machine = (native.find(r"^ +Machine: +(.+)") or ["nothing"])[0]
    if machine != ABIS[abi]:
        yield f"is for {machine}"
    alignments = {int(align, 16) for align in native.find(r"^ +LOAD .* (0x[0-9a-f]+)$")}
    if not alignments or any(align % PAGE for align in alignments):
        yield f"is not aligned to pages of 16 KiB: {', '.join(map(hex, sorted(alignments)))}"
    if native.find(r"\(TEXTREL\)|\(FLAGS\).*TEXTREL"):
        yield "has text relocations"
    if not native.find(r"\(HASH\)"):
        yield "has no table of names that Android reads before level 23 (--hash-style=both)"
    if native.find(r"\(RELR\)|\(ANDROID_RELA?\)"):
        yield "has its relocations packed, which Android reads from level 23 or 28 on"
    if native.find(r"^ +GNU_STACK .* RWE "):
        yield "has a stack that can be executed"
    for soname in native.find(r"\(SONAME\).*\[(.*)\]"):
        if soname != name:
            yield f"calls itself {soname}"


def complaints(path, abi, stand_in=False):
    native = Native(path)
    yield from of_form(native, abi, path.name)
    others = set(native.find(r"\(NEEDED\).*\[(.*)\]")) - SYSTEM
    if others:
        yield f"needs {', '.join(sorted(others))}"
    shown = sorted(name for name in native.exported if not EXPORTS[path.name].fullmatch(name))
    if shown:
        yield f"shows {', '.join(shown)}"
    if len(shown) == len(native.exported):
        yield "shows nothing of ours"
    if stand_in:
        yield from younger(native.wanted - OF_MUSL)
        return
    note = native.android()
    if note is None:
        yield "was not built by an NDK: it has no note of Android's"
    elif note[0] > API:
        yield f"was built for level {note[0]}"
    yield from younger(native.wanted)


def natives(folder):
    """(ABI, path): both libraries of each ABI that there is."""
    for abi in ABIS:
        if (folder / abi).is_dir():
            for name in EXPORTS:
                yield abi, folder / abi / name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    found = list(natives(given.folder))
    said = [] if found else [f"{given.folder} has no folder {', '.join(ABIS)}"]
    for abi, path in found:
        if path.is_file():
            said += (f"{abi}/{path.name} {text}" for text in complaints(path, abi, given.stand_in))
        else:
            said.append(f"{abi}/{path.name} is missing")
    print("\n".join(said or [f"{len(found)} native libraries: nothing to complain of"]))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
