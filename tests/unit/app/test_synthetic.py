import numpy as np

from labeltool.app.synthetic import fluorescence
from labeltool.core.geometry import Size

SIZE = Size(160, 120)


def test_equal_seeds_give_equal_pixels_and_others_do_not() -> None:
    one, same, other = (fluorescence(SIZE, seed, nuclei=12) for seed in (3, 3, 4))
    assert np.array_equal(one.image, same.image)
    assert np.array_equal(one.instances, same.instances)
    assert not np.array_equal(one.image, other.image)


def test_a_field_has_the_shape_and_numbers_it_promises() -> None:
    field = fluorescence(SIZE, 1, nuclei=12)
    assert field.image.shape == field.instances.shape == (120, 160)
    assert field.image.dtype == np.uint8
    assert field.instances.dtype == np.uint32
    numbers = np.unique(field.instances)
    assert 0 in numbers
    assert 6 <= len(numbers) - 1 <= 12


def test_nuclei_are_brighter_than_what_surrounds_them() -> None:
    field = fluorescence(SIZE, 2, nuclei=12)
    assert field.image[field.label == 1].mean() > 2 * field.image[field.label == 0].mean()


def test_some_nuclei_touch_in_a_crowded_field() -> None:
    ids = fluorescence(SIZE, 5, nuclei=40).instances.astype(int)
    left, right = ids[:, :-1], ids[:, 1:]
    assert ((left != right) & (left > 0) & (right > 0)).any()
