"""The contact sheets of the tools leave none out."""

from __future__ import annotations

import pytest

from labeltool import plugins
from tests.e2e.gallery import SCENES, SOURCES


def test_every_tool_has_a_scene():
    assert set(plugins.names("labeltool.tools")) <= set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_is_about_an_image_that_its_project_has(name: str):
    source, image, _ = SCENES[name]
    assert 0 <= image < (len(SOURCES[source].images) or SOURCES[source].count)
