"""The page in a real Chromium: what somebody sees and does who builds an app beside it."""

import json
import re
import subprocess
import time

import pytest
from browser import Browser
from conftest import PROGRAM, Emulator
from selenium.webdriver.common.keys import Keys


@pytest.fixture(scope="module")
def chromium():
    running = Browser()
    yield running
    running.close()


@pytest.fixture
def emulator():
    running = Emulator("--quiet", tls=False)
    yield running
    assert running.stop() == 0


@pytest.fixture
def page(chromium, emulator):
    """The page of an emulator of the test's own; at the end nothing may have been amiss in the console."""
    chromium.complaints()
    yield chromium.open(emulator.url).live()
    complaints = chromium.complaints()
    chromium.open("about:blank")  # which listens to no emulator that ends
    assert complaints == []


# What is there once a panel has been drawn, where there is a customer with an OTP.
DRAWN = {
    "phone": ".otp",
    "requests": "#requests .row",
    "customers": ".card",
    "brand": ".setting",
    "clock": "#clock .primary:not([disabled])",
}


def sent_otp(emulator, value="919999999993", **settings):
    customer = emulator.brand(**settings).customer(value=value).started()
    customer.generate_otp()
    return customer


# Phone


def test_an_otp_appears_while_one_looks_and_counts_until_it_is_used(page, emulator):
    page.one("#phone .empty")
    customer = sent_otp(emulator)
    card = page.one(".otp.is-open", customer.value)
    digits = page.one(".otp .code").text.replace("\u2009", "")
    assert digits == customer.otp() and customer.brand.name in card.text and "SMS" in card.text
    assert re.fullmatch(r"\d\d:\d\d:\d\d", page.one(".otp time").text)
    assert float(page.one(".otp .code").value_of_css_property("font-size")[:-2]) >= 40  # to be read across a desk
    assert re.match(r"(15 min 00|14 min \d\d) s left", page.one(".otp-state", "left").text)
    page.gone("#phone .empty")
    customer.validate_otp()
    page.one(".otp.is-used", "used")


def test_a_resent_and_an_expired_otp_are_told_apart(page, emulator):
    customer = sent_otp(emulator)
    customer.generate_otp()
    page.one(".otp.is-replaced", "replaced")
    emulator.advance(minutes=16)
    page.one(".otp", "expired")


def test_one_click_copies_an_otp(page, chromium, emulator):
    chromium.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    customer = sent_otp(emulator, FIXED_OTP="012345")
    page.one(".otp", customer.value)
    page.one(".otp .code").click()
    page.one("#said", "OTP 012345 copied")
    read = "const done = arguments[0]; navigator.clipboard.readText().then(done, (error) => done(String(error)))"
    assert chromium.driver.execute_async_script(read) == "012345"


def test_a_notification_tells_of_an_otp_once_it_is_allowed(page, emulator):
    page.script("""
        window.told = [];
        window.Notification = class { constructor(title, options) { told.push([title, options.body]); } };
        Notification.requestPermission = async () => "granted";""")
    sent_otp(emulator, "9110")
    page.one(".otp", "9110")
    page.one("#phone .tools button", "Notify me").click()
    page.one("#phone .tools button[aria-pressed=true]")
    customer = sent_otp(emulator, "9111")
    page.one(".otp", "9111")
    assert page.script("return told") == [["OTP " + customer.otp(), f"9111 ({customer.brand.name})"]]


def test_the_newest_otp_is_first_and_the_filter_leaves_one_customer(page, emulator):
    for value in ("9111", "9222"):
        sent_otp(emulator, value)
    page.one(".otp", "9111")
    page.one(".otp", "9222")
    assert [each.text for each in page.all(".otp .who")] == ["9222", "9111"]
    page.driver.switch_to.active_element.send_keys("/")  # the key that leads to the filter
    page.driver.switch_to.active_element.send_keys("9111")
    page.gone(".otp", "9222")
    page.gone("#requests .row", "9222")
    page.one(".otp", "9111")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.one(".otp", "9222")


HOSTILE = '<img src=x onerror="document.title=\'owned\'">'


