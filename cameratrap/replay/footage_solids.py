"""Solid animals without a 3-D library: limbs of swept ellipsoids, seen by an orthographic camera.

A body is a list of limbs; a limb is a smooth curve with a radius at each point. Space is metres: x forward, y up,
z to the animal's right hand side, towards the camera when it faces right; the origin is the ground under its middle.
Turning the body about the vertical gives every view of it, and depth, which shading and markings are made from,
comes out together with the silhouette.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Point = tuple[float, float, float]
MARGIN_PX = 4
EDGE_ON = 1e-4  # a plane so nearly in the line of sight neither begins nor ends a body
STEP_OF_RADIUS = 0.16  # overlap of neighbouring ellipsoids: coarser leaves ribs that shading shows


@dataclass(frozen=True, slots=True)
class Limb:
    """A smooth curve through ``points`` (metres) with ``radii`` (metres).

    ``shape`` scales the ellipsoids along x, y and z (at most 1), after turning them ``lean_deg`` about the vertical:
    (1, 1, 0.1) is a leaf seen from the side. ``skin`` names the surface it carries.
    """

    points: tuple[Point, ...]
    radii: tuple[float, ...]
    shape: Point = (1.0, 1.0, 1.0)
    lean_deg: float = 0.0
    skin: str = "coat"


@dataclass(frozen=True, slots=True)
class Prism:
    """A convex ``outline``, (x, y) in metres and counter-clockwise, that reaches ``half_width`` to either side."""

    outline: tuple[tuple[float, float], ...]
    half_width: float
    skin: str = "coat"


Part = Limb | Prism


@dataclass(frozen=True, slots=True)
class Surface:
    """What the camera sees of a body, as images of one size (rows, columns).

    ``depth`` is metres towards the camera (0 where nothing is); ``limb`` the index of the limb seen, -1 for none;
    ``along`` metres from that limb's start; ``where`` (rows, columns, 3) the point in the animal's own metres.
    ``left`` and ``top`` place the images' corner, in pixels from the point on the ground under the body.
    """

    depth: Array
    limb: npt.NDArray[np.int16]
    along: Array
    where: Array
    left: int
    top: int

    @property
    def mask(self) -> Mask:
        """Where the body is."""
        return self.limb >= 0

    def wears(self, limbs: Sequence[Part], skin: str) -> Mask:
        """Where the limb seen carries ``skin``."""
        return np.isin(self.limb, [index for index, limb in enumerate(limbs) if limb.skin == skin])


def turn(yaw_deg: float) -> Array:
    """The rotation (3, 3) about the vertical."""
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)


def view(yaw_deg: float, pitch_deg: float) -> Array:
    """The rotation (3, 3) from the animal's metres to the camera's: right, up, towards a camera looking down."""
    c, s = np.cos(np.radians(pitch_deg)), np.sin(np.radians(pitch_deg))
    tilt = np.array([[1, 0, 0], [0, c, -s], [0, s, c]], np.float32)
    return np.asarray(tilt @ turn(yaw_deg), np.float32)


def sample(limb: Limb, finest_m: float) -> Array:
    """Points of the Catmull-Rom curve through a limb's points, (n, 5): x, y, z, radius, metres along."""
    knots = np.column_stack([np.array(limb.points), np.array(limb.radii)]).astype(np.float32)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    spans = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        step = max(finest_m, STEP_OF_RADIUS * float(min(b[3], c[3])) * min(limb.shape[:2]))
        t = np.linspace(0, 1, int(np.linalg.norm((c - b)[:3]) / step) + 2, endpoint=False)[:, None]
        spans.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    curve = np.vstack([*spans, knots[-1:]])
    curve[:, 3] = np.maximum(curve[:, 3], 0.5 * np.min(knots[:, 3]))
    steps = np.linalg.norm(np.diff(curve[:, :3], axis=0), axis=1)
    return np.column_stack([curve, np.concatenate([[0], np.cumsum(steps)])]).astype(np.float32)


def see(limbs: Sequence[Part], rotation: Array, px_per_m: float) -> Surface:
    """Render a body; the images are cut to it with a small margin."""
    points = [sample(limb, 1.2 / px_per_m) if isinstance(limb, Limb) else corners(limb) for limb in limbs]
    spots = [np.column_stack([(p[:, :3] @ rotation.T) * (1, -1, 1), p[:, 3:]]) * px_per_m for p in points]
    low = np.floor(np.min([(s[:, :2] - s[:, 3:4]).min(0) for s in spots], axis=0)).astype(int) - MARGIN_PX
    high = np.ceil(np.max([(s[:, :2] + s[:, 3:4]).max(0) for s in spots], axis=0)).astype(int) + MARGIN_PX
    canvas = _Canvas.blank(int(high[1] - low[1]), int(high[0] - low[0]))
    for number, (limb, spot) in enumerate(zip(limbs, spots, strict=True)):
        if isinstance(limb, Prism):
            canvas.lay_prism(_planes(limb, rotation, px_per_m, low), number)
            continue
        form = _quadric(rotation @ turn(limb.lean_deg), limb.shape)
        for x, y, z, radius, metres in spot:
            canvas.lay((x - low[0], y - low[1], z), float(radius), form, number, float(metres))
    seen = canvas.limb >= 0
    depth = np.where(seen, canvas.depth / px_per_m, 0).astype(np.float32)
    where = _where(depth, rotation, px_per_m, int(low[0]), int(low[1]))
    return Surface(depth, canvas.limb, canvas.along / px_per_m, where, int(low[0]), int(low[1]))


