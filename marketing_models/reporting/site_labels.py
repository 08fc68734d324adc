"""Site labels: the fixed words of index pages, beside those that they share with pages."""

from collections.abc import Callable, Mapping

from markupsafe import Markup

from marketing_models.reporting import markup
from marketing_models.reporting.language import Text

_LABELS: Mapping[str, Text] = {
    "past_issues": {"zh": "往期", "en": "Past issues"},
    "issues": {"zh": "各期报告", "en": "Reports by issue"},
    "newest": {"zh": "最新一期", "en": "Newest issue"},
    "page_count": {"zh": "页", "en": "pages"},
    "no_issue": {"zh": "尚无报告。", "en": "No reports yet."},
    "page": {"zh": "页面", "en": "Pages"},
    "notebook": {"zh": "笔记本", "en": "Notebook"},
    "compare": {"zh": "与上期对比", "en": "Against the issue before"},
    "map": {"zh": "各县分布", "en": "Counties"},
    "map_measure": {"zh": "着色指标", "en": "Coloured by"},
    "missing": {"zh": "无数据", "en": "no data"},
    "classes": {"zh": "各档单位数相近", "en": "classes of about equal numbers of units"},
    "units": {"zh": "各单位主要数据", "en": "Key figures by unit"},
    "units_below": {"zh": "下级单位对比", "en": "Units below, side by side"},
    "same_unit": {
        "zh": "各列各级同一计量单位，可点列名排序；排序用精确值。",
        "en": "One unit of measure per column at all levels; click a head to sort by exact values.",
    },
    "share": {"zh": "占上级", "en": "Share of parent"},
    "search": {"zh": "查找单位、页面或结论", "en": "Find a unit, page or headline"},
    "found": {"zh": "条结果", "en": "results"},
    "more": {"zh": "仅列前", "en": "first"},
    "status": {"zh": "生成情况", "en": "State of the pages"},
    "made": {"zh": "页已生成", "en": "pages made"},
    "not_made": {"zh": "页无判断", "en": "pages without a judgement"},
    "no_data": {"zh": "无可用数据", "en": "No usable data"},
    "suppressed": {"zh": "样本过少，不予公开", "en": "Too few members to publish"},
    "failed": {"zh": "生成失败", "en": "Failed"},
    "late": {"zh": "到时限未完成", "en": "Not done by the deadline"},
    "absent": {"zh": "本期未出页面的单位", "en": "Units without pages in this issue"},
    "this_issue": {"zh": "本期", "en": "this issue"},
    "past_issue": {"zh": "上期", "en": "issue before"},
    "colon": {"zh": "：", "en": ": "},
    "stop": {"zh": "；", "en": "; "},
}


def labels(language: str) -> Callable[[str], Markup]:
    """Return the labels of one language, by name; as markup they keep the space at their end."""

    def word(name: str) -> Markup:
        own = _LABELS.get(name)
        return Markup(own[language] if own else markup.label(name, language))  # noqa: S704 - our own words

    return word
