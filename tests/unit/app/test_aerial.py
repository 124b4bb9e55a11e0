import numpy as np

from labeltool.app.aerial import town
from labeltool.core.geometry import Size

SIZE = Size(320, 240)


def test_equal_seeds_give_equal_towns_and_others_do_not() -> None:
    one, same, other = (town(SIZE, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.image, same.image)
    assert np.array_equal(one.instances, same.instances)
    assert not np.array_equal(one.image, other.image)


def test_a_town_has_the_shape_and_numbers_it_promises() -> None:
    seen = town(SIZE, 1)
    assert (seen.image.shape, seen.image.dtype) == ((240, 320, 3), np.uint8)
    assert (seen.instances.shape, seen.instances.dtype) == ((240, 320), np.uint32)
    numbers = np.unique(seen.instances)
    assert len(numbers) > 3
    assert np.array_equal(numbers, np.arange(len(numbers)))


def test_a_denser_town_has_more_roofs() -> None:
    dense, sparse = (
        np.mean([(town(SIZE, s, density=d).instances > 0).mean() for s in range(4)]) for d in (1.0, 0.3)
    )
    assert dense > 1.5 * sparse


def test_a_building_is_at_least_nine_square_metres() -> None:
    seen = town(SIZE, 2, pixel_m=0.2)
    assert np.bincount(seen.instances.reshape(-1))[1:].min() * 0.2**2 >= 9
