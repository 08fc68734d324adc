"""Visits every link of a site in a headless browser and reports what goes wrong.

Usage: python tests/behaviour/browser.py site/demo/index.html
       python tests/behaviour/browser.py --serve site/demo
"""

import argparse
import functools
import http.server
import json
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

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
PAGES = (".html", "/")
GRAVE = ("serious", "critical")


@contextmanager
def browser():
    """Yield a browser that logs what its pages ask for and complain of."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        with webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver")) as driver:
            yield driver


@contextmanager
def served(folder):
    """Yield the address of a local web server that has a folder as its root."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def visit(index):
    """Return pages visited, console errors, requests that leave the site, and dead links.

    ``index`` is a path, or an address of a web server. Dead links are pairs of page and link: to
    pages, to files of any kind, and to places within a page.
    """
    start = index.absolute().as_uri() if isinstance(index, Path) else index
    with browser() as driver:
        return walk(driver, start)


class Read(HTMLParser):
    """Links and places of a page as its file has them, also of one that leads on at once."""

    def __init__(self, address):
        super().__init__()
        self.address, self.links, self.places = address, [], set()
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own disk or server
            self.feed(answer.read().decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.places.add(held.get("id"))
        if tag == "a" and "href" in held:
            self.links.append(urljoin(self.address, held["href"]))
        if held.get("http-equiv") == "refresh":
            self.links.append(urljoin(self.address, held["content"].partition("url=")[2]))


def walk(driver, start):
    home = start.rsplit("/", 1)[0] + "/"
    pages, open_, errors, outside = {}, [start], [], []
    while open_:
        address = open_.pop()
        if address in pages:
            continue
        pages[address] = Read(address)
        driver.get(address)
        complaints = driver.get_log("browser")
        errors += [(address, e["message"]) for e in complaints if e["level"] == "SEVERE"]
        outside += [(address, url) for url in requests(driver) if not url.startswith(home)]
        found = {urldefrag(link)[0] for link in pages[address].links}
        open_ += [f for f in found if f.endswith(PAGES) and leads_somewhere(f, home)]
    return set(pages), errors, outside, dead(pages, home)


def dead(pages, home):
    """Return the links that lead nowhere, with the page they stand on."""
    wrong = set()
    for address, page in pages.items():
        for link in page.links:
            target, place = urldefrag(link)
            known = pages[target].places if target in pages else {unquote(place)}
            if not leads_somewhere(target, home) or (place and unquote(place) not in known):
                wrong.add((address, link))
    return sorted(wrong)


@functools.cache
def leads_somewhere(address, home):
    """Say whether a file of the site is there, on the disk or on the server."""
    if not address.startswith(home):
        return False
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).is_file()
    try:
        asked = urllib.request.Request(address, method="HEAD")  # noqa: S310 - our own server
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
            return answer.status == 200
    except urllib.error.HTTPError:
        return False


def requests(driver):
    messages = (json.loads(e["message"])["message"] for e in driver.get_log("performance"))
    sent = (
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    )
    # Every browser asks a server for an icon, whatever the page says.
    own = ("data:", "chrome:", "about:")
    return [url for url in sent if not url.startswith(own) and not url.endswith("/favicon.ico")]


def kinds(pages):
    """Return one page of each kind and language: the first by address of each file name."""
    chosen = {}
    for address in sorted(pages):
        folders = urlsplit(address).path.split("/")
        language = next((f for f in folders if f in {"zh", "en"}), "")
        level = len(folders[-2]) if language else 0
        chosen.setdefault((language, level, folders[-1]), address)
    return sorted(chosen.values())


def barriers(pages):
    """Return what axe-core finds serious or critical: page, rule and the elements."""
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    found = []
    with browser() as driver:
        for address in pages:
            driver.get(address)
            driver.execute_script(axe)
            told = driver.execute_async_script(
                "const done = arguments[arguments.length - 1];"
                "axe.run(document, {resultTypes: ['violations']})"
                ".then(told => done(told.violations),"
                "e => done([{impact: 'critical', id: String(e), nodes: []}]))"
            )
            found += [
                (address, held["id"], [" ".join(map(str, n["target"])) for n in held["nodes"]][:5])
                for held in told
                if held["impact"] in GRAVE
            ]
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("start", type=Path, help="first page, or with --serve the site's folder")
    parser.add_argument("--serve", action="store_true", help="read it from a local web server")
    given = parser.parse_args(argv)
    if given.serve:
        with served(given.start) as address:
            return report(f"{address}index.html")
    return report(given.start)


def report(start):
    pages, *wrong = visit(start)
    chosen = kinds(pages)
    wrong.append(barriers(chosen))
    names = ("console errors", "requests outside", "dead links", "serious barriers")
    counts = ", ".join(f"{len(w)} {n}" for w, n in zip(wrong, names, strict=True))
    sys.stdout.write(f"{len(pages)} pages, {len(chosen)} of them read by axe-core; {counts}\n")
    sys.stdout.writelines(f"{line}\n" for found in wrong for line in found[:20])
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(main())
