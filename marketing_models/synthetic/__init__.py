"""The synthetic province: a pure generator of every source table, with known truth.

Places, people and numbers are invented. A county generated alone equals that county in the
province, because every table and unit has its own keyed stream of random numbers.
"""

from marketing_models.synthetic.provinces import county, province
from marketing_models.synthetic.scale import Scale

__all__ = ["Scale", "county", "province"]
