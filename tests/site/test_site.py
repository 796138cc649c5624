"""The site builds, works from a file without a network, and no link of it leads nowhere."""

import html
import re
import urllib.parse

import pytest
from browser import Browser
from conftest import BUILD, ROOT, figure
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

LINK = re.compile(r'<(a|img|script|link|source|iframe)\b[^>]*?\b(?:href|src)="([^"]*)"')
ANCHOR = re.compile(r'\b(?:id|name)="([^"]+)"')


def links(text):
    for element, target in LINK.findall(text):
        yield element, html.unescape(target)


def test_every_link_leads_somewhere(site, pages):
    anchors = {name: {html.unescape(anchor) for anchor in ANCHOR.findall(text)} for name, text in pages.items()}
    lost, count = [], 0
    for name, text in pages.items():
        for _, target in links(text):
            if re.match(r"(https?|mailto|data):", target) or not target:
                continue
            count += 1
            path, _, anchor = urllib.parse.unquote(target).partition("#")
            file = (site / name).parent / path.partition("?")[0] if path else site / name
            if not file.exists():
                lost.append(f"{name}: {target}")
                continue
            there = file.resolve().relative_to(site.resolve()).as_posix()
            if anchor and there in anchors and anchor not in anchors[there]:
                lost.append(f"{name}: {target}")
    assert lost == []
    assert count > 1000
    figure("site", f"site: {len(pages)} pages, {count:,} links followed")


def test_pages_of_an_earlier_run_are_gone(pages):
    assert "gone.html" not in pages and "genindex.html" in pages


def test_nothing_is_loaded_from_elsewhere(site, pages):
    loaded = [(name, target) for name, text in pages.items() for element, target in links(text) if element != "a"]
    assert [(name, target) for name, target in loaded if re.match(r"(https?:)?//", target)] == []
    for path in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_options_keep_their_two_dashes(pages):
    """Which typographers like to make one of."""
    assert "--base-url" in text_of(pages["reference/manual/capauth.1.html"])
    assert [name for name, text in pages.items() if re.search(r"(^|\s)[–—]\w", text_of(text))] == []


def test_every_manual_page_is_on_the_site(pages):
    programs = {path.name for folder in ("core", "tests") for path in (ROOT / folder).rglob("*.[1-9]")}
    made = (BUILD / "core" / "docs" / "man").glob("*.3")
    functions = {path.name for path in made if not path.read_text(encoding="utf-8").startswith(".so ")}
    assert programs == {"capauth.1", "capauth-emulator.1"}
    assert "<dd><p>Signs out and removes" in pages["reference/manual/capauth.1.html"]  # not a display
    for name in programs | functions:
        assert f"reference/manual/{name}.html" in pages
        assert f'href="{name}.html"' in pages["reference/manual/index.html"]


# What a reader wants to understand: where it is, and what is said there.
UNDERSTANDING = {
    "flows.html": "A second factor",
    "steps.html": "password_validate",
    "promises.html#at-most-once-and-what-maybe-sent-means": "maybe_sent",
    "promises.html#the-servers-clock": "Date",
    "promises.html#one-regeneration": "one request",
    "promises.html#threads-and-callbacks": "REENTRANT",
    "promises.html#what-is-wiped-and-what-is-not": "overwritten",
    "promises.html#the-abi": "renumbered",
    "protocol.html": "assumed",
    "faults.html": "May I call again",
    "security.html": "What is promised",
}


@pytest.mark.parametrize("place", UNDERSTANDING)
def test_each_subject_has_its_place(pages, place):
    name, _, anchor = place.partition("#")
    page = pages[f"understanding/{name}"]
    assert not anchor or f'id="{anchor}"' in page
    assert UNDERSTANDING[place] in text_of(page)
    assert f'href="{name}"' in pages["understanding/index.html"]


def test_front_page_leads_to_all(pages):
    """In the navigation; what belongs to a page is below it."""
    top = re.findall(r'class="toctree-l1[^"]*"><a class="[^"]*" href="([^"]+)"', pages["index.html"])
    assert top == [
        *(f"{door}/start.html" for door in ("python", "lua", "java", "c", "emulator")),
        *("cluster.html", "recipes/index.html", "reference/index.html", "understanding/index.html", "figures.html"),
        *("changelog.html", "contributing/index.html"),
    ]


def test_figures_are_those_of_the_benchmark(pages):
    """Where `make bench-figures` has written some."""
    results = ROOT / "tests" / "bench" / "results"
    wanted = ["Platforms, and what was really run", "instructions" if not results.exists() else "goals met"]
    for path in results.glob("*.svg"):
        wanted += re.findall(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"))
    for words in wanted:
        assert words in text_of(pages["figures.html"])


def text_of(page):
    """What is read on it, without its code and its navigation."""
    article = re.findall(r"<article.*?</article>", page, re.S)
    return html.unescape(re.sub(r"<[^>]+>", "", "".join(article)))


def brightness(browser):
    colour = browser.script("return getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3])


def test_no_page_is_broken_on_a_phone(site, pages):
    """At 390 pixels, light and dark: nothing is wider than the screen, no picture is missing, no script complains."""
    browser = Browser(width=390, height=844)
    try:
        for name in sorted(pages):
            browser.open(f"file://{site}/{name}")
            assert browser.script("return document.documentElement.scrollWidth") <= 390, name
            assert browser.script("return [...document.images].filter(i => !i.naturalWidth).length") == 0, name
            assert brightness(browser) > 600, name
            browser.prefer("dark")
            assert brightness(browser) < 200, name
            browser.prefer("light")
        assert browser.complaints() == []
    finally:
        browser.close()


def test_search_works_from_a_file(site):
    browser = Browser()
    try:
        wanted = {"pinned_keys": "reference/", "countdown": "recipes/", "validateOtp": "reference/java"}
        for words, page in wanted.items():
            browser.open(f"file://{site}/search.html?q={words}")
            browser.one("#search-results li a")
            found = [link.get_attribute("href") for link in browser.all("#search-results li a")]
            assert [link for link in found if page in link], (words, found)
        assert browser.complaints() == []
    finally:
        browser.close()


def test_doors_are_opened_by_the_keyboard(site):
    """From the front page, by Tab and Enter alone."""
    browser = Browser()
    try:
        for door in ("python", "lua", "java", "c", "emulator"):
            browser.open(f"file://{site}/index.html")
            keys = ActionChains(browser.driver)
            for _ in range(120):
                keys.send_keys(Keys.TAB).perform()
                focused = browser.script("const e = document.activeElement; return e.closest('.door') && e.href")
                if focused and f"/{door}/start.html" in focused:
                    break
            keys.send_keys(Keys.ENTER).perform()
            browser.one("h1")
            assert f"/{door}/start.html" in browser.driver.current_url
    finally:
        browser.close()
