"""Two counties of a small world, and the same counties of its other presets."""

from dataclasses import dataclass, field

import pytest

from marketing_models.synthetic.county import County
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

SCALE = Scale(city_count=1, county_count=2, supply_point_count=1200, month_count=26)


@dataclass(frozen=True)
class Counties:
    """Counties by preset, made once."""

    made: dict[str, list[County]] = field(default_factory=dict)

    @property
    def usual(self):
        return self.of("usual")

    def of(self, preset):
        if preset not in self.made:
            world = World(scale=SCALE, seed=11, preset=preset)
            self.made[preset] = [County(world=world, unit_id=unit) for unit in world.city_of]
        return self.made[preset]


@pytest.fixture(scope="session")
def counties():
    return Counties()
