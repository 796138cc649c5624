# SPDX-License-Identifier: Apache-2.0
"""Small libraries of the form that Android wants, or with one fault, for what packs and checks them."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ANDROID = ROOT / "bindings" / "java" / "android"
sys.path.insert(0, str(ANDROID))

MACHINES = {"arm64-v8a": 183, "x86_64": 62}  # as an ELF file has them
EXPORTED = {"libcapauth_java.so": "Java_io_capauth_NativeJNI_version", "libcapauth.so": "capauth_version"}
FORM = ["-shared", "-nostdlib", "-fPIC", "-O1", "-Wl,-z,max-page-size=16384", "-Wl,--hash-style=both"]
NOTE = """
__attribute__((section(".note.android.ident"), used, aligned(4))) static const struct {
    int owner_size, size, kind; char owner[8]; int api; char ndk[64], build[64];
} note = {8, 132, 1, "Android", %d, "r27c", "12479018"};
"""


def library(path, *options, abi="x86_64", source="", calls="", api=21):
    """One that shows what it is for; `calls` is a name that it takes from libc, `api` none for one of no NDK."""
    name = EXPORTED.get(path.name, EXPORTED["libcapauth_java.so"])
    value = f"{calls}()" if calls else "1"
    declared = f"int {name}(void); {f'int {calls}(void);' if calls else ''}"
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.with_suffix(".c")
    code.write_text(f"{declared}\nint {name}(void) {{ return {value}; }}\n{source}\n{NOTE % api if api else ''}")
    command = [os.environ.get("CC", "cc"), *FORM, f"-Wl,-soname,{path.name}", *options, "-o", str(path), str(code)]
    subprocess.run(command, check=True)
    code.unlink()
    content = bytearray(path.read_bytes())
    content[18:20] = MACHINES[abi].to_bytes(2, "little")
    path.write_bytes(content)
    return path


def libraries(folder):
    """What pkgconfig/aar --natives takes."""
    for abi in MACHINES:
        for name in EXPORTED:
            library(folder / abi / name, abi=abi)
    (folder / "licenses").mkdir()
    (folder / "licenses" / "curl.txt").write_text("of curl's\n")
    return folder
