"""A part of a picture made unrecognisable: that part, all of it, and nothing else."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from cameratrap.app.redact import BLOCKS, redacted
from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import ImageError
from cameratrap.store.exif import PictureTags, read_tags, tagged

TAKEN = datetime(2026, 6, 1, 5, 0, 0, 250_000, tzinfo=UTC)
TAGS = PictureTags(TAKEN, "serial", TriggerCause.PIR, "burst", "key", 1, 3, "0" * 64, "a.jpg")
BOX = BBox(0.25, 0.25, 0.25, 0.5)


def scene(width: int = 320, height: int = 240, mode: str = "RGB", **options: object) -> bytes:
    """A smooth picture with a sharp pattern in it, as the trap would have stored it."""
    down, across = np.mgrid[:height, :width]
    pattern = 60 * ((down // 4 + across // 4) % 2)
    pixels = np.stack([across * 180 // width + pattern, down * 180 // height + pattern, 60 + pattern], axis=2)
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).convert(mode).save(stream, "JPEG", quality=90, **options)
    return tagged(stream.getvalue(), TAGS)


def upright(jpeg: bytes) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"), dtype=np.int16)


def inside(pixels: NDArray[np.int16], box: BBox, margin: float) -> NDArray[np.bool_]:
    """The pixels within a box that is wider by ``margin`` of its sides."""
    height, width = pixels.shape[:2]
    across, down = (np.arange(side) / side for side in (width, height))
    in_x = (across >= box.x - margin * box.width) & (across <= box.x + (1 + margin) * box.width)
    in_y = (down >= box.y - margin * box.height) & (down <= box.y + (1 + margin) * box.height)
    return in_y[:, None] & in_x[None, :]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_box_is_gone_and_the_rest_is_as_it_was(orientation: int) -> None:
    """Whichever way up the pixels are stored: the pattern in the box is lost, and elsewhere only rounding differs."""
    with Image.open(io.BytesIO(scene())) as image:
        exif = Image.Exif()
        exif[0x0112] = orientation
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality="keep", exif=exif)
    before = tagged(stream.getvalue(), TAGS)
    after = redacted(before, [BOX])
    was, now = upright(before), upright(after)
    assert was.shape == now.shape
    within = inside(was, BOX, 0)
    assert (
        np.abs(np.diff(now[..., 0], axis=0))[within[1:]].mean()
        < np.abs(np.diff(was[..., 0], axis=0))[within[1:]].mean() / 5
    )
    outside = ~inside(was, BOX, 0.3)
    assert np.abs(was - now)[outside].mean() < 1


def test_a_box_becomes_a_few_blocks() -> None:
    """However large: along its longer side no more than BLOCKS levels are left, so that a face is one of them."""
    before = scene(1200, 900)
    now = upright(redacted(before, [BOX]))
    column = now[int(0.2 * 900) : int(0.8 * 900), int(0.37 * 1200), 0]
    assert (np.abs(np.diff(column)) > 6).sum() <= 2 * BLOCKS


def test_what_the_trap_wrote_into_it_stays() -> None:
    """Time, trigger, place in the burst and the hash of what the camera gave."""
    assert read_tags(redacted(scene(), [BOX])) == TAGS


def test_no_preview_of_the_original_is_left() -> None:
    """Neither in EXIF, nor in another segment, nor behind the picture: every byte of the file is ours or its pixels."""
    preview = scene(160, 120)
    length = (len(preview) + 2).to_bytes(2, "big")
    whole = scene(comment=b"the ranger at the gate")
    spliced = whole[:2] + b"\xff\xe2" + length + preview + whole[2:] + preview
    after = redacted(spliced, [BOX])
    assert preview[-400:-100] in spliced
    assert preview[-400:-100] not in after
    assert b"ranger" not in after
    assert after.count(b"\xff\xd8\xff") == 1
    with Image.open(io.BytesIO(after)) as image:
        assert image.getexif().get_ifd(0x014A) == {}
        assert 0x0201 not in image.getexif().get_ifd(1)  # JPEGInterchangeFormat: EXIF's own preview


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_keep_theirs(mode: str) -> None:
    before = scene(mode=mode)
    was, now = upright(before), upright(redacted(before, [BOX]))
    assert np.abs(was - now)[~inside(was, BOX, 0.3)].mean() < 1.5


def test_boxes_at_every_edge_and_of_any_size() -> None:
    boxes = [BBox(0, 0, 1, 1), BBox(0, 0, 0.001, 0.001), BBox(0.999, 0.999, 0.001, 0.001), BBox(0, 0.5, 1, 0.01)]
    for box in boxes:
        assert upright(redacted(scene(), [box])).shape == (240, 320, 3)
    assert upright(redacted(scene(17, 9), boxes)).shape == (9, 17, 3)
    assert np.abs(upright(redacted(scene(), [])) - upright(scene())).mean() < 0.5


def test_the_same_picture_gives_the_same_bytes() -> None:
    """So that a change which a power cut broke off ends as if it had not been."""
    assert redacted(scene(), [BOX]) == redacted(scene(), [BOX])


def test_a_picture_that_cannot_be_decoded_or_is_not_ours_is_refused() -> None:
    whole = scene()
    with pytest.raises(ImageError, match="cannot be redacted"):
        redacted(whole[: len(whole) * 2 // 3], [BOX])
    with pytest.raises(ImageError, match="not written by this program"):
        redacted(b"\xff\xd8 no picture", [BOX])
    stream = io.BytesIO()
    Image.new("RGB", (64, 48)).save(stream, "JPEG")
    with pytest.raises(ImageError, match="not written by this program"):
        redacted(stream.getvalue(), [BOX])
    assert read_tags(redacted(tagged(stream.getvalue(), replace(TAGS, position=2)), [BOX])).position == 2
