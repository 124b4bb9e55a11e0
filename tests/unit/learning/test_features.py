import numpy as np

from labeltool.learning.features import measured

VALUES = (0, 2, 7)


def test_counts_doubts_regions_and_outlines_of_a_drawn_prediction() -> None:
    label = np.zeros((20, 30), np.uint8)
    label[2:6, 2:6] = 2
    label[10:14, 10:16] = 2
    label[15:18, 20:22] = 7
    label[:, 29] = 255  # the model has said nothing there
    entropy = np.zeros_like(label)
    entropy[2:6, 2:6] = 255
    entropy[15:18, 20:22] = 51
    margin = np.full_like(label, 255)
    margin[10, 10] = 0
    bald = np.zeros_like(label)
    bald[0, 0] = 128
    found = measured(label, {"entropy": entropy, "margin": margin, "bald": bald}, VALUES, 0)
    assert found.counts.tolist() == [580 - 16 - 24 - 6, 40, 6]
    assert found.doubtful.tolist() == [0, 16, 0]
    assert np.allclose(found.doubts["entropy"], [0, 16, 6 * 0.2])
    assert np.allclose(found.doubts["margin"], [0, 1, 0])
    assert np.allclose(found.doubts["bald"], [(128 / 255) ** 2, 0, 0])  # its root is what is kept
    assert found.regions == 3
    assert found.outline == 12  # of the sixteen pixels of the square four lie inside it
    assert np.allclose(found.effort, [3, 12, 17.2, 580 / 1e6])


def test_parts_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(0)
    label = rng.choice(np.array([0, 2, 7], np.uint8), (16, 40))
    planes = {"entropy": rng.integers(0, 256, (16, 40)).astype(np.uint8)}
    whole = measured(label, planes, VALUES, 0)
    parts = [
        measured(label[:, s], {"entropy": planes["entropy"][:, s]}, VALUES, 0)
        for s in (slice(0, 15), slice(15, 40))
    ]
    both = parts[0] + parts[1]
    assert both.pixels == whole.pixels == 640
    assert both.counts.tolist() == whole.counts.tolist()
    assert both.doubtful.tolist() == whole.doubtful.tolist()
    assert np.allclose(both.doubts["entropy"], whole.doubts["entropy"])
    assert both.regions >= whole.regions


def test_without_a_background_every_region_counts() -> None:
    label = np.zeros((4, 4), np.uint8)
    assert measured(label, {}, VALUES, None).regions == 1
    assert measured(label, {}, VALUES, 0).regions == 0
