"""Every kind of picture that is read is right in colour and upright: what OpenCV decodes is what Pillow shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from cameratrap.app.images import read_image
from cameratrap.drivers.tflite import decode
from cameratrap.vision.specs import InputSpec

cv2 = pytest.importorskip("cv2")
WIDTH, HEIGHT = 64, 48
WHOLE = InputSpec(HEIGHT, WIDTH, "uint8", resize="stretch")
UPRIGHT = InputSpec(WIDTH, HEIGHT, "uint8", resize="stretch")


def scene() -> Image.Image:
    """Four colours in four corners, so that neither a turn nor a swapped channel goes unseen."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    half_y, half_x = HEIGHT // 2, WIDTH // 2
    pixels[:half_y, :half_x], pixels[:half_y, half_x:] = (230, 30, 30), (30, 220, 40)
    pixels[half_y:, :half_x], pixels[half_y:, half_x:] = (30, 50, 210), (240, 230, 90)
    return Image.fromarray(pixels)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def decoded(data: bytes, spec: InputSpec = WHOLE) -> NDArray[np.int64]:
    return np.asarray(decode(read_image(data), spec)[..., ::-1], dtype=np.int64)


def ycck() -> bytes:
    """A JPEG as Photoshop writes it: luminance, two colour differences and black, inverted, and marked as such.

    Pillow cannot write one; it writes the planes as if they were CMYK, and the mark is changed afterwards.
    """
    planes = cv2.cvtColor(255 - np.asarray(scene()), cv2.COLOR_RGB2YCrCb)
    black = np.full((HEIGHT, WIDTH), 255, np.uint8)
    stored = np.dstack([planes[..., 0], planes[..., 2], planes[..., 1], black])
    image = Image.frombytes("CMYK", (WIDTH, HEIGHT), (255 - stored).tobytes())
    data = bytearray(saved(image, "JPEG", quality=95, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def sixteen_bits() -> bytes:
    return bytes(cv2.imencode(".png", np.asarray(scene())[..., ::-1].astype(np.uint16) * 257)[1])


def grey_in_sixteen_bits() -> bytes:
    return bytes(cv2.imencode(".png", np.asarray(scene().convert("L")).astype(np.uint16) * 257)[1])


KINDS: dict[str, tuple[Callable[[], bytes], Image.Image]] = {
    "JPEG": (lambda: saved(scene(), "JPEG", quality=95), scene()),
    "progressive": (lambda: saved(scene(), "JPEG", quality=95, progressive=True), scene()),
    "grey JPEG": (lambda: saved(scene().convert("L"), "JPEG", quality=95), scene().convert("L")),
    "CMYK": (lambda: saved(scene().convert("CMYK"), "JPEG", quality=95), scene()),
    "YCCK": (ycck, scene()),
    "PNG": (lambda: saved(scene(), "PNG"), scene()),
    "palette": (lambda: saved(scene().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), scene()),
    "transparent": (lambda: saved(scene().convert("RGBA"), "PNG"), scene()),
    "grey and alpha": (lambda: saved(scene().convert("LA"), "PNG"), scene().convert("L")),
    "16 bits": (sixteen_bits, scene()),
    "16 bits of grey": (grey_in_sixteen_bits, scene().convert("L")),
    "one bit": (lambda: saved(scene().convert("1"), "PNG"), scene().convert("1")),
    "WebP": (lambda: saved(scene(), "WEBP", lossless=True), scene()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_picture_is_right_in_colour(kind: str) -> None:
    make, shown = KINDS[kind]
    apart = np.abs(decoded(make()) - np.asarray(shown.convert("RGB"), dtype=np.int64))
    assert np.median(apart) <= 3
    assert np.percentile(apart, 90) <= 12  # a JPEG's blocks blur an edge


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = saved(scene(), form, exif=exif, **({"lossless": True} if form == "WEBP" else {"quality": 95}))
    with Image.open(io.BytesIO(data)) as image:
        shown = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), dtype=np.int64)
    found = decoded(data, UPRIGHT if orientation >= 5 else WHOLE)
    assert found.shape == shown.shape
    assert np.median(np.abs(found - shown)) <= 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_is_half_a_pixel_to_the_model_leaves_a_trace(form: str) -> None:
    """Dark lines of four pixels in a picture of ten times the model's size, whatever the format shrinks it by."""
    pixels = np.full((10 * HEIGHT, 10 * WIDTH, 3), 200, np.uint8)
    for column in range(6, 10):
        pixels[:, column::40] = 0
    data = saved(Image.fromarray(pixels), form, **({"lossless": True} if form == "WEBP" else {"quality": 95}))
    assert decoded(data).mean() == pytest.approx(180, abs=3), "a tenth of the picture is dark"
