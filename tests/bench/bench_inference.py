"""The same trained networks on the same image, one way after the other: seconds, memory, and whether they agree.

    python tests/bench/bench_inference.py [--side 4096] [--repeats 3] [--model FOLDER ...]
    python tests/bench/bench_inference.py --device cuda

(a) is the naive loop: float32 as it comes, channels first, one window at a time, logits to the host, softmax and
argmax over all of them at the end. (b) is MONAI's sliding_window_inference, (c) the program's own way on each engine,
and on CUDA (d) a loop of batches in bfloat16. All see the same image in windows of one size. Each is a process of its
own, whose peak of resident memory counts; rounds of all ways follow each other, so that what else the machine does hits
all alike. Seconds are those of a process's second run; loading, compiling and the first run are a column of their own.

The networks are the embedded one for nuclei and a DeepLabV3+ on a ResNet-50, which is trained here for a few minutes on
drawn nuclei unless --model names others: on a network that has learnt nothing agreement means nothing. The image is
a mosaic of ../shared/data/nuclei, or drawn. Needs no PySide6; works in a copy of the tree that is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.bench.memory import peak_mb

ROOT = Path(__file__).resolve().parents[2]
WAYS = {
    "cpu": ("naive", "monai", "torch", "openvino", "int8"),
    "cuda": ("naive", "monai", "eager", "ours"),
}
WORDS = {
    "naive": "(a) naive loop, float32",
    "monai": "(b) MONAI sliding_window_inference",
    "torch": "(c) ours, torch",
    "openvino": "(c) ours, OpenVINO",
    "int8": "(c) ours, OpenVINO int8",
    "ours": "(c) ours, CUDA",
    "eager": "(d) eager loop, bfloat16, batches of 8",
}
BYTES_MOVED = {"tu-resnet18": 0.12e9, "tu-resnet50": 0.36e9, "tu-resnet101": 0.47e9}
"""Of a window of 512 x 512 at output stride 16, decoder 256, fused in bfloat16: counted."""


def declare_plugins() -> None:
    """Make the entry points of pyproject.toml known where the tree is not installed."""
    from importlib.metadata import entry_points

    if entry_points(group="labeltool.architectures"):
        return
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    folder = Path(tempfile.mkdtemp()) / "labeltool-0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: labeltool\nVersion: 0\n")
    lines = [
        f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in points.items())
        for group, points in groups.items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    sys.path.append(str(folder.parent))


# ---- what is looked at


class RawReader:
    """Pixels of a file that holds nothing else, read box by box: memory is the box's."""

    def __init__(self, path: Path, side: int) -> None:
        from labeltool.core.geometry import Size

        self._file = path.open("rb", buffering=0)
        self._side = side
        self.info = SimpleNamespace(size=Size(side, side))

    def read(self, box: Any) -> np.ndarray:
        """uint8 [box.height, box.width, 3]."""
        out = np.empty((box.height, box.width, 3), np.uint8)
        for row in range(box.height):
            data = os.pread(self._file.fileno(), 3 * box.width, 3 * ((box.y0 + row) * self._side + box.x0))
            out[row] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return out

    def has_values(self, box: Any) -> bool:
        """Everything is data."""
        return True


def write_image(path: Path, side: int, data: Path) -> str:
    """A mosaic of side x side pixels as raw RGB; gives what it is of."""
    parts = list(_real(data)) or list(_drawn())
    rng = np.random.default_rng(1)
    block = np.empty((512, side, 3), np.uint8)
    with path.open("wb") as file:
        for y in range(0, side, 512):
            for x in range(0, side, 512):
                block[:, x : x + 512] = parts[int(rng.integers(len(parts)))][:, : side - x]
            file.write(block[: side - y].tobytes())
    return f"{len(parts)} {'images of nuclei' if next(_real(data), None) is not None else 'drawn fields'}"


def _real(data: Path) -> Iterator[np.ndarray]:
    """Real images as tiles of 512 x 512, mirrored where they are smaller."""
    import cv2

    for path in sorted((data / "nuclei" / "images" / "val").glob("*.png")):
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)[:512, :512]
        bottom, right = 512 - pixels.shape[0], 512 - pixels.shape[1]
        yield np.pad(pixels, ((0, bottom), (0, right), (0, 0)), mode="symmetric")


