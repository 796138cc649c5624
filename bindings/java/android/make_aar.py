#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_aar.py AAR JAR NATIVES VERSION: lays out what an app for Android takes, from the jar for desktops and from the
native libraries in NATIVES/ABI; their licences are in NATIVES/licenses. Made from the same files it is the same."""

import json
import pathlib
import sys
import zipfile

import check_natives

HERE = pathlib.Path(__file__).parent
JAVA = HERE.parent
ROOT = JAVA.parents[1]
sys.path.insert(0, str(JAVA))
import make_jar  # noqa: E402  (found by the line above)

RULES = "META-INF/proguard/capauth.pro"  # of the jar; an AAR has a place of its own for them
# Desktops' libraries, modules, and Redis, which no phone talks to.
NOT_FOR_ANDROID = (make_jar.NATIVE, "META-INF/", "io/capauth/redis/")
# CompletableFuture, of AsyncSession, is of level 24: javac wants to know it, even for an app of level 21.
METADATA = "aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=24\n"


def classes(jar):
    with zipfile.ZipFile(jar) as archive:
        names = (name for name in archive.namelist() if not name.startswith(NOT_FOR_ANDROID))
        return make_jar.packed({name: archive.read(name) for name in names}, first=None)


def prefab(natives, version):
    """The C library, for an app's own C and C++: find_package(capauth), as the NDK's build does it."""
    files = {
        "prefab.json": as_json(name="capauth", schema_version=2, version=version, dependencies=[]),
        "modules/capauth/module.json": as_json(export_libraries=[], library_name="libcapauth", android={}),
        "modules/capauth/include/capauth/capauth.h": (ROOT / "core/include/capauth/capauth.h").read_bytes(),
    }
    for abi, path in natives:
        if path.name == "libcapauth.so":
            folder = f"modules/capauth/libs/android.{abi}"
            files[f"{folder}/{path.name}"] = path.read_bytes()
            files[f"{folder}/abi.json"] = as_json(
                abi=abi, api=check_natives.API, ndk=ndk(path), stl="none", static=False
            )
    return {f"prefab/{name}": content for name, content in files.items()}


def ndk(path):
    """Its major version, from "r26b"."""
    note = check_natives.Native(path).android()
    return int("".join(filter(str.isdigit, note[1]))) if note else 0


def as_json(**members):
    return json.dumps(members, indent=2).encode("ascii") + b"\n"


def licences(folder):
    """Beside what becomes part of the app: in classes.jar they would meet other libraries' of the same name."""
    found = sorted((folder / "licenses").glob("*.txt"))
    return {
        "META-INF/LICENSE": (ROOT / "LICENSE").read_bytes(),
        **{f"META-INF/licenses/{path.name}": path.read_bytes() for path in found},
    }


def main(aar, jar, folder, version):
    folder = pathlib.Path(folder)
    natives = list(check_natives.natives(folder))
    files = {
        "AndroidManifest.xml": (HERE / "AndroidManifest.xml").read_bytes(),
        "R.txt": b"",  # no resources; the Android Gradle plugin wants the file
        "META-INF/com/android/build/gradle/aar-metadata.properties": METADATA.encode("ascii"),
        "classes.jar": classes(jar),
        "proguard.txt": (JAVA / "src/main/resources" / RULES).read_bytes(),
        **{f"jni/{abi}/{path.name}": path.read_bytes() for abi, path in natives if path.name != "libcapauth.so"},
        **prefab(natives, version),
        **licences(folder),
    }
    pathlib.Path(aar).write_bytes(make_jar.packed(files, first="AndroidManifest.xml"))


if __name__ == "__main__":
    main(*sys.argv[1:])