def test_hostile_names_stay_text(page, emulator):
    brand = emulator.brand(FIXED_OTP="4321", CONF_MOBILE_SUB_CHANNEL="ZALO", CONF_MOBILE_SUB_CHANNEL_PROPERTIES=HOSTILE)
    customer = brand.customer(type="USERNAME", value=HOSTILE).started(mobile="91555", deviceId=HOSTILE)
    customer.generate_otp(deviceId=HOSTILE)
    body = {"brand": HOSTILE, "identifierType": "EMAIL", "identifierValue": HOSTILE}
    emulator.send("POST", "/auth/v1/otp/validate", body)
    emulator.send("GET", "/<script>document.title='owned'</script>")
    emulator.control("PUT", "brands/%3Cimg%20src=x%20onerror=alert(1)%3E", {"MFA_ROLE": HOSTILE})
    page.one(".otp .who", HOSTILE)
    page.one(".otp .sms", HOSTILE)
    page.one("#requests .row", "<script>")
    page.one("#requests .row", HOSTILE).click()
    page.one(".detail pre", HOSTILE.replace('"', '\\"'))
    page.one("#requests .switch button:last-child").click()
    page.one(".lane h3", HOSTILE)
    page.panel("customers").one(".card h3", HOSTILE)
    page.panel("brand").one("#brand option", "<img src=x")
    assert page.driver.title == "capauth emulator"
    assert page.script("return document.querySelectorAll('main img, main script').length") == 0


# Requests


def test_a_request_shows_its_code_in_words_and_why(page, emulator):
    customer = sent_otp(emulator)
    customer.validate_otp("000000" if customer.otp() != "000000" else "1")
    row = page.one("#requests .row", "1506 Invalid OTP")
    assert "/auth/v1/otp/validate" in row.text and customer.value in row.text and "wrong attempt 1 of 5" in row.text
    assert re.match(r"\d\d:\d\d:\d\d\s+POST", row.text) and re.search(r"\d ms", row.text)
    customer.gateway()  # which is seen, too
    page.one("#requests .row", "/v2/api/customer/get")


def test_a_click_shows_both_bodies_with_secrets_only_when_asked_for(page, emulator):
    customer = sent_otp(emulator)
    customer.validate_otp()
    row = page.one("#requests .row", "otp/validate")
    row.click()
    assert row.get_attribute("aria-expanded") == "true"
    detail = page.one(".detail", '"sessionId"')
    assert customer.token not in detail.text and "\u2022\u2022\u2022\u2022" in detail.text
    assert "content-type" in detail.text.lower() and re.search(r"took \d+ ms, HTTP 200", detail.text)
    assert "null" not in [line.strip() for line in detail.text.splitlines()]
    page.one(".detail .check input").click()
    page.one(".detail", customer.token)
    command = page.one(".command pre").text
    assert command.startswith(f"curl '{emulator.url}/auth/v1/otp/validate'") and customer.session_id in command


def test_the_command_makes_the_same_request_again(page, emulator, tmp_path):
    brand = emulator.brand()
    name = "o'brien & \"co\""
    brand.customer(type="USERNAME", value=name).started(mobile="91777")
    page.one("#requests .row", name).click()
    page.one(".detail .check input").click()
    command = page.one(".command pre", name.replace('"', '\\"').replace("'", "'\\''")).text
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=20)
    assert json.loads(result.stdout)["status"]["code"] == 200, result
    newest = emulator.control("GET", "exchanges?limit=1")["exchanges"][0]
    assert newest["id"] == 2 and newest["customer"] == "USERNAME|" + name


def test_sign_ins_are_one_lane_for_each_customer_in_the_order_of_time(page, emulator):
    one = sent_otp(emulator, "9111")
    sent_otp(emulator, "9222")
    one.validate_otp()
    page.one("#requests .row", "otp/validate")
    page.one("#requests .switch button:last-child").click()
    lane = page.one(".lane", "9111")
    page.one(".lane", "9222")
    asked = [each.text for each in lane.find_elements("css selector", ".ask")]
    assert asked == ["token generate", "OTP generate", "OTP validate"] and len(page.all(".lane")) == 2
    page.one(".pair", "OTP validate").click()  # leads to the exchange
    page.one(".detail", "Reply")


def test_it_stays_usable_and_bounded_under_load(page, emulator):
    customer = emulator.brand(FIXED_OTP="1234").customer().started()
    begun = time.monotonic()
    for number in range(900):
        if number % 3 == 0:
            customer.generate_otp()
        else:
            emulator.send("GET", f"/auth/v1/none/{number}")
        time.sleep(max(0, begun + number / 150 - time.monotonic()))  # 150 requests a second
        if number == 600:
            page.panel("clock").one(".face")
            page.panel("requests")
    page.one("#requests .row", "/auth/v1/none/899")
    assert len(page.all("#requests .row")) <= 150
    assert page.script("return document.querySelectorAll('*').length") < 5000
    assert page.script("return document.querySelectorAll('.otp').length") <= 60


# Customers, brand, clock and faults


def test_a_customer_is_made_locked_and_deleted(page, emulator):
    page.panel("customers")
    page.one("#customers input[name=value]").send_keys("918881")
    page.one("#customers input[name=password]").send_keys("sesame")
    page.one("#customers .primary").click()
    page.one(".card", "918881")
    page.one(".badge", "password")
    page.one(".lock", "Lock").click()
    page.one(".badge", "locked for 29 min")
    page.one(".lock", "Unlock").click()
    page.gone(".badge", "locked")
    page.one(".card .danger").click()
    page.gone(".card")
    assert emulator.control("GET", "customers")["customers"] == []