def _drawn() -> Iterator[np.ndarray]:
    for seed in range(16):
        yield field(512, 1000 + seed)[0]


def field(side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Drawn nuclei, uint8 [side, side, 3], and where they are."""
    from labeltool.app.synthetic import fluorescence
    from labeltool.core.geometry import Size

    view = fluorescence(Size(side, side), seed, nuclei=side * side // 6000)
    return np.repeat(view.image[..., None], 3, axis=2), view.label


# ---- the networks


def train_resnet50(folder: Path, steps: int, device: str) -> Path:
    """A DeepLabV3+ on a ResNet-50 that has learnt drawn and, where they are, real nuclei."""
    import torch
    from torch.nn import functional

    from labeltool import plugins
    from labeltool.core.catalog import ClassCatalog
    from labeltool.inference.card import ModelCard
    from labeltool.nn.checkpoint import save_network

    torch.manual_seed(0)
    catalog = ClassCatalog.from_names(["nucleus"])
    card = ModelCard(
        "resnet50",
        "deeplabv3plus",
        "tu-resnet50",
        catalog,
        decoder_channels=256,
        context=256,
        tile=512,
        halo=32,
    )
    network = plugins.load("labeltool.architectures", card.arch)(card).to(device).train()
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=steps)
    mean, std = (255 * torch.tensor(v, device=device).view(1, -1, 1, 1) for v in (card.mean, card.std))
    for step in range(steps):
        pairs = [field(256, 4 * step + k) for k in range(4)]
        pixels = torch.from_numpy(np.stack([p for p, _ in pairs])).to(device).permute(0, 3, 1, 2)
        labels = torch.from_numpy(np.stack([label for _, label in pairs])).to(device).long()
        with torch.autocast(device, torch.bfloat16):
            logits = network((pixels - mean) / std)
        loss = functional.cross_entropy(logits.float(), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    print(f"resnet50: {steps} steps, loss {loss.item():.3f}", file=sys.stderr)
    save_network(folder, card, network)
    return folder


def quantized(model: Path, image: Path, side: int, folder: Path) -> Path:
    """The model with a form in 8-bit integers, from windows of the image; one that an earlier run left is taken."""
    import shutil

    from labeltool.imaging.windows import sampled_windows
    from labeltool.inference.levels import apply, image_levels
    from labeltool.inference.options import InferenceOptions
    from labeltool.nn.engines.choose import graphs_of, load_segmenter
    from labeltool.nn.engines.int8 import quantize

    if folder.is_dir():
        return folder
    shutil.copytree(model, folder)
    card, digest, graphs = graphs_of(folder, InferenceOptions("cpu"))
    segmenter, reader = load_segmenter(folder, InferenceOptions("cpu")), RawReader(image, side)
    levels = image_levels(reader, card.stretch)  # type: ignore[arg-type]
    windows = [apply(levels, w) for w in sampled_windows(reader, card.tile, 24)]  # type: ignore[arg-type]
    context = segmenter.survey(windows)
    told = quantize(
        folder, card, digest, graphs, [(w, context) for w in windows],
        lambda w, c: segmenter.predict(w[None], c).label[0],
    )  # fmt: skip
    print(
        f"{card.name} int8: {told['bytes'] / 1e6:.1f} MB, agreement {told['agreement']:.4f}", file=sys.stderr
    )
    return folder


# ---- the ways


Segmented = Callable[[], np.ndarray]


def naive(model: Path, image: Path, side: int, device: str) -> tuple[Segmented, str]:
    """Windows of the model's size, one after the other; all logits are kept."""
    import torch

    network, card, pixels = _plain(model, image, side, device)

    def run() -> np.ndarray:
        from labeltool.core.geometry import Size
        from labeltool.imaging.windows import windows

        all_logits = torch.empty(len(card.catalog.classes), side, side)
        for window in windows(Size(side, side), card.tile, card.halo):
            part = torch.from_numpy(pixels()[window.read.slices()]).permute(2, 0, 1)[None].float().to(device)
            found = network(part).float().cpu()
            all_logits[(slice(None), *window.core.slices())] = found[0][
                (slice(None), *window.core.slices(window.read))
            ]
        return all_logits.softmax(0).argmax(0).numpy().astype(np.uint8)

    return run, f"torch {torch.__version__}"


def monai(model: Path, image: Path, side: int, device: str) -> tuple[Segmented, str]:
    """MONAI's loop with its own defaults but the size of the window and how far they overlap."""
    import torch
    from monai.inferers import sliding_window_inference

    network, card, pixels = _plain(model, image, side, device)

    def run() -> np.ndarray:
        whole = torch.from_numpy(pixels()).permute(2, 0, 1)[None].float()
        logits = sliding_window_inference(
            whole, card.tile, 1, network, overlap=2 * card.halo / card.tile, sw_device=device, device="cpu"
        )
        return logits.softmax(1).argmax(1)[0].numpy().astype(np.uint8)

    import monai as library

    return run, f"MONAI {library.__version__}"


def eager(model: Path, image: Path, side: int, device: str) -> tuple[Segmented, str]:
    """Batches of 8 in bfloat16, channels last; argmax on the device."""
    import torch

    network, card, pixels = _plain(model, image, side, device, torch.bfloat16)

    def run() -> np.ndarray:
        from labeltool.core.geometry import Size
        from labeltool.imaging.windows import windows

        label = np.empty((side, side), np.uint8)
        grid = list(windows(Size(side, side), card.tile, card.halo))
        grid.sort(key=lambda w: (w.read.height, w.read.width))
        while grid:
            size = (grid[0].read.height, grid[0].read.width)
            batch = [w for w in grid[:8] if (w.read.height, w.read.width) == size]
            grid = grid[len(batch) :]
            given = torch.from_numpy(np.stack([pixels()[w.read.slices()] for w in batch])).to(device)
            found = network(given.permute(0, 3, 1, 2).float()).argmax(1).to(torch.uint8).cpu().numpy()
            for window, answer in zip(batch, found, strict=True):
                label[window.core.slices()] = answer[window.core.slices(window.read)]
        return label

    return run, f"torch {torch.__version__}"


def ours(engine: str, model: Path, image: Path, side: int, device: str, out: Path) -> tuple[Segmented, str]:
    """As the program does it; the answer goes into a file as it comes."""
    import numpy.lib.format

    from labeltool.inference.options import InferenceOptions
    from labeltool.inference.tiled import segment
    from labeltool.nn.engines.choose import load_segmenter

    segmenter = load_segmenter(model, InferenceOptions(device, engine))
    reader = RawReader(image, side)

    def run() -> np.ndarray:
        with out.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (side, side)}
            numpy.lib.format.write_array_header_1_0(file, header)
            start = file.tell()
            file.truncate(start + side * side)
            for part in segment(reader, segmenter):  # type: ignore[arg-type]
                for row, values in enumerate(part.label):
                    os.pwrite(
                        file.fileno(), values.tobytes(), start + (part.box.y0 + row) * side + part.box.x0
                    )
        return np.empty(0, np.uint8)

    return run, segmenter.engine


