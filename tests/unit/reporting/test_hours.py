"""The last week hour by hour: every stored hour stands once, under its own key."""

from marketing_models.reporting import tables


def test_every_hour_of_the_review_is_one_cell_with_its_own_period(demand):
    demand = demand.of("990101")
    table = tables.demand_hours(demand)
    stored = demand.table("result_demand_review").set_index("period_start")["load_kw"]
    cells = [cell for row in table.rows for cell in row.cells[1:]]
    assert len(cells) == len(stored) == 168
    assert {c.key["period_start"]: c.value for c in cells} == {
        f"{at:%Y-%m-%dT%H:%M:%S}": int(load) for at, load in stored.items()
    }
