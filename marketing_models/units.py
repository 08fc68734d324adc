"""Units: what the end of a name promises, and conversion at the two doors of the house."""

SUFFIX_UNITS = {
    "yuan_per_kwh": "yuan/kWh",
    "yuan_per_kva_month": "yuan/kVA month",
    "yuan_per_kw_month": "yuan/kW month",
    "yuan_per_kw": "yuan/kW",
    "w": "W",
    "wh": "Wh",
    "w_per_m2": "W/m2",
    "kwh": "kWh",
    "kw": "kW",
    "kva": "kVA",
    "kvarh": "kvarh",
    "yuan": "yuan",
    "degc": "degC",
    "deg": "deg",
    "frac": "1",
    "ratio": "1",
    "count": "count",
    "days": "days",
    "hours": "hours",
    "minutes": "minutes",
    "years": "years",
}

# Factors into the package's unit: what sources write, per one of ours.
_FACTORS = {
    "kW": {"W": 1e-3, "kW": 1.0, "MW": 1e3, "GW": 1e6, "万kW": 1e4},
    "kWh": {"Wh": 1e-3, "kWh": 1.0, "MWh": 1e3, "GWh": 1e6, "万kWh": 1e4, "亿kWh": 1e8},
    "kVA": {"kVA": 1.0, "MVA": 1e3, "万kVA": 1e4},
    "yuan": {"yuan": 1.0, "万元": 1e4, "亿元": 1e8},
    "1": {"1": 1.0, "%": 1e-2, "‰": 1e-3},
}
_OFFSETS = {"degC": {"degC": (1.0, 0.0), "degF": (5 / 9, -32 * 5 / 9), "K": (1.0, -273.15)}}


def unit_of(column: str) -> str | None:
    """Return the unit that the end of a column name promises.

    Parameters
    ----------
    column : str
        Such as ``peak_load_kw``.

    Returns
    -------
    str or None
        Unit as the dictionary writes it; None for a name without a unit suffix.

    Examples
    --------
    >>> unit_of("price_yuan_per_kwh"), unit_of("load_kw"), unit_of("unit_id")
    ('yuan/kWh', 'kW', None)
    """
    for suffix in sorted(SUFFIX_UNITS, key=len, reverse=True):
        if column.endswith("_" + suffix):
            return SUFFIX_UNITS[suffix]
    return None


def conversion(source: str, target: str) -> tuple[float, float]:
    """Return scale and offset that turn a value of one unit into another.

    Parameters
    ----------
    source : str
        Unit of the source, such as ``degF`` or ``万kWh``.
    target : str
        Unit of the dictionary, such as ``degC`` or ``kWh``.

    Returns
    -------
    tuple of float
        ``(scale, offset)`` with target value = source value × scale + offset.

    Raises
    ------
    ValueError
        If no conversion is known: nothing becomes null in silence.

    Examples
    --------
    >>> scale, offset = conversion("degF", "degC")
    >>> round(212 * scale + offset, 9)
    100.0
    """
    if source == target:
        return 1.0, 0.0
    if source in _OFFSETS.get(target, {}):
        return _OFFSETS[target][source]
    if source in _FACTORS.get(target, {}):
        return _FACTORS[target][source], 0.0
    known = sorted({*_FACTORS.get(target, {}), *_OFFSETS.get(target, {})})
    raise ValueError(f"no conversion from {source!r} to {target!r}; known sources: {known}")
