"""What `doctor` looks at in a picture that the trap has just taken: is it sharp, is there light, does the lamp work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageFilter, ImageStat

from cameratrap.app.doctor import Finding, State
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError, ImageError
from cameratrap.ports import Camera, Clock, Frame, Trigger

# The spread of the Laplacian of a picture made 640 pixels wide. 120 pictures of eight camera traps had 8.8 to 89, the
# same ones blurred by a hundredth and twenty-eighth of their width 1.1 to 4.7.
SHARP = 6.0
_LAPLACIAN = ImageFilter.Kernel((3, 3), [0, 1, 0, 1, -4, 1, 0, 1, 0], scale=1, offset=128)
_SIDE_PX = 640
_DARK, _BRIGHT = 20.0, 235.0  # mean luma of 255
_BURNT, _BURNT_SHARE = 250, 0.4
_NIGHT, _LIT = 40.0, 10.0  # below the first the lamp shows; it must add the second


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is: its size in pixels, mean luma 0 to 255, how much of it is white, and how sharp it is."""

    width: int
    height: int
    luma: float
    burnt: float
    sharpness: float


def look_at(jpeg: bytes) -> Look:
    """Raises ImageError for a picture that cannot be read."""
    try:
        with Image.open(BytesIO(jpeg)) as image:
            width, height = image.size
            image.draft("L", (_SIDE_PX, _SIDE_PX))
            grey = image.convert("L")
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for a damaged file
        raise ImageError("the picture cannot be read", why=str(error)) from error
    grey.thumbnail((_SIDE_PX, _SIDE_PX))
    counts = grey.histogram()
    inner = grey.filter(_LAPLACIAN).crop((1, 1, grey.width - 1, grey.height - 1))
    return Look(
        width,
        height,
        ImageStat.Stat(grey).mean[0],
        sum(counts[_BURNT:]) / sum(counts),
        ImageStat.Stat(inner).stddev[0],
    )


def check_camera(camera: Camera, clock: Clock, profile: BurstProfile) -> tuple[Finding, float | None]:
    """A real picture, and how long after it was asked for it began. Raises DeviceError, ImageError."""
    frame, latency_s = take_one(camera, clock, lamp=profile.lamp)
    look = look_at(frame.jpeg)
    soon = "" if latency_s is None else f", begun {latency_s:.2f} s after it was asked for"
    what = f"{look.width} x {look.height} pixels, {len(frame.jpeg) // 1000} kB{soon}; brightness {look.luma:.0f} of 255"
    finding = _judged(look, what)
    trouble = "; ".join(f"{each.device}: {each.what}" for each in camera.incidents() if not each.recovered)
    if trouble:
        finding = Finding(State.WARN, f"{finding.what}; {trouble}", "is its cable firm, and the supply strong enough?")
    return finding, latency_s


def take_one(camera: Camera, clock: Clock, *, lamp: bool) -> tuple[Frame, float | None]:
    """One picture and how long after this call it began; a camera that runs may have been ahead of it.

    Raises DeviceError, also where there is none.
    """
    asked_s = clock.monotonic_s()
    trigger = Trigger(f"doctor:{asked_s}", clock.now(), TriggerCause.MANUAL, asked_s)
    frames = list(camera.capture_burst(trigger, BurstProfile(1, 0.0, lamp)))
    if not frames:
        raise DeviceError("the camera gave no picture", device="camera", hint="is another program using it?")
    begun_s = frames[0].monotonic_s
    return frames[0], None if begun_s is None else max(0.0, begun_s - asked_s)


def check_lamp(lit: Frame, unlit: Frame, incidents: Sequence[Incident] = ()) -> Finding:
    """Whether the lamp makes a picture brighter, from one with it and one without. Raises ImageError."""
    with_lamp, without = look_at(lit.jpeg).luma, look_at(unlit.jpeg).luma
    what = f"brightness {with_lamp:.0f} with it, {without:.0f} without"
    if any(each.device == "lamp" and not each.recovered for each in incidents):
        return Finding(State.FAIL, f"{what}; it is told as dead", "its fuse, its supply, its pin?", is_device=True)
    if without >= _NIGHT:
        return Finding(State.SKIP, f"{what}: too bright to tell", "look again in the dark, or under a cloth")
    if with_lamp - without < _LIT:
        return Finding(State.FAIL, f"{what}: it lights nothing", "its fuse, its supply, lamp.pin?", is_device=True)
    return Finding(State.OK, what)


def _judged(look: Look, what: str) -> Finding:
    if look.luma < _DARK:
        return Finding(
            State.WARN, f"{what}: dark", "by day: is the lens covered? at night: is there a lamp (lamp.pin)?"
        )
    if look.luma > _BRIGHT or look.burnt > _BURNT_SHARE:
        return Finding(
            State.WARN, f"{what}: overexposed", "does the sun, or the lamp on something near, shine into it?"
        )
    if look.sharpness < SHARP:
        hint = "is the lens clean and free of dew? is it focused (camera.focus, camera.focus_m)?"
        return Finding(State.WARN, f"{what}: blurred, or nothing to see in it (sharpness {look.sharpness:.1f})", hint)
    return Finding(State.OK, f"{what}, sharp")
