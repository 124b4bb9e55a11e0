"""Object numbers of an import: none comes to be shared with an object that stays, none is torn, none overflows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labeltool.app.importing import import_patch
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import VERIFIED, Origin
from labeltool.formats.protocol import ImportedMask
from tests.laws.examples import law

SHAPE = (3, 5)
LARGEST = 2**32 - 1
numbers = arrays.arrays(
    np.uint32, SHAPE, elements=st.integers(0, 4) | st.integers(LARGEST - 4, LARGEST), fill=st.nothing()
)
places = arrays.arrays(np.bool_, SHAPE)
origins = arrays.arrays(np.uint8, SHAPE, elements=st.sampled_from([int(each) for each in Origin]))


@law(60)
@given(numbers, origins, numbers, st.none() | places)
def test_objects_that_come_in_stay_apart_from_each_other_and_from_those_that_stay(
    own: np.ndarray, origin: np.ndarray, coming: np.ndarray, known: np.ndarray | None
) -> None:
    mask = LabelMask(Size(SHAPE[1], SHAPE[0]))
    mask.apply(write(mask, mask.size.box, title="", kind="", label=1, object_id=own, origin=origin))
    label = np.full(SHAPE, 2, np.uint8)
    mask.apply(import_patch(mask, ImportedMask("", "x.png", label, coming, known, 0), "png"))
    after = mask.read("object")
    set_ = ~np.isin(origin, VERIFIED) & (True if known is None else known)
    assert (after[~set_] == own[~set_]).all(), "what stays keeps its number"
    assert ((after == 0) == (coming == 0))[set_].all()
    assert not set(after[set_].tolist()) - {0} & set(own[~set_].tolist())
    pairs = set(zip(coming[set_].tolist(), after[set_].tolist(), strict=True))
    assert len(pairs) == len({theirs for theirs, _ in pairs}) == len({mine for _, mine in pairs})