def test_tokens_are_decoded_run_out_with_the_virtual_clock_and_are_expired(page, emulator):
    customer = emulator.brand().customer(value="918882").started()
    page.panel("customers").one(".lives li", "Session")
    customer.generate_otp()
    customer.validate_otp()
    life = page.one(".lives li", "Token USER")
    assert re.search(r"15 min 00 s|14 min \d\d s", life.text), life.text
    page.one(".lives summary", "Token USER").click()
    assert '"MOBILE|918882"' in page.one(".lives pre", "idv").text
    wide = page.script("return document.querySelector('.lives .life i').offsetWidth")
    emulator.advance(minutes=5)
    page.one(".lives .left", "9 min")
    assert 0 < page.script("return document.querySelector('.lives .life i').offsetWidth") < wide
    page.one(".card button", "Expire tokens").click()
    page.one(".lives .left", "ended early")
    assert customer.gateway().http_status == 401


def test_a_setting_takes_and_is_shown_as_the_request_that_makes_it(page, emulator):
    page.panel("brand")
    field = page.one("#setting-CONF_OTP_LENGTH")
    assert field.get_attribute("value") == "6"
    field.send_keys(Keys.CONTROL + "a")
    field.send_keys("4" + Keys.TAB)
    command = page.one(".request code", "CONF_OTP_LENGTH").text
    assert "-X PUT" in command and '{"CONF_OTP_LENGTH":4}' in command
    page.one(".setting.differs", "CONF_OTP_LENGTH")
    page.one("#setting-SIGN_UP").click()
    page.one(".request code", '{"CONF_OTP_LENGTH":4,"SIGN_UP":false}')
    page.one(".setting.differs", "SIGN_UP")
    settings = emulator.control("GET", "brands/DocDemo")
    assert settings["CONF_OTP_LENGTH"] == 4 and settings["SIGN_UP"] is False
    page.one(".setting.differs .back").click()
    page.gone(".setting.differs", "CONF_OTP_LENGTH")


def test_a_setting_that_a_test_makes_is_seen(page, emulator):
    page.panel("brand").one(".setting")
    emulator.control("PUT", "brands/DocDemo", {"FIXED_OTP": "4711"})
    page.one(".setting.differs", "FIXED_OTP")
    assert page.one("#setting-FIXED_OTP").get_attribute("value") == "4711"


def test_a_setting_that_is_refused_says_why_and_goes_back(page, emulator):
    page.panel("brand")
    field = page.one("#setting-PASSWORD_REGEX")
    field.send_keys("a[" + Keys.TAB)
    page.one("#said", "missing terminating ]")
    page.gone(".setting.differs")
    assert [each for each in page.complaints() if "400" not in each] == []


def test_a_brand_is_made_and_deleted_after_a_second_click(page, emulator):
    page.panel("brand")
    page.one("#brand input[name=name]").send_keys("Trial/2")
    page.one("#brand .primary").click()
    page.one("#said", "no brand name")
    page.one("#brand input[name=name]").send_keys(Keys.CONTROL + "a" + Keys.BACKSPACE)
    page.one("#brand input[name=name]").send_keys("Trial" + Keys.ENTER)
    page.one("#brand option", "Trial")
    page.one("#brand .setting")
    assert "Trial" in emulator.control("GET", "brands")["brands"]
    page.one("#brand .danger", "Delete brand").click()
    assert "Trial" in emulator.control("GET", "brands")["brands"]
    page.one("#brand .danger", "Delete Trial?").click()
    page.gone("#brand option", "Trial")
    assert "Trial" not in emulator.control("GET", "brands")["brands"]
    assert [each for each in page.complaints() if "400" not in each] == []


def test_all_settings_are_there_with_meaning_and_default(page, emulator):
    page.panel("brand").one(".setting")
    settings = emulator.control("GET", "settings")["settings"]
    shown = [each.text for each in page.all(".setting")]
    assert len(shown) == len(settings) > 20
    for text, setting in zip(shown, settings, strict=True):
        assert setting["name"] in text and setting["meaning"] in text and "default " in text


def test_the_clock_moves_and_stands_still(page, emulator):
    before = emulator.control("GET", "clock")["now"]
    page.panel("clock")
    for text, seconds in (("+ 1 min", 60), ("+ 15 min", 900), ("+ 1 day", 86400)):
        page.one("#clock .buttons button", text).click()
        page.one(".request code", f'{{"advanceSeconds":{seconds}}}')
    page.one("#clock .buttons button", "Hold").click()
    page.one("#clock .buttons button", "Let it go on")
    now = emulator.control("GET", "clock")["now"]
    assert 87360 <= now - before < 87420
    page.one(".face", time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)))


