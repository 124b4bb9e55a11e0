import cv2
import numpy as np
import pytest

from labeltool.learning.doubles import doubles, unit
from labeltool.learning.thumbnails import appearance, fingerprint

NONE = np.zeros((0, 2), np.float32)


def test_a_double_says_of_which_it_is_one() -> None:
    vectors = np.array([[0, 0], [5, 0], [0.1, 0], [5, 0.1], [0.2, 0]], np.float32)
    assert doubles(vectors, NONE, 0.15) == {2: 0, 3: 1}  # the last is near the third, which is no original
    assert doubles(vectors, NONE, 0.3) == {2: 0, 3: 1, 4: 0}
    assert doubles(vectors, NONE, 0.0) == {}


def test_labelled_images_count_as_originals() -> None:
    vectors = np.array([[0, 0], [5, 0]], np.float32)
    assert doubles(vectors, np.array([[9, 9], [5, 0.1]], np.float32), 0.2) == {1: 3}


def test_equal_vectors_are_doubles_whatever_the_distance() -> None:
    assert doubles(np.ones((3, 4), np.float32), np.zeros((0, 4), np.float32), 0) == {1: 0, 2: 0}


def test_directions_have_length_1_and_nothing_stays_nothing() -> None:
    found = unit(np.array([[3, 4], [0, 0]], np.float32))
    assert found.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]


def picture(seed: int) -> np.ndarray:
    """Discs of grey on dark."""
    rng = np.random.default_rng(seed)
    drawn = np.full((64, 64, 3), 20, np.uint8)
    for _ in range(12):
        x, y, radius = (int(v) for v in rng.integers((0, 0, 3), (64, 64, 9)))
        cv2.circle(drawn, (x, y), radius, (int(rng.integers(80, 250)),) * 3, -1)
    return drawn


def test_prints_of_copies_are_near_and_of_other_pictures_far() -> None:
    one = picture(0)
    compressed = cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], cv2.IMREAD_COLOR)
    copies = [compressed, cv2.convertScaleAbs(one, alpha=1.1, beta=5), cv2.resize(one, (50, 50))]
    assert max(np.linalg.norm(fingerprint(c) - fingerprint(one)) for c in copies) < 0.25
    assert min(np.linalg.norm(fingerprint(picture(s)) - fingerprint(one)) for s in range(1, 20)) > 0.5


def test_pictures_that_show_nothing_are_told_apart_by_their_colour() -> None:
    black, white = (np.full((64, 64, 3), v, np.uint8) for v in (0, 255))
    assert np.linalg.norm(fingerprint(black) - fingerprint(white)) > 1
    assert np.linalg.norm(fingerprint(black) - fingerprint(black + 1)) < 0.1


def test_appearance_says_the_kind_and_not_the_place() -> None:
    one = picture(0)
    turned = np.ascontiguousarray(one[::-1, ::-1])
    noise = np.random.default_rng(0).integers(0, 256, one.shape).astype(np.uint8)
    assert np.linalg.norm(appearance(one) - appearance(turned)) < 0.05
    assert np.linalg.norm(appearance(one) - appearance(noise)) > 0.5
