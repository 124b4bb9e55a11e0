"""Names of classes as strangers choose them: kept as they are where they can be shown, refused where they cannot, and
never a path. What exporters make of them is in tests/unit/formats/test_hostile.py."""

from __future__ import annotations

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a:b", "#x", "CON", "🧫", "גרעין", "a\\b", "=1+1", "n" * 200]
)
def test_a_class_may_have_any_name_that_can_be_shown(name: str) -> None:
    assert [each.name for each in ClassCatalog.from_names([name]).classes] == ["background", name]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nucleus", "nucleus "], "two classes share one name"),
        (["nucleus", "nucleus"], "two classes share one name"),
        (["nucleus", ""], "printable name"),
        (["nucleus", " \t"], "printable name"),
        (["n" * 5_000], "1 to 200 characters"),
        (["nu\x00cleus"], "printable name"),
        (["nu\x1b[31mcleus"], "printable name"),
        (["nu\ncleus"], "printable name"),
    ],
)
def test_a_class_without_a_name_of_its_own_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(BadInputError, match=said) as refused:
        ClassCatalog.from_names(names)
    assert str(refused.value).isprintable()
