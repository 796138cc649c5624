"""One version number: what cannot be made from the top CMakeLists.txt is found when it says another."""

import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

import version  # noqa: E402  (found by the line above)


class Version(unittest.TestCase):
    def setUp(self):
        """A copy of the places that name the version, and of the file that says what has changed."""
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-version-")))
        for path in (*(path for path, _ in version.places(ROOT)), ROOT / "CHANGELOG.md"):
            copy = self.root / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)

    def test_the_tree_says_one_version(self):
        self.assertEqual(list(version.complaints(ROOT)), [])

    def test_each_place_that_says_another_is_named(self):
        for path, pattern in list(version.places(self.root))[1:]:
            text = path.read_text()
            for place in pattern.finditer(text):
                path.write_text(f"{text[: place.start(2)]}9.8.7{text[place.end(2) :]}")
                (said,) = version.complaints(self.root)
                self.assertIn(str(path.relative_to(self.root)), said)
            path.write_text(text)

    def test_a_rockspec_named_after_another_version_is_named(self):
        (path,) = self.root.glob("bindings/lua/*.rockspec")
        path.rename(path.with_name("capauth-9.8.7-1.rockspec"))
        (said,) = version.complaints(self.root)
        self.assertIn("capauth-9.8.7-1.rockspec", said)

    def test_a_new_place_is_named(self):
        (self.root / "notes.txt").write_text(f"get capauth {version.current(self.root)}")
        (said,) = version.complaints(self.root)
        self.assertIn("notes.txt", said)

    def test_without_its_heading_a_version_is_not_set(self):
        with self.assertRaisesRegex(ValueError, "CHANGELOG.md"):
            version.write(self.root, "1.2.3")
        with self.assertRaisesRegex(ValueError, "X.Y.Z"):
            version.write(self.root, "1.2")
        self.assertEqual(version.current(self.root), version.current(ROOT))

    def test_a_version_is_set_everywhere(self):
        changes = self.root / "CHANGELOG.md"
        changes.write_text(re.sub(r"^## ", "## 9.8.7 - 2030-01-31\n\n## ", changes.read_text(), count=1, flags=re.M))
        version.write(self.root, "9.8.7")
        self.assertEqual(version.current(self.root), "9.8.7")
        self.assertEqual(list(version.complaints(self.root)), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
