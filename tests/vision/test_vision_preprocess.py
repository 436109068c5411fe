"""What a model is shown, and the way back to the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.vision.preprocess import VIEW_SIDE, fitted_size, pixel_table, prepare, small_view
from cameratrap.vision.specs import InputSpec, Quantisation

sizes = st.integers(1, 300)
fractions = st.floats(0, 1)


def spec(**changes: Any) -> InputSpec:
    return InputSpec(**{"height": 48, "width": 64, "dtype": "float32", **changes})


def shown(image: np.ndarray, wanted: InputSpec) -> np.ndarray:
    return prepare(image, wanted, pixel_table(wanted, Quantisation(1.0, 0)))[0]


@given(
    sizes,
    sizes,
    st.sampled_from(["letterbox", "stretch"]),
    st.sampled_from(["centre", "top-left"]),
    fractions,
    fractions,
)
def test_a_box_returns_to_where_it_was_in_the_picture(
    width: int, height: int, resize: str, align: str, x: float, y: float
) -> None:
    """To the tensor and back is the identity, whatever the picture's proportions."""
    wanted = spec(resize=resize, align=align)
    _, placement = prepare(np.zeros((height, width, 3), np.uint8), wanted, pixel_table(wanted, None))
    boxes = np.array([[x / 2, y / 2, x, y]])
    assert placement.to_image(placement.to_input(boxes)) == pytest.approx(boxes, abs=1e-9)


@given(sizes, sizes, st.sampled_from(["centre", "top-left"]))
def test_the_picture_lies_where_the_placement_says_and_padding_elsewhere(width: int, height: int, align: str) -> None:
    """A white picture is white inside the placement and grey outside, to the pixel."""
    wanted = spec(align=align, pad=7)
    tensor, placement = prepare(np.full((height, width, 3), 255, np.uint8), wanted, pixel_table(wanted, None))
    left, top = round(placement.x * 64), round(placement.y * 48)
    right, bottom = left + round(placement.width * 64), top + round(placement.height * 48)
    expected = np.full((1, 48, 64, 3), 7.0)
    expected[:, top:bottom, left:right] = 255
    assert (tensor == expected).all()


@given(sizes, sizes)
def test_a_letterbox_keeps_proportions_and_touches_an_edge(width: int, height: int) -> None:
    """It is as large as it can be, and within a pixel of the picture's proportions."""
    fitted_width, fitted_height = fitted_size(width, height, spec())
    assert fitted_width == 64 or fitted_height == 48
    scale = min(64 / width, 48 / height)
    assert abs(fitted_width - width * scale) <= 1
    assert abs(fitted_height - height * scale) <= 1


def test_a_stretched_picture_fills_the_tensor() -> None:
    assert fitted_size(10, 1000, spec(resize="stretch")) == (64, 48)


def test_channels_come_in_the_order_the_model_was_trained_in() -> None:
    """OpenCV's pictures have blue first; an RGB model sees it last."""
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[..., 0] = 200
    assert shown(blue, spec(colour="RGB"))[0, 0, 0].tolist() == [0, 0, 200]
    assert shown(blue, spec(colour="BGR"))[0, 0, 0].tolist() == [200, 0, 0]


def test_mean_and_std_go_by_the_models_own_channels() -> None:
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[..., 0] = 200
    wanted = spec(mean=(1.0, 2.0, 100.0), std=(1.0, 2.0, 50.0))
    assert shown(blue, wanted)[0, 0, 0].tolist() == [-1, -1, 2]


def test_nchw_is_nhwc_with_its_axes_moved() -> None:
    image = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    channels_last, channels_first = shown(image, spec()), shown(image, spec(layout="NCHW"))
    assert channels_first.shape == spec(layout="NCHW").shape
    assert (channels_first.transpose(0, 2, 3, 1) == channels_last).all()
    assert channels_first.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float16", "float32"])
def test_the_tensor_has_the_dtype_and_shape_the_model_takes(dtype: str) -> None:
    tensor = shown(np.zeros((5, 5, 3), np.uint8), spec(dtype=dtype))
    assert tensor.dtype.name == dtype
    assert tensor.shape == (1, 48, 64, 3)


def test_a_quantised_input_that_means_what_pixels_mean_takes_them_unchanged() -> None:
    """SSD-MobileNet: scale 1/128 and zero 128, both of the pixel's meaning and of the tensor's quantisation."""
    wanted = spec(dtype="uint8", mean=(128.0,) * 3, std=(128.0,) * 3)
    assert (pixel_table(wanted, Quantisation(0.0078125, 128)) == np.arange(256)[:, None]).all()


@given(st.floats(0.001, 1), st.integers(-128, 127), st.floats(-300, 300), st.floats(0.5, 300))
def test_quantising_loses_at_most_half_a_step_within_range(scale: float, zero: int, mean: float, std: float) -> None:
    """What the model reads back differs from what was meant by half a step, or lies at the end of the range."""
    table = pixel_table(spec(dtype="int8", mean=(mean,) * 3, std=(std,) * 3), Quantisation(scale, zero)).astype(float)
    meant = (np.arange(256.0)[:, None] - mean) / std
    read = (table - zero) * scale
    at_the_end = (table == -128) | (table == 127)
    assert (at_the_end | (np.abs(read - meant) <= scale / 2 + 1e-9)).all()


@pytest.mark.parametrize("quantisation", [None, Quantisation(0.0, 0)])
def test_an_integer_input_without_quantisation_is_refused(quantisation: Quantisation | None) -> None:
    with pytest.raises(ValueError, match="quantisation scale above 0"):
        pixel_table(spec(dtype="int8"), quantisation)


def test_the_small_view_is_grey_small_and_says_how_colourful_the_picture_is() -> None:
    """Its longer side is VIEW_SIDE whatever the picture's shape; a grey picture has no colour, a pure red one all."""
    grey = np.full((300, 400, 3), 90, np.uint8)
    view = small_view(grey)
    assert (view.width, view.height, view.colour) == (VIEW_SIDE, 120, 0.0)
    assert set(view.grey) == {90}
    red = np.zeros((900, 30, 3), np.uint8)
    red[..., 2] = 200
    assert small_view(red).height == VIEW_SIDE
    assert small_view(red).colour == pytest.approx(1.0)
