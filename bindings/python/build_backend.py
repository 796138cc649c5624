"""How the package is built: by scikit-build-core, whose source distributions here hold the C core too.

In this repository the project is bindings/python, and the core is above it. A source distribution cannot reach above
itself; so there, what the build needs of the repository lies in the folder `source`.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile

from scikit_build_core import build as backend
from scikit_build_core.build import *  # noqa: F403  the other hooks are as they are

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
NEEDED = ["CMakeLists.txt", "LICENSE", "core", "swig", "pkgconfig", "bindings/python", "bindings/redis"]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "tests", ".*")


def build_sdist(sdist_directory, config_settings=None):  # type: ignore[no-redef]  # in place of the backend's
    target = os.path.abspath(sdist_directory)
    if (HERE / "source").exists():  # this is one already
        return backend.build_sdist(target, config_settings)
    with tempfile.TemporaryDirectory() as folder:
        gather(pathlib.Path(folder))
        with contextlib.chdir(folder):
            return backend.build_sdist(target, config_settings)


def gather(folder):
    """Lays out in the folder what the source distribution is to hold."""
    for name in NEEDED:
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, target, ignore=LEFT_OUT)
        else:
            shutil.copy(REPOSITORY / name, target)
    for name in ("README.md", "build_backend.py"):
        shutil.copy(HERE / name, folder)
    shutil.copy(REPOSITORY / "LICENSE", folder)
    project = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(project.replace('"../..', '"source'), encoding="utf-8")
