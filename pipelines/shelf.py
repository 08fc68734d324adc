"""The shelf: pages that were made before, found by their name or key, and laid out to be read."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marketing_models.errors import PageError
from pipelines import keys
from pipelines.cache import Cache, write

WORK = keys.ROOT / "work"
_PAGE = re.compile(r"(?:([^/]+)/)?(?:zh|en)/([^/]+)/([^/]+?)(?:\.html)?")


def read(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def find(site: Path, name: str) -> Path:
    """Return the folder that a page is kept in.

    Parameters
    ----------
    site : Path
        Root of the site; it is only read.
    name : str
        ``zh/990101/40_demand`` of the newest issue, the same behind the name of an issue, or the
        beginning of the key of a page or scenario.

    Returns
    -------
    Path
        With ``page.json``, ``objects.json`` and ``page.ipynb``.

    Raises
    ------
    PageError
        If there is no such page, or several keys begin like this.
    """
    cache = Cache.beside(site).entry("")
    found: list[Path] = []
    if page := _PAGE.fullmatch(name):
        found = [cache / held for held in _entries(site, *page.groups())]
    elif re.fullmatch("[0-9a-f]+", name):
        found = [*cache.glob(f"{name}*"), *(WORK / "scenarios").glob(f"{name}*")]
        found = [path for path in found if not path.suffix]  # a failed page has no key
    if len(found) != 1 or not found[0].is_dir():
        raise PageError(
            f"{len(found) or 'no'} pages of {site} are called {name!r}; name one as "
            "zh/990101/40_demand, as 2026-08-02/zh/990101/40_demand, or by its key"
        )
    return found[0]


def _entries(site: Path, issue: str | None, unit: str, page: str) -> list[str]:
    if not (site / "latest").is_file():
        raise PageError(f"no site in {site}; make it with: make reports")
    chosen = issue or (site / "latest").read_text(encoding="utf-8").strip()
    manifest = site / "issues" / chosen / "manifest.json"
    if not manifest.is_file():
        raise PageError(f"no issue {chosen!r} in {site}; its index.html lists those there are")
    return [
        held["key"] if held["state"] == "made" else f"{held['key']}.failed"
        for held in read(manifest)["pages"]
        if (held["unit_id"], held["page"]) == (unit, page)
    ]


def lay_out(folder: Path, files: Mapping[str, bytes], stem: str) -> None:
    """Lay out the files of a page as in a site; the folder is there whole or not at all.

    Parameters
    ----------
    folder : Path
        Where; what stands there is replaced.
    files : mapping of str to bytes
        As `jobs.execute` made them.
    stem : str
        Path of the page below the folder of its language, without an ending.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        for name, content in files.items():
            language, _, ending = name.partition(".")
            is_built = language in {"zh", "en"}
            write(made / (f"{language}/{stem}.{ending}" if is_built else name), content)
        if "page.ipynb" in files:
            for language in ("zh", "en"):
                shutil.copyfile(made / "page.ipynb", made / language / f"{stem}.ipynb")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