@dataclass(frozen=True, slots=True)
class _Canvas:
    depth: Array
    limb: npt.NDArray[np.int16]
    along: Array

    @classmethod
    def blank(cls, rows: int, columns: int) -> _Canvas:
        size = (rows, columns)
        return cls(np.full(size, -np.inf, np.float32), np.full(size, -1, np.int16), np.zeros(size, np.float32))

    def lay(self, centre: Point, radius: float, form: Array, number: int, metres: float) -> None:
        """Lay one ellipsoid where it is nearer than what is there: the nearer root z of ``v' Q v = r^2``."""
        x, y, z = centre
        x0, x1, y0, y1 = int(x - radius), int(x + radius) + 2, int(y - radius), int(y + radius) + 2
        dx = np.arange(x0, x1, dtype=np.float32)[None, :] - np.float32(x)
        dy = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)
        half = form[0, 2] * dx + form[1, 2] * dy
        rest = form[0, 0] * dx**2 + 2 * form[0, 1] * dx * dy + form[1, 1] * dy**2 - np.float32(radius**2)
        square = half * half - form[2, 2] * rest
        here = np.where(square > 0, z + (np.sqrt(np.maximum(square, 0)) - half) / form[2, 2], -np.inf)
        window = (slice(y0, y1), slice(x0, x1))
        nearer = here > self.depth[window]
        self.depth[window][nearer] = here[nearer]
        self.limb[window][nearer] = number
        self.along[window][nearer] = metres

    def lay_prism(self, planes: Array, number: int) -> None:
        """Lay a convex body, the points with ``planes @ (column, row, z, 1) <= 0``, where it is nearer than what is
        there: a ray towards it leaves it at the nearest of the planes that face the camera."""
        rows, columns = np.indices(self.depth.shape, np.float32)
        front, back = np.full(rows.shape, np.inf, np.float32), np.full(rows.shape, -np.inf, np.float32)
        for right, down, towards, offset in planes:
            level = right * columns + down * rows + offset
            if towards > EDGE_ON:
                front = np.minimum(front, -level / towards)
            elif towards < -EDGE_ON:
                back = np.maximum(back, -level / towards)
            else:
                front[level > 0] = -np.inf
        nearer = (front >= back) & (front > self.depth)
        self.depth[nearer] = front[nearer]
        self.limb[nearer] = number


def corners(prism: Prism) -> Array:
    """Its corners as ``sample`` gives points, (n, 5): x, y, z, and no radius and no metres along."""
    ends = [(x, y, z, 0, 0) for x, y in prism.outline for z in (-prism.half_width, prism.half_width)]
    return np.array(ends, np.float32)


def faces(prism: Prism) -> Array:
    """The planes it lies behind, (n, 4): ``a x + b y + c z + d <= 0``, (a, b, c) of length one."""
    start = np.array(prism.outline, np.float32)
    edge = np.roll(start, -1, axis=0) - start
    normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / np.linalg.norm(edge, axis=1, keepdims=True)
    sides = [(*n, 0, -float(n @ point)) for n, point in zip(normal, start, strict=True)]
    return np.array([*sides, (0, 0, 1, -prism.half_width), (0, 0, -1, -prism.half_width)], np.float32)


def _planes(prism: Prism, rotation: Array, px_per_m: float, low: npt.NDArray[np.int_]) -> Array:
    """Its faces for ``_Canvas.lay_prism``: in pixels from the canvas's corner ``low``, rows down."""
    plane = faces(prism)
    turned = plane[:, :3] @ rotation.T * (1, -1, 1)
    return np.column_stack([turned, plane[:, 3] * px_per_m + turned[:, :2] @ low]).astype(np.float32)


def _quadric(rotation: Array, shape: Point) -> Array:
    """The matrix Q (3, 3) of an ellipsoid ``v' Q v = 1``, with v in image axes: right, down, towards the camera."""
    flip = np.diag([1, -1, 1]).astype(np.float32)
    stretch = np.diag([1 / axis**2 for axis in shape]).astype(np.float32)
    return np.asarray(flip @ rotation @ stretch @ rotation.T @ flip, np.float32)


def _where(depth: Array, rotation: Array, px_per_m: float, left: int, top: int) -> Array:
    rows, columns = depth.shape
    right = np.broadcast_to((np.arange(columns, dtype=np.float32) + left) / px_per_m, depth.shape)
    up = np.broadcast_to(-(np.arange(rows, dtype=np.float32)[:, None] + top) / px_per_m, depth.shape)
    return np.asarray(np.stack([right, up, depth], axis=-1) @ rotation, np.float32)
