"""Sources: who computed a page, from which version of which tables, with what."""

import hashlib
import json

from marketing_models.reporting import readings
from marketing_models.reporting.display import Source, Sources
from marketing_models.reporting.language import same, say
from marketing_models.study import Study


def sources(study: Study) -> Sources:
    """Return the record behind a page.

    Parameters
    ----------
    study : Study
        The study that the page shows.

    Returns
    -------
    Sources
        Scope, computing unit, reading time, versions of tables, code and parameters.
    """
    run = study.run
    version = f"@{run.store_version_number}"
    tables = ", ".join(f"{name}{version}" for name in sorted(study.tables))
    written = json.dumps(run.parameters, sort_keys=True, ensure_ascii=False, default=str)
    lines = (
        (
            say("口径", "Scope"),
            say(
                "序列 total；当地时间，时段按起点标注",
                "series total; local time, periods named by their start",
            ),
        ),
        (say("计算单位", "Computed by"), readings.name(study, run.store_unit_id)),
        (say("运行", "Run"), same(study.run_id)),
        (say("读数时刻", "Data read at"), same(f"{run.issued_at:%Y-%m-%d %H:%M}")),
        (say("数据表与版本", "Tables and version"), same(tables)),
        (say("程序版本", "Code version"), same(run.code_version)),
        (
            say("参数摘要", "Digest of parameters"),
            same(hashlib.sha256(written.encode()).hexdigest()[:12]),
        ),
    )
    return Sources(items=tuple(Source(label=label, text=text) for label, text in lines))
