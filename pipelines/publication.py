"""Publication: an issue becomes a folder of links into the cache, put there by one rename."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marketing_models
from marketing_models import parameters
from marketing_models.regions import Hierarchy
from marketing_models.reporting import indexes, site
from marketing_models.reporting.language import LANGUAGES
from marketing_models.timeaxis import Issue
from pipelines import keys
from pipelines.cache import Cache, link, swap, sync, write
from pipelines.jobs import Job

PAST_COUNT = 24
_BUILT = re.compile(r"(zh|en)\.(html|pdf|xlsx)")
_BRIEF = ("headline", "recommendation", "deadline", "deadline_at", "owner", "tiles", "state")


@dataclass(frozen=True, kw_only=True)
class Edition:
    """An issue about to be published.

    Attributes
    ----------
    folder : Path
        Root of the site.
    run_key : str
        What the run was made from.
    jobs : sequence of Job
        All its pages.
    entries : mapping of str to str
        Name in the cache by key of a job.
    hierarchy : Hierarchy
        Units of the store.
    stamp : Stamp
        What its pages share.
    store_unit_id : str
        Unit of the store.
    """

    folder: Path
    run_key: str
    jobs: Sequence[Job]
    entries: Mapping[str, str]
    hierarchy: Hierarchy
    stamp: site.Stamp
    store_unit_id: str

    @property
    def place(self) -> Path:
        """Where it will stand."""
        return self.folder / "issues" / self.stamp.issue


def publish(edition: Edition, cache: Cache, run: Mapping[str, Any]) -> None:
    """Put an issue in its place, and lead the root of the site to the newest one.

    Parameters
    ----------
    edition : Edition
        What to publish. If the very same stands there already, it stays.
    cache : Cache
        Holds its pages.
    run : mapping
        Host and times of the run; they stand in the manifest alone.
    """
    work = cache.workshop()
    files = {name: link_to(work / name, source) for name, source in _page_files(edition, cache)}
    summaries = _summaries(edition, cache)
    made = indexes.files(edition.hierarchy, summaries, edition.stamp, history=_history(edition)) | {
        "summaries.json": keys.canonical(_brief(summaries))
    }
    for name, text in made.items():
        write(work / name, text.encode())
        files[name] = keys.sha256(text.encode())
    manifest = _manifest(edition, summaries, files)
    if _standing(edition.place) != manifest:
        write(work / "manifest.json", _written({**manifest, "run": run}))
        _put(work, edition.place, cache)
    _lead(edition.folder)


def link_to(target: Path, source: Path) -> str:
    """Link a file of the cache to its place and return its SHA-256."""
    link(source, target)
    return hashlib.sha256(source.read_bytes()).hexdigest()


def _page_files(edition: Edition, cache: Cache) -> Iterator[tuple[str, Path]]:
    for job in edition.jobs:
        unit, page = job.context.unit_id, job.context.page_name
        entry = cache.entry(edition.entries[job.key])
        for source in sorted(entry.iterdir()):
            if built := _BUILT.fullmatch(source.name):
                yield f"{built[1]}/{unit}/{page}.{built[2]}", source
        for language in LANGUAGES:
            yield f"{language}/{unit}/{page}.ipynb", entry / "page.ipynb"
        yield f"data/{unit}/{page}.json", entry / "page.json"


def _summaries(edition: Edition, cache: Cache) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for job in edition.jobs:
        text = (cache.entry(edition.entries[job.key]) / "page.json").read_text(encoding="utf-8")
        found.setdefault(job.context.unit_id, {})[job.context.page_name] = json.loads(text)
    return found


def _brief(summaries: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    return {
        unit: {
            page: {name: held[name] for name in _BRIEF if name in held}
            for page, held in pages.items()
        }
        for unit, pages in summaries.items()
    }


def _history(edition: Edition) -> list[tuple[str, dict[str, Any]]]:
    """Return earlier issues of the same length, the oldest first; the last one with its tables."""
    own = Issue.parse(edition.stamp.issue)
    past = [
        issue
        for issue in published(edition.folder)
        if len(issue.name) == len(own.name) and issue.origin < own.origin
    ][-PAST_COUNT:]
    found = [(issue.name, _read(edition, issue, "summaries.json")) for issue in past]
    if found:
        name, brief = found[-1]
        whole = {
            unit: {page: _read(edition, past[-1], f"data/{unit}/{page}.json") for page in pages}
            for unit, pages in brief.items()
        }
        found[-1] = (name, whole)
    return found


def _read(edition: Edition, issue: Issue, name: str) -> Any:
    path = edition.folder / "issues" / issue.name / name
    return json.loads(path.read_text(encoding="utf-8"))


def published(folder: Path) -> list[Issue]:
    """Return the issues of a site, the oldest first.

    Parameters
    ----------
    folder : Path
        Root of the site.

    Returns
    -------
    list of Issue
        By the last day that they are about, the longer ones last.
    """
    names = [path.parent.name for path in (folder / "issues").glob("*/manifest.json")]
    return sorted(map(Issue.parse, names), key=lambda issue: (issue.origin, issue.name))


def _manifest(
    edition: Edition,
    summaries: Mapping[str, Mapping[str, Mapping[str, Any]]],
    files: Mapping[str, str],
) -> dict[str, Any]:
    root = summaries.get(edition.hierarchy.root, {})
    first = next(iter(root.values()), {})
    return {
        "store": edition.stamp.store,
        "unit_id": edition.store_unit_id,
        "issue": edition.stamp.issue,
        "data_date": edition.stamp.data_date,
        "headline": first.get("headline"),
        "store_version_number": edition.stamp.store_version_number,
        "code_version": marketing_models.__version__,
        "parameters_sha256": parameters.digest(),
        "run_key": edition.run_key,
        **keys.environment(),
        "pages": [
            {
                "unit_id": job.context.unit_id,
                "page": job.context.page_name,
                "key": job.key,
                "state": summaries[job.context.unit_id][job.context.page_name]["state"],
            }
            for job in edition.jobs
        ],
        "files": dict(sorted(files.items())),
    }


def _standing(place: Path) -> dict[str, Any] | None:
    path = place / "manifest.json"
    if not path.is_file():
        return None
    held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    held.pop("run", None)
    return held


def _put(work: Path, place: Path, cache: Cache) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rename(cache.workshop() / place.name)
    work.rename(place)
    sync(place.parent)


def _lead(folder: Path) -> None:
    issues = []
    for issue in published(folder):
        path = folder / "issues" / issue.name / "manifest.json"
        held = json.loads(path.read_text(encoding="utf-8"))
        issues.append({**held, "page_count": len(held["pages"])})
    swap(folder / "index.html", indexes.root(issues).encode())
    swap(folder / "latest", f"{issues[-1]['issue']}\n".encode())


def _written(held: Mapping[str, Any]) -> bytes:
    return json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True).encode()