def _plain(model: Path, image: Path, side: int, device: str, dtype: Any = None) -> Any:
    """The network as it was trained, from pixels 0..255 float [n, 3, h, w] to logits, its card, and the image."""
    import torch
    from torch.nn import functional

    from labeltool.inference.levels import apply, image_levels
    from labeltool.nn.checkpoint import load_network

    torch.set_num_threads(os.cpu_count() or 1)
    torch.set_grad_enabled(False)
    card, network = load_network(model)
    network = network.eval().to(device)
    if dtype is not None:
        network = network.to(dtype=dtype, memory_format=torch.channels_last)
    mean, std = (255 * torch.tensor(v, device=device).view(1, -1, 1, 1) for v in (card.mean, card.std))
    levels = image_levels(RawReader(image, side), card.stretch)  # type: ignore[arg-type]
    whole = apply(levels, np.fromfile(image, np.uint8).reshape(side, side, 3))

    def call(pixels: Any) -> Any:
        height, width = pixels.shape[2:]
        pixels = (pixels - mean) / std
        if card.scale != 1:
            inner = (round(height * card.scale), round(width * card.scale))
            pixels = functional.interpolate(pixels, inner, mode="bilinear")
        pixels = functional.pad(
            pixels, (0, -pixels.shape[3] % 32, 0, -pixels.shape[2] % 32), mode="replicate"
        )
        if dtype is not None:
            pixels = pixels.to(dtype).contiguous(memory_format=torch.channels_last)
        logits = network(pixels)
        if card.scale != 1:
            logits = functional.interpolate(
                logits[:, :, : inner[0], : inner[1]], (height, width), mode="bilinear"
            )
        return logits[:, :, :height, :width]

    return call, card, lambda: whole


