"""The code lists of the synthetic province with their words in both languages."""

import pandas as pd

from marketing_models.synthetic.industries import INDUSTRIES

_VALID_FROM = pd.Timestamp("2000-01-01")
_SECTORS = (
    ("primary", "第一产业", "Primary sector"),
    ("secondary", "第二产业", "Secondary sector"),
    ("tertiary", "第三产业", "Tertiary sector"),
)
# List, then code, Chinese and English words of each entry.
_LISTS = {
    "tariff_class": """
        residential|居民生活|Residential
        agricultural|农业生产|Agricultural
        industrial_commercial|工商业|Industrial and commercial
    """,
    "tariff": """
        residential|居民阶梯（一户一表）|Residential, blocks
        residential_time_of_use|居民阶梯峰谷|Residential, blocks, peak and valley
        shared_meter|居民合表|Residential, shared meter
        agricultural|农业生产|Agricultural
        industrial_commercial|工商业单一制|Industrial and commercial, single part
        industrial_commercial_two_part|工商业两部制|Industrial and commercial, two parts
        feed_in|分布式光伏上网|Feed-in of rooftop plant
    """,
    "market_role": """
        wholesale|批发用户|Wholesale
        retail|零售用户|Retail
        agency|代理购电用户|Agency purchase
        last_resort|兜底售电用户|Last resort
        guaranteed|保障性用户|Guaranteed
    """,
    "retail_package": """
        fixed|固定价格|Fixed price
        time_shaped|分时价格|Time-shaped price
        spot_linked|现货联动|Linked to the spot price
        shared|比例分成|Shared gain
    """,
    "capacity_basis": """
        capacity|按容量|By capacity
        contract_demand|合约最大需量|Contract demand
        measured_demand|实际最大需量|Measured demand
    """,
    "voltage_level": """
        below_1kV|不满1千伏|Below 1 kV
        10kV|1–10千伏|10 kV
        35kV|35千伏|35 kV
        110kV|110千伏|110 kV
        220kV|220千伏及以上|220 kV and above
    """,
    "importance_level": """
        special|特级|Special
        first|一级|First
        second|二级|Second
        temporary|临时性|Temporary
    """,
    "area_type": """
        urban|城市|Urban
        rural|农村|Rural
        remote|特殊边远|Remote
    """,
    "restriction": """
        illegal|违法违规|Illegal
        eliminated|淘汰类|Eliminated
        restricted|限制类|Restricted
        over_limit|超能耗限额|Over the limit of use
        lighting|景观照明|Lighting
        high_emission|高耗能高排放|High emission
    """,
    "weekday": """
        monday|星期一|Monday
        tuesday|星期二|Tuesday
        wednesday|星期三|Wednesday
        thursday|星期四|Thursday
        friday|星期五|Friday
        saturday|星期六|Saturday
        sunday|星期日|Sunday
    """,
    "status": """
        active|正常用电|Active
        suspended|暂停|Suspended
        closed|已销户|Closed
        open|未完成|Open
        done|已完成|Done
        cancelled|已取消|Cancelled
        claimed|已申报|Claimed
        verified|已核验|Verified
        rejected|未通过|Rejected
    """,
    "loss_cause": """
        closure|关停|Closure
        own_generation|自备电源|Own generation
        photovoltaic|光伏替代|Photovoltaic
        other_fuel|其他能源|Other fuel
        direct_supply|直供|Direct supply
        credit|信用原因|Credit
    """,
    "channel": """
        hall|营业厅|Business hall
        bank_counter|银行柜台|Bank counter
        bank_debit|银行代扣|Bank debit
        web|网上|Web
        app|手机应用|App
        phone|电话|Telephone
        agent|代收点|Agent
        field|现场|Field
        regulator|监管热线|Regulator
        none|无|None
    """,
    "ticket_type": """
        fault|故障报修|Fault
        enquiry|咨询|Enquiry
        complaint|投诉|Complaint
        report|举报|Report
        opinion|意见|Opinion
        suggestion|建议|Suggestion
        service|服务申请|Service
        praise|表扬|Praise
        urge|催办|Urge
    """,
    "complaint_class": """
        service|服务|Service
        business|营业|Business
        outage|停送电|Outage
        quality|供电质量|Quality of supply
        construction|电网建设|Construction
    """,
    "quality": """
        measured|实测|Measured
        manual|人工|Manual
        estimated|估算|Estimated
        corrected|修正|Corrected
    """,
    "series": """
        grid|网供负荷|Grid
        dispatched|统调负荷|Dispatched
        total|全社会|Total
        photovoltaic|光伏|Photovoltaic
        charging|充电|Charging
        agency|代理购电|Agency purchase
        primary|第一产业|Primary sector
        secondary|第二产业|Secondary sector
        tertiary|第三产业|Tertiary sector
        residential|居民|Residential
        heavy_industry|高耗能|Heavy industry
        supplied|供电量|Supplied
        sold|售电量|Sold
        line_loss|线损|Line loss
        plant_own_use|厂用电|Own use of plants
        self_consumed|自发自用|Self-consumed
        driver_pipeline|在途报装|Driver: pipeline
        driver_saving|节电|Driver: saving
    """,
    "measure": """
        price_response|价格响应|Price response
        contracted_response|约定响应|Contracted response
        invited_response|邀约响应|Invited response
        interruptible|可中断|Interruptible
        shift|错峰|Shift
        avoid|避峰|Avoid
        ration|限电|Ration
        rotate|轮休|Rotate
        feeder|线路拉限|Feeder
    """,
    "warning_level": """
        I|一级（红色）|Red
        II|二级（橙色）|Orange
        III|三级（黄色）|Yellow
        IV|四级（蓝色）|Blue
    """,
    "equipment_type": """
        substation|变电站|Substation
        transformer|变压器|Transformer
        feeder|线路|Feeder
        transformer_area|台区|Transformer area
    """,
    "application_type": """
        new|新装|New
        larger|增容|Larger
        smaller|减容|Smaller
        suspension|暂停|Suspension
        closure|销户|Closure
        photovoltaic|光伏并网|Photovoltaic
        charging|充电桩报装|Charging
    """,
    "inspection_outcome": """
        normal|正常|Normal
        theft|窃电|Theft
        meter_fault|计量故障|Meter fault
        breach|违约用电|Breach
    """,
    "carrier": """
        coal|煤炭|Coal
        gas|天然气|Gas
        oil|油品|Oil
        lpg|液化石油气|Liquefied petroleum gas
        biomass|生物质|Biomass
        heat|热力|Heat
        electricity|电力|Electricity
    """,
}


def code_list() -> pd.DataFrame:
    """Return the table ``code_list``, the same for all synthetic provinces.

    Returns
    -------
    DataFrame
        Raw rows; the divisions of list ``industry`` stand below their sectors.
    """
    rows: list[tuple[str, str, str | None, str, str]] = [
        (name, code, None, zh, en)
        for name, text in _LISTS.items()
        for code, zh, en in (line.strip().split("|") for line in text.strip().splitlines())
    ]
    rows += [("industry", code, None, zh, en) for code, zh, en in _SECTORS]
    rows += [("industry", i.code, i.sector_code, i.name_zh, i.name_en) for i in INDUSTRIES.values()]
    names = ["list_code", "code", "parent_code", "label_zh", "label_en"]
    return pd.DataFrame(rows, columns=names).assign(valid_from=_VALID_FROM)
