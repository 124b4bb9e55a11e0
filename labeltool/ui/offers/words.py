"""What the window says of teaching, in words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence

from labeltool.core.catalog import ClassCatalog

if TYPE_CHECKING:
    from labeltool.app.offering import Offer, Region
    from labeltool.app.teaching import State
    from labeltool.core.errors import LabeltoolError

translate = QCoreApplication.translate


def state_text(state: State, count: int = 0, error: LabeltoolError | None = None) -> str:
    """How far teaching is, and what it waits for."""
    if state == "failed" and error is not None:
        after = translate("Offers", "It is tried again with the next image.")
        return translate("Offers", "Failed: {error}.").format(error=error) + f"\n{after}"
    if count:
        return translate("Offers", "Regions offered: {n}").format(n=count)
    return {
        "off": translate(
            "Offers",
            "Off. While it is on, what you paint teaches the model,\n"
            "and it offers a better mask for the rest of the image.",
        ),
        "waiting": translate(
            "Offers",
            "Waits for an image. Of a very large one it looks at a part:\nzoom in, or begin to paint.",
        ),
        "looking": translate("Offers", "The model looks at the image…"),
        "ready": translate("Offers", "Ready: the next stroke teaches the model."),
        "approved": translate("Offers", "The image is approved; nothing of it is offered to be changed."),
        "failed": "",
    }[state]


def read_only_text() -> str:
    """Why it cannot be switched on."""
    return translate("Offers", "The project was opened for reading only; nothing is offered.")


def no_model_text() -> str:
    """Why nothing is offered, and what to do."""
    return translate(
        "Offers",
        "No model knows the classes of this project. Pre-label says which names one would know;\n"
        "the workspace Train makes one from what you have labelled.",
    )


def hint_text(
    offer: Offer, region: Region | None, catalog: ClassCatalog, actions: Mapping[str, QAction]
) -> str:
    """What is offered, and the keys."""
    count = len(offer.regions)
    many = translate("Offers", "all {n}").format(n=count)
    keys = [
        _key(actions, "take_offers", translate("Offers", "takes {all}").format(all=many)),
        _key(actions, "decline_offer", translate("Offers", "declines")),
    ]
    if region is None:
        offered = translate("Offers", "Regions offered: {n}").format(n=count)
        first = [f"<b>{offered}</b>", translate("Offers", "point at one, <b>Enter</b> takes it")]
        walk = _key(actions, "next_offer", translate("Offers", "shows the largest"))
        return _joined([*first, walk, *keys])
    found = catalog.by_value(region.value)
    name, color = (
        ("", "#888888") if found is None else (found.name, "#{:02x}{:02x}{:02x}".format(*found.color))
    )
    what = f"<span style='color: {color}; background: white'>&nbsp;■&nbsp;</span> <b>{escape(name)}</b>"
    size = translate("Offers", "{area} px, {percent} % sure").format(
        area=f"{region.area:,}", percent=round(100 * region.confidence / 255)
    )
    return _joined([what, size, translate("Offers", "<b>Enter</b> takes it"), *keys])


def _key(actions: Mapping[str, QAction], name: str, does: str) -> str:
    """A key and what it does; empty where somebody has taken the key away."""
    key, form = actions[name].shortcut(), QKeySequence.SequenceFormat.NativeText
    if key.isEmpty():
        return ""
    text = key.toString(form).replace(QKeySequence("Return").toString(form), translate("Offers", "Enter"))
    return f"<b>{escape(text)}</b> {does}"


def _joined(parts: list[str]) -> str:
    return " &nbsp;·&nbsp; ".join(part for part in parts if part)