# ---- one way in a process of its own


def work(way: str, model: Path, image: Path, side: int, device: str, out: Path) -> None:
    """Run one way twice, keep its labels in ``out``, and say how it went as one line of JSON."""
    began = time.perf_counter()
    if way in ("torch", "openvino", "int8", "ours"):
        run, engine = ours("torch" if way == "ours" else way, model, image, side, device, out)
    else:
        run, engine = {"naive": naive, "monai": monai, "eager": eager}[way](model, image, side, device)
    first = run()
    loading = time.perf_counter() - began
    if device == "cuda" and way == "ours":
        wait_for_the_compiler(run)
    _synchronize(device)
    started = time.perf_counter()
    label = run()
    _synchronize(device)
    seconds = time.perf_counter() - started
    peak = peak_mb()
    if label.size:
        np.save(out, label)
    del first
    print(json.dumps({"seconds": seconds, "first": loading, "peak_mb": peak, "engine": engine}))


def wait_for_the_compiler(run: Segmented) -> None:
    """Run until no thread compiles any more, and once again to take over what it made."""
    import threading

    still = 0
    while still < 2:  # one shape is compiled after the other
        run()
        busy = any("_work" in thread.name for thread in threading.enumerate())
        still = 0 if busy else still + 1
    run()


def _synchronize(device: str) -> None:
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


# ---- the table


@contextmanager
def scratch(folder: Path | None) -> Iterator[Path]:
    """A folder for images and answers."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def child(way: str, model: Path, image: Path, side: int, device: str, out: Path) -> dict[str, Any] | str:
    """What a way came to, or why it did not."""
    command = [sys.executable, __file__, "--work", way, str(model), str(image), str(side), device, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def missing(way: str) -> str:
    """The module that a way lacks; empty where it has all."""
    needs = {"monai": ["monai"], "openvino": ["openvino"], "int8": ["openvino", "nncf"]}.get(way, [])
    return ", ".join(name for name in needs if importlib.util.find_spec(name) is None)


def compare(
    model: Path, image: Path, side: int, device: str, ways: list[str], repeats: int, folder: Path
) -> None:
    """Print the rows of one network."""
    from labeltool.inference.card import ModelCard

    card = ModelCard.read(model)
    forms = {way: model for way in ways if not missing(way)}
    if "int8" in forms:
        forms["int8"] = quantized(model, image, side, folder / f"{card.name}-int8")
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in forms}
    notes: dict[str, str] = {
        way: f"left out: {missing(way)} is not installed" for way in ways if missing(way)
    }
    for _ in range(repeats):
        for way, form in forms.items():
            if way not in notes:
                answer = child(way, form, image, side, device, folder / f"{way}.npy")
                if isinstance(answer, str):
                    notes[way] = f"failed: {answer}"
                else:
                    found[way].append(answer)
    print(
        f"\n**{card.name}** ({card.arch}, {card.encoder}, tile {card.tile}, halo {card.halo}, scale {card.scale:g})\n"
    )
    print("| way | seconds, median (all) | times (a) | peak MB | agrees with (a) | first run, s | engine |")
    print("|---|---|---|---|---|---|---|")
    base = _median(found.get("naive", []))
    for way in ways:
        if not found.get(way):
            print(f"| {WORDS[way]} | {notes.get(way, 'left out')} | | | | | |")
            continue
        rows, middle = found[way], _median(found[way])
        every = ", ".join(f"{row['seconds']:.2f}" for row in rows)
        agreed = (
            ""
            if way == "naive" or not base
            else f"{100 * agreement(folder / 'naive.npy', folder / f'{way}.npy'):.3f} %"
        )
        print(
            f"| {WORDS[way]} | {middle:.2f} ({every}) | {base / middle if base else float('nan'):.2f} "
            f"| {max(row['peak_mb'] for row in rows):.0f} | {agreed} | {rows[0]['first']:.1f} | {rows[0]['engine']} |"
        )
    if device == "cuda" and found.get("ours"):
        bound(card, side, _median(found["ours"]))


def bound(card: Any, side: int, seconds: float) -> None:
    """Windows a second, and how much that is of what the memory's speed allows."""
    import torch

    from labeltool.core.geometry import Size
    from labeltool.imaging.windows import windows

    grid = list(windows(Size(side, side), card.tile, card.halo))
    area = sum(w.read.width * w.read.height for w in grid) * card.scale**2 / 512**2
    rate = area / seconds
    print(
        f"\n{len(grid) / seconds:.0f} windows/s end to end, {rate:.0f}/s counted in 512 x 512 of the network"
    )
    moved = BYTES_MOVED.get(card.encoder)
    if moved is None:
        return
    block = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    copy = torch.empty_like(block)
    copy.copy_(block)
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(20):
        copy.copy_(block)
    torch.cuda.synchronize()
    speed = 2 * 20 * (1 << 30) / (time.perf_counter() - started)
    print(
        f"bound by {speed / 1e12:.2f} TB/s of memory: {speed / moved:.0f}/s; reached {100 * rate * moved / speed:.1f} %"
    )


