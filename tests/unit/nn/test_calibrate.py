from __future__ import annotations

import numpy as np
import pytest
import torch

from labeltool.core.progress import CancelToken
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.training.calibrate import offsets, shift

from .conftest import CARD, CATALOG, drawn


class Brightness(torch.nn.Module):
    """A network whose logit for the second class is the brightness, too high by ``bias``."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.segmentation_head = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1))
        with torch.no_grad():
            self.segmentation_head[0].weight.zero_()
            self.segmentation_head[0].weight[1] += 0.5
            self.segmentation_head[0].bias.copy_(torch.tensor([0.0, bias]))

    def forward(self, pixels):
        return self.segmentation_head(pixels)


@pytest.mark.parametrize("bias", [-2.5, 0.0, 3.0])
def test_a_network_that_sees_too_much_or_too_little_is_set_right_on_whole_images(tmp_path, bias):
    image = drawn(tmp_path, "a", 3)
    network = Brightness(bias)
    by = offsets([image], TorchSegmenter(CARD, network, "cpu"), CancelToken())
    assert by[0] == 0.0
    shift(network, by)
    logits = TorchSegmenter(CARD, network, "cpu").logits(np.array(_pixels(image))[None, :64, :64])
    truth = image.load_label()[:64, :64]
    found = logits[0].argmax(0).numpy()
    assert (found == truth)[truth != 255].all()


def test_a_class_that_does_not_appear_is_left_alone(tmp_path):
    image = drawn(tmp_path, "a", 3, value=0)
    assert offsets([image], TorchSegmenter(CARD, Brightness(1.0), "cpu"), CancelToken()) == [0.0, 0.0]
    assert CATALOG.background == 0


def _pixels(image):
    from PIL import Image

    return Image.open(image.path).convert("RGB")
