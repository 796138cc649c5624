"""Draws the picture at the top of README: the snippet that stands there, in a terminal, and the emulator's page.

    picture.py FILE
"""

import html
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "emulator"))

from browser import Browser  # noqa: E402
from conftest import Emulator  # noqa: E402
from follow import blocks  # noqa: E402

STYLE = """
body { margin: 0; display: flex; align-items: flex-start; gap: 14px; padding: 14px;
  background: #d9d4cf; width: 1372px; }
.window { background: #1d1b1a; color: #ece7e1; border-radius: 8px; overflow: hidden; box-shadow: 0 4px 18px #0005; }
.bar { background: #3a3634; padding: 7px 12px; font: 13px sans-serif; color: #cfc8c1; }
pre { margin: 0; padding: 14px; font: 12px/1.5 monospace; white-space: pre-wrap; width: 600px;
  overflow-wrap: anywhere; }
img { display: block; width: 710px; }
.typed { color: #ffd28a; }
"""


def run_snippet(emulator, page, folder):
    """What the terminal shows; the page's picture is taken while the program waits for the OTP."""
    snippet = dict(blocks((ROOT / "README.md").read_text(encoding="utf-8")))["sign_in.py"]
    path = folder / "sign_in.py"
    path.write_text(snippet.replace("http://127.0.0.1:8080", emulator.url), encoding="utf-8")
    program = subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    page.one("#phone", "919999999991")
    otp = emulator.control("GET", "outbox")["messages"][0]["otp"]
    said, _ = program.communicate(otp + "\n", timeout=30)
    assert program.returncode == 0
    page.one("#requests", "customer/get")
    return snippet, otp, said.removeprefix("OTP: ")


def main():
    emulator = Emulator("--quiet", tls=False)
    page = Browser(width=1280, height=760).open(emulator.url).live()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        snippet, otp, said = run_snippet(emulator, page, folder)
        page.driver.save_screenshot(str(folder / "page.png"))
        terminal = f"$ cat sign_in.py\n{html.escape(snippet)}$ python3 sign_in.py\n"
        terminal += f"OTP: <span class=typed>{otp}</span>\n{html.escape(said)}"
        (folder / "both.html").write_text(
            f"<style>{STYLE}</style><div class=window><div class=bar>a terminal</div><pre>{terminal}</pre></div>"
            "<div class=window><div class=bar>http://127.0.0.1:8080/</div><img src=page.png></div>",
            encoding="utf-8",
        )
        both = Browser(width=1400, height=480).open(f"file://{folder}/both.html")
        both.driver.save_screenshot(sys.argv[1])
        both.close()
    page.close()
    emulator.stop()


if __name__ == "__main__":
    main()