def test_a_fault_is_armed_and_seen_when_it_has_struck(page, emulator):
    page.panel("clock")
    page.one("#clock .primary:not([disabled])").click()
    page.one(".faults li", "HTTP 503, 1 to come")
    reply = emulator.send("POST", "/auth/v1/token/generate", {})
    assert reply.http_status == 503
    page.gone(".faults li", "to come")
    page.one(".faults li", "/auth/v1/token/generate")


# The page as a whole


def test_it_is_live_again_after_a_restart(chromium):
    first = Emulator("--quiet", tls=False)
    chromium.open(first.url).live()
    assert first.stop() == 0
    chromium.one("#link", "not connected")
    address = ":".join(map(str, first.address))
    again = subprocess.Popen([PROGRAM, "--listen", address, "--quiet"], stdout=subprocess.DEVNULL)
    try:
        chromium.one("#link", "live", seconds=20)
    finally:
        again.terminate()
        assert again.wait(20) == 0
        chromium.open("about:blank")


def test_panels_are_reached_by_keys(page, emulator):
    body = page.one("body")
    for key, panel in (("3", "customers"), ("5", "clock"), ("2", "requests")):
        body.send_keys(key)
        page.one("#" + panel)
        assert page.one("nav a[aria-current]").get_attribute("hash") == "#" + panel
    page.open(emulator.url).live().one("body").send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element.get_attribute("class") == "skip"


def test_every_control_has_a_name(page, emulator):
    sent_otp(emulator).validate_otp()
    nameless = """
        const named = (each) => each.textContent.trim() || each.getAttribute("aria-label") ||
          each.labels?.[0]?.textContent.trim();
        return [...document.querySelectorAll("button, input, select, a")]
          .filter((each) => each.offsetParent && !named(each)).map((each) => each.outerHTML)"""
    for panel, drawn in DRAWN.items():
        page.panel(panel)
        page.one(drawn)
        assert page.script(nameless) == []


@pytest.mark.parametrize("path", ["/", "/_emulator/"])
def test_it_works_at_both_addresses(page, emulator, path):
    page.open(emulator.url + path).live()
    assert "Nothing leaves this machine" in page.one("header").text


def test_a_phone_s_width_and_the_dark_are_enough(emulator):
    customer = sent_otp(emulator)
    customer.validate_otp()
    browser = Browser(width=390, height=844, dark=True)
    try:
        browser.open(emulator.url).live()
        browser.one(".otp", customer.value)
        ground = browser.script("return getComputedStyle(document.body).backgroundColor")
        assert sum(int(each) for each in ground.strip("rgb()").split(",")) < 150
        for panel, drawn in DRAWN.items():
            browser.panel(panel)
            browser.one(drawn)
            assert browser.script("return document.documentElement.scrollWidth") <= 390, panel
    finally:
        browser.close()


def test_it_can_be_read_without_javascript(emulator):
    customer = sent_otp(emulator, FIXED_OTP="112233")
    browser = Browser(javascript=False)
    try:
        browser.open(emulator.url)
        text = browser.one("body").text
        for told in ("112233", customer.value, "/auth/v1/otp/generate", "CONF_OTP_LENGTH", "With JavaScript"):
            assert told in text
    finally:
        browser.close()


def test_a_foreign_page_can_neither_read_nor_drive_it(chromium, emulator):
    attacker = Emulator("--quiet", tls=False)  # another origin: a port of its own
    try:
        chromium.open(attacker.url + "/auth/v1/none")
        attempts = {
            "read": "fetch(url + 'outbox').then((reply) => reply.text())",
            "json": "fetch(url + 'clock', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: move})",
            "form": "fetch(url + 'clock', {method: 'POST', mode: 'no-cors', body: move}).then(() => { throw 'sent' })",
            "delete": "fetch(url + 'brands/DocDemo', {method: 'DELETE'})",
            "events": "new Promise((yes, no) => { const events = new EventSource(url + 'events');"
            " events.addEventListener('hello', yes); events.onerror = () => no('refused') })",
        }
        before = emulator.control("GET", "clock")["now"]
        for name, attempt in attempts.items():
            code = "const [url, move, done] = arguments; (%s).then(() => done('done'), (error) => done(String(error)))"
            url, move = emulator.url + "/_emulator/", '{"advanceSeconds":9000}'
            told = chromium.driver.execute_async_script(code % attempt, url, move)
            assert told != "done", name
        assert emulator.control("GET", "clock")["now"] - before < 60
        assert "DocDemo" in emulator.control("GET", "brands")["brands"]
    finally:
        chromium.open("about:blank")
        attacker.stop()
