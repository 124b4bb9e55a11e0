"""Weights in files: written whole, read without running anything in them, refused with a reason."""

from __future__ import annotations

import hashlib
import json
import pickle
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from labeltool import plugins
from labeltool.core import atomic
from labeltool.core.errors import LabeltoolError, ModelError
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard

State = Mapping[str, Tensor]

_LISTED = 4
_LOAD_HINT = "Give a .safetensors file of weights, or a .pth that holds nothing but tensors"
_OUTER_NAMES = ("state_dict", "model_state_dict", "model")
_HEAD = "segmentation_head."
_LAST = f"{_HEAD}0.weight"
_ENCODER = "encoder."
_OUTER_MODULES = ("module.", _ENCODER, "backbone.", "model.")
_COUNTER = "num_batches_tracked"


def save_network(folder: Path, card: ModelCard, network: nn.Module) -> ModelCard:
    """Write ``weights.safetensors`` (kernels in float16), then ``card.json``; gives the card with its SHA-256."""
    data = save({name: _half(tensor) for name, tensor in network.state_dict().items()})
    finished = replace(card, sha256=hashlib.sha256(data).hexdigest())
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_bytes(folder / WEIGHTS_NAME, data)
    text = json.dumps(finished.to_json(), indent=1, ensure_ascii=False) + "\n"
    atomic.write_bytes(folder / CARD_NAME, text.encode())
    return finished


def load_network(model: Path) -> tuple[ModelCard, nn.Module]:
    """The card and the network of a model: its folder, or a .safetensors or .pth file beside a card.json.

    ModelError names the file, the reason and what to do; nothing in the file is ever executed.
    """
    weights = model / WEIGHTS_NAME if model.is_dir() else model
    card = ModelCard.read(weights.parent)
    state = read_state(weights, card.sha256 if weights.name == WEIGHTS_NAME else "")
    try:
        network: nn.Module = plugins.load("labeltool.architectures", card.arch)(card)
    except LabeltoolError as error:
        raise ModelError(error.message, file=weights.parent / CARD_NAME, hint=error.hint) from error
    _fit(network, state, card, weights)
    return card, network


class Taken(NamedTuple):
    """What a network was given of a file. ``encoder`` and ``others`` are how many tensors of the network were set,
    ``channels`` how many the file's first layer had where it was adapted to another number (else 0); ``left`` are the
    file's tensors that were of no use, ``untouched`` the network's that stay as they were."""

    encoder: int
    others: int
    channels: int
    left: tuple[str, ...]
    untouched: tuple[str, ...]

    def __str__(self) -> str:
        others = f" and {self.others} of the rest" if self.others else ""
        parts = [f"{self.encoder} tensors of the encoder{others} were taken"]
        parts += [f"the first layer was adapted from {self.channels} channels"] if self.channels else []
        parts += [f"left in the file: {listed(self.left)}"] if self.left else []
        parts += [f"random as before: {listed(self.untouched)}"] if self.untouched else []
        return "; ".join(parts)


def load_pretrained(network: nn.Module, path: Path) -> Taken:
    """Let a training begin with the weights of a local file: of a model (or its folder), or of an encoder under the
    names that timm gives it, with whatever classifier comes along.

    The encoder must be there whole and with its shapes; ModelError says what is not. Only a first layer for three
    channels is adapted to another number, as timm does it. Of the rest is taken what has the same name and shape, so
    a model of other classes keeps its decoder, and one of another architecture its encoder.
    """
    weights = path / WEIGHTS_NAME if path.is_dir() else path
    state = read_state(weights)
    wanted = network.state_dict()
    names = {_plain(name): name for name in state}
    offered = {name: state[names[_plain(name)]] for name in wanted if _plain(name) in names}
    channels = _adapt_first_layer(wanted, offered)
    fitting = {name: t for name, t in offered.items() if t.shape == wanted[name].shape}
    _refuse_half_an_encoder(wanted, offered, weights)
    network.load_state_dict({**wanted, **fitting})
    used = {_plain(name) for name in fitting}
    encoder = sum(name.startswith(_ENCODER) for name in fitting)
    return Taken(
        encoder,
        len(fitting) - encoder,
        channels,
        tuple(original for plain, original in names.items() if plain not in used),
        tuple(name for name in wanted if name not in fitting and not name.endswith(_COUNTER)),
    )


def _plain(name: str) -> str:
    """A tensor's name without the modules it lies in. timm writes ``features_0`` for ``features.0`` in encoders."""
    while outer := next((outer for outer in _OUTER_MODULES if name.startswith(outer)), ""):
        name = name.removeprefix(outer)
    return name.replace(".", "_")


def _adapt_first_layer(wanted: State, offered: dict[str, Tensor]) -> int:
    """Adapt the encoder's first kernel from three channels to as many as are wanted; gives 3, or 0 where it fits or
    cannot be made to."""
    from timm.models import adapt_input_conv  # noqa: PLC0415  (needs torchvision, which networks have declared by now)

    first = _first_kernel(wanted)
    if first not in offered or offered[first].ndim != 4:
        return 0
    has, needs = offered[first].shape[1], wanted[first].shape[1]
    if has != 3 or needs == has:
        return 0
    offered[first] = adapt_input_conv(needs, offered[first])
    return has


def _refuse_half_an_encoder(wanted: State, offered: State, path: Path) -> None:
    encoder = {n: t for n, t in wanted.items() if n.startswith(_ENCODER) and not n.endswith(_COUNTER)}
    missing = [name for name in encoder if name not in offered]
    differing = [name for name in encoder if name in offered and offered[name].shape != encoder[name].shape]
    if missing or differing:
        raise ModelError(
            _difference(encoder, offered, differing, missing, []),
            file=path,
            hint="Choose weights of this very encoder, or the encoder that the weights are of",
        )


