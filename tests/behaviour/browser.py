"""Visits every link of a site in a real headless browser and reports what went wrong."""

import json
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,2000",
)


def visit(index):
    """Return pages visited, console errors, requests that leave the disk, and broken links."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        with webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver")) as driver:
            return walk(driver, index.absolute().as_uri())


def walk(driver, start):
    seen, open_, errors, outside, broken = set(), [start], [], [], []
    while open_:
        address = open_.pop()
        if address in seen:
            continue
        seen.add(address)
        driver.get(address)
        if not driver.title or "ERR_" in driver.page_source[:20000]:
            broken.append(address)
        errors += [e["message"] for e in driver.get_log("browser") if e["level"] == "SEVERE"]
        outside += requests_outside(driver)
        found = driver.execute_script("return [...document.links].map(a => a.href.split('#')[0])")
        open_ += [link for link in found if link not in seen]
    return seen, errors, outside, broken


def requests_outside(driver):
    messages = (json.loads(e["message"])["message"] for e in driver.get_log("performance"))
    sent = (
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    )
    return [url for url in sent if not url.startswith(("file:", "data:", "chrome:"))]


if __name__ == "__main__":
    import sys
    from pathlib import Path

    pages, *wrong = visit(Path(sys.argv[1]))
    names = ("console errors", "requests outside", "broken links")
    counts = ", ".join(f"{len(w)} {n}" for w, n in zip(wrong, names, strict=True))
    sys.stdout.write(f"{len(pages)} pages, {counts}\n")
    sys.exit(any(wrong))
