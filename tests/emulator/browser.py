"""A headless Chromium on the emulator's page."""

import os
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = shutil.which("chromium") or "chromium"
DRIVER = shutil.which("chromedriver")


class Browser:
    def __init__(self, width=1400, height=900, dark=False, javascript=True):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-proxy-server"):
            options.add_argument("--" + argument)
        options.add_argument(f"--window-size={width},{height}")
        if not javascript:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        environment = {**os.environ, "TZ": "UTC"}
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER, env=environment))
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self.prefer("dark" if dark else "light")

    def prefer(self, scheme):
        """Light or dark, as the browser's owner wishes."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, url):
        self.driver.get(url)
        return self

    def all(self, selector):
        return [each for each in self.driver.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()]

    def one(self, selector, text=None, seconds=10):
        """The first element that is shown and has the text, once there is one."""

        def find(_):
            try:
                return next((each for each in self.all(selector) if text is None or text in each.text), None)
            except Exception:  # it was redrawn while it was looked at
                return None

        return WebDriverWait(self.driver, seconds, 0.05).until(find, f"no {selector} with {text!r}")

    def gone(self, selector, text=None, seconds=10):
        def is_gone(_):
            try:
                return not [each for each in self.all(selector) if text is None or text in each.text]
            except Exception:  # as above
                return False

        WebDriverWait(self.driver, seconds, 0.05).until(is_gone, f"still a {selector} with {text!r}")

    def live(self):
        self.one("#link", "live")
        return self

    def panel(self, name):
        self.driver.execute_script("location.hash = arguments[0]", name)
        self.one("#" + name)
        return self

    def script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def complaints(self):
        """What the console has against the page."""
        return [each["message"] for each in self.driver.get_log("browser") if each["level"] in ("SEVERE", "WARNING")]

    def close(self):
        self.driver.quit()