def agreement(one: Path, other: Path) -> float:
    """Share of equal pixels of two label arrays in files."""
    a, b = np.load(one, mmap_mode="r"), np.load(other, mmap_mode="r")
    return float(
        np.mean([np.mean(a[row : row + 256] == b[row : row + 256]) for row in range(0, len(a), 256)])
    )


def _median(rows: list[dict[str, Any]]) -> float:
    return statistics.median(row["seconds"] for row in rows) if rows else 0.0


def main() -> None:
    declare_plugins()
    if len(sys.argv) > 1 and sys.argv[1] == "--work":
        way, model, image, side, device, out = sys.argv[2:]
        work(way, Path(model), Path(image), int(side), device, Path(out))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--side", type=int, default=4096, help="of the image, in pixels")
    parser.add_argument(
        "--larger", type=int, default=8192, help="of the image for the second look at memory; 0: none"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60, help="for which the ResNet-50 is trained")
    parser.add_argument(
        "--model", type=Path, action="append", help="folders of trained models, instead of the two"
    )
    parser.add_argument("--ways", nargs="+", help="some of the ways alone")
    parser.add_argument("--folder", type=Path, help="where images, the ResNet-50 and answers are kept")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("LABELTOOL_SHARED_DATA", ROOT.parent / "shared/data")),
    )
    given = parser.parse_args()
    ways = [way for way in WAYS[given.device] if given.ways is None or way in given.ways]
    with scratch(given.folder) as folder:
        models = given.model
        if models is None:
            big = folder / "resnet50"
            if not (big / "card.json").exists():
                train_resnet50(big, given.steps, given.device)
            models = [ROOT / "resources" / "models" / "nuclei", big]
        image = folder / f"image-{given.side}.raw"
        what = write_image(image, given.side, given.data)
        print(
            f"{given.side} x {given.side}, a mosaic of {what}; {os.cpu_count()} cores; {given.repeats} rounds"
        )
        for model in models:
            compare(model, image, given.side, given.device, ways, given.repeats, folder)
        if given.larger:
            memory(models, ways, given, folder)


def memory(models: list[Path], ways: list[str], given: argparse.Namespace, folder: Path) -> None:
    """Our ways once more on a larger image: peak memory is to stay where it was."""
    image = folder / f"image-{given.larger}.raw"
    write_image(image, given.larger, given.data)
    way = next((w for w in ("openvino", "ours", "torch") if w in ways and not missing(w)), None)
    if way is None:
        return
    print(f"\n| {WORDS[way]} at {given.larger} x {given.larger} | seconds | peak MB |\n|---|---|---|")
    for model in models:
        answer = child(way, model, image, given.larger, given.device, folder / "larger.npy")
        told = answer if isinstance(answer, str) else f"{answer['seconds']:.2f} | {answer['peak_mb']:.0f}"
        print(f"| {model.name} | {told} |")


if __name__ == "__main__":
    main()