def _first_kernel(state: State) -> str:
    """The name of the first convolution's kernel."""
    return next((name for name, tensor in state.items() if tensor.ndim == 4), "")


def read_state(path: Path, sha256: str = "") -> State:
    """The tensors of a file, in float32 where they are numbers; ``sha256`` is compared unless empty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the weights cannot be read: {error.strerror}", file=path, hint="Choose a model with its weights"
        ) from error
    _refuse_web_page(data, path)
    safe = path.suffix.lower() == ".safetensors"
    state = _read_safetensors(data, path) if safe else _read_pth(path)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(
            "the weights are not those the card describes (their SHA-256 differs)",
            file=path,
            hint="Copy the model's folder again, both files together",
        )
    _refuse_not_finite(state, path)
    return {name: t.float() if t.is_floating_point() else t for name, t in state.items()}


def _read_safetensors(data: bytes, path: Path) -> State:
    if data[:1] == b"\x80" or data[:2] == b"PK":
        raise ModelError(
            "this is a pickle under the name of a safetensors file; it is not opened, because a pickle can run code",
            file=path,
            hint="Ask for the weights in safetensors form",
        )
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelError(
            f"not a whole safetensors file: {_short(error)}",
            file=path,
            hint="The file may be cut off; copy or download it again",
        ) from error


def _read_pth(path: Path) -> State:
    _refuse_bomb(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old pickles, which are refused or read all the same
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            "the file holds more than tensors and is not opened, because a pickle can run code",
            file=path,
            hint=_LOAD_HINT,
        ) from error
    except Exception as error:  # a damaged zip or pickle fails in every way there is
        raise ModelError(f"not a whole .pth file: {_short(error)}", file=path, hint=_LOAD_HINT) from error
    if isinstance(content, dict):
        content = next((content[k] for k in _OUTER_NAMES if isinstance(content.get(k), dict)), content)
    if not isinstance(content, dict) or not content or not all(map(_is_named_tensor, content.items())):
        raise ModelError("there is no table of named tensors in this file", file=path, hint=_LOAD_HINT)
    return {str(name).removeprefix("module."): tensor for name, tensor in content.items()}


def _refuse_bomb(path: Path) -> None:
    """torch packs its archives without compression: one that unpacks to more than it is was made to fill the memory."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # a file of an older kind, or a damaged one: torch says which
    size = path.stat().st_size
    if unpacked > size:
        raise ModelError(
            f"the file has {size:,} bytes and would unpack to {unpacked:,}, as no weights do",
            file=path,
            hint=_LOAD_HINT,
        )


def _is_named_tensor(item: tuple[object, object]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _refuse_web_page(data: bytes, path: Path) -> None:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise ModelError(
            "this is a web page, not weights",
            file=path,
            hint="A login, an error or a preview came instead of the file; use the link to the file itself",
        )
    if not data:
        raise ModelError("the file is empty", file=path, hint="Copy or download it again")


def _refuse_not_finite(state: State, path: Path) -> None:
    bad = [name for name, t in state.items() if t.is_floating_point() and not torch.isfinite(t).all()]
    if bad:
        raise ModelError(
            f"{len(bad)} of the weights hold values that are not numbers: {listed(bad)}",
            file=path,
            hint="The training broke down; use an earlier checkpoint",
        )


def _fit(network: nn.Module, state: State, card: ModelCard, path: Path) -> None:
    """Put the weights into the network; every tensor must be there with its shape."""
    wanted = network.state_dict()
    differing = [n for n in wanted if n in state and state[n].shape != wanted[n].shape]
    missing, unexpected = [n for n in wanted if n not in state], [n for n in state if n not in wanted]
    if not (differing or missing or unexpected):
        network.load_state_dict(state)
        return
    raise ModelError(
        _difference(wanted, state, differing, missing, unexpected),
        file=path,
        hint=f"The card says {card.arch}, {card.encoder}, decoder {card.decoder_channels}, "
        f"{len(card.catalog.classes)} classes; use weights of that network or correct the card",
    )


def _difference(
    wanted: State, state: State, differing: list[str], missing: list[str], unexpected: list[str]
) -> str:
    only = bool(differing) and not missing and not unexpected
    if only and all(name.startswith(_HEAD) for name in differing) and _LAST in differing:
        return f"the weights are for {len(state[_LAST])} classes, the card has {len(wanted[_LAST])}"
    first = _first_kernel(wanted)
    if only and differing == [first]:
        return f"the weights are for images of {state[first].shape[1]} channels, not {wanted[first].shape[1]}"
    shapes = [f"{n} {list(state[n].shape)} for {list(wanted[n].shape)}" for n in differing]
    named = (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
    parts = [f"{len(names)} {what} ({listed(names)})" for what, names in named if names]
    return f"the weights are of another network: of {len(wanted)} tensors {'; '.join(parts)}"


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    all_of_them = list(names)
    more = f" and {len(all_of_them) - _LISTED} more" if len(all_of_them) > _LISTED else ""
    return ", ".join(all_of_them[:_LISTED]) + more


def _short(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _half(tensor: Tensor) -> Tensor:
    """Kernels in float16; normalisation and biases, which are few and may be large, as they are."""
    tensor = tensor.detach().cpu().contiguous()
    return tensor.to(torch.float16) if tensor.ndim > 1 else tensor
