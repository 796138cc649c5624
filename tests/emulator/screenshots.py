"""Writes pictures of the emulator's page into a folder: each panel light, some dark, all on a phone.

    screenshots.py FOLDER
"""

import pathlib
import sys
import time

from browser import Browser
from conftest import Brand, Emulator

PANELS = ("requests", "customers", "brand", "clock")


def scene():
    """An emulator in which an app is being tried."""
    emulator = Emulator("--quiet", tls=False)
    shop = Brand(emulator, "DocDemo", {"CONF_OTP_LENGTH": 6, "CONF_MAX_OTP_RETRY_COUNT": 3})
    rewards = Brand(emulator, "DocDemoPassword", {"PASSWORD_ENABLED": True})
    rewards.put_customer("ada@example.com", type="EMAIL", password="analytical")
    messages = {"CONF_MOBILE_SUB_CHANNEL": "WHATSAPP"}
    messages["CONF_MOBILE_SUB_CHANNEL_PROPERTIES"] = "{otp} is your code for the loyalty club."
    club = Brand(emulator, "LoyaltyClub", messages)

    shop.customer(value="919999999993").sign_in().gateway()
    late = shop.customer(value="919876543210").started()
    late.generate_otp()
    late.validate_otp(late.wrong_otp())
    late.generate_otp()
    rewards.customer(type="EMAIL", value="ada@example.com").started().validate_password("analytical")
    wrong = rewards.customer(family="web", type="EMAIL", value="ada@example.com").started()
    wrong.validate_password("difference")
    club.customer(value="447700900123").started().generate_otp()
    emulator.advance(minutes=2)
    emulator.fault(path="/auth/v1/otp/generate", status=503, count=2)
    shop.emulator.send("POST", "/auth/v1/otp/generate", late.body(sessionId=late.session_id))
    newest = shop.customer(value="919999900001").started()
    emulator.control("DELETE", "faults")
    newest.generate_otp()
    emulator.fault(path="/auth/v1/token/regenerate", brand="DocDemo", delayMs=3000, count=5)
    return emulator


def take(emulator, folder, name, panels, **options):
    browser = Browser(**options).open(emulator.url).live()
    for panel in panels:
        browser.panel(panel)
        time.sleep(0.8)  # drawn at most five times in a second
        browser.driver.save_screenshot(str(folder / (f"{name}-{panel}.png")))
    if "requests" in panels:
        browser.panel("requests")
        browser.one("#requests .row", "otp/validate").click()
        browser.one(".detail pre")
        browser.driver.save_screenshot(str(folder / (f"{name}-exchange.png")))
        browser.script("scrollTo(0, 0)")
        browser.one("#requests .switch button:last-child").click()
        browser.one(".lane")
        browser.driver.save_screenshot(str(folder / (f"{name}-sign-ins.png")))
    browser.close()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    emulator = scene()
    take(emulator, folder, "light", PANELS)
    take(emulator, folder, "dark", PANELS, dark=True)
    take(emulator, folder, "phone", ("phone", *PANELS), width=390, height=844)
    emulator.stop()
    print(f"screenshots in {folder}")


if __name__ == "__main__":
    main()
