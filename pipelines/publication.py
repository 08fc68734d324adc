"""Publication: the files of a site and the manifest that names what they were made from."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import marketing_models
from marketing_models import parameters
from marketing_models.cis import Store
from marketing_models.reporting import indexes, page, site
from marketing_models.reporting.display import Verdict
from marketing_models.reporting.language import LANGUAGES, say
from pipelines.jobs import Job, Page


def publish(
    store: Store, jobs: Sequence[Job], pages: Sequence[Page], folder: Path, run: Mapping[str, Any]
) -> None:
    """Write a site beside its place and put it there by one rename.

    Parameters
    ----------
    store : Store
        The store of the pages.
    jobs : sequence of Job
        What was asked for.
    pages : sequence of Page
        What came of it.
    folder : Path
        Where the site shall stand; an earlier one is replaced.
    run : mapping
        Host and times of the run; they stand in the manifest alone.
    """
    contexts = {(job.unit_id, job.page_name): job.context for job in jobs}
    files = _page_files(pages, contexts) | _index_files(store, jobs, pages)
    manifest = {
        "store": store.folder.name,
        "unit_id": store.unit_id,
        "issue": jobs[0].parameters["issue"],
        "store_version_number": jobs[0].context.store_version_number,
        "code_version": marketing_models.__version__,
        "parameters_sha256": parameters.digest(),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()},
        "failed": [
            {"unit_id": p.unit_id, "page": p.page_name, "error": p.error} for p in pages if p.error
        ],
        "run": run,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    work = folder.with_name(f".{folder.name}.work")
    shutil.rmtree(work, ignore_errors=True)
    for name, content in {**files, "manifest.json": text}.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)


def _page_files(
    pages: Sequence[Page], contexts: Mapping[tuple[str, str], page.PageContext]
) -> dict[str, str]:
    files = {}
    for made in pages:
        html = made.html or page.build(_told(made), contexts[made.unit_id, made.page_name])
        for language in LANGUAGES:
            files[f"{language}/{made.unit_id}/{made.page_name}.html"] = html[language]
        if made.incident:
            files[f"failed/{made.unit_id}_{made.page_name}.ipynb"] = made.incident
    return files


def _told(made: Page) -> Sequence[Mapping[str, Any]]:
    """Return what a page displays; of a failed one, that and why it failed."""
    if not made.error:
        return made.objects
    verdict = Verdict(
        headline=say("本页未能生成", "This page could not be made"),
        sentences=(say("原因：{reason}", "Reason: {reason}", reason=made.error),),
    )
    return [verdict.as_json()]


def _index_files(store: Store, jobs: Sequence[Job], pages: Sequence[Page]) -> dict[str, str]:
    hierarchy = store.hierarchy()
    study = store.read_study("demand", issue=jobs[0].parameters["issue"])
    stamp = site.Stamp.of(study, store=store.folder.name)
    summaries: dict[str, dict[str, Any]] = {}
    for made in pages:
        summaries.setdefault(made.unit_id, {})[made.page_name] = site.summary(_told(made))
    files = {"index.html": indexes.store_index(hierarchy, summaries, stamp)}
    for unit in summaries:
        html = indexes.unit_index(hierarchy, unit, summaries, stamp)
        files |= {f"{language}/{unit}/index.html": text for language, text in html.items()}
    return files
