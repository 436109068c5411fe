"""Draw the demonstration's footage, let a real model look at it, and write what it said into the package.

    tools/record-demo [MODEL] [--pictures DIR]

MODEL is an installed model's name, a model folder or a published file of the catalogue. What it says is written as it
says it, at THRESHOLD. Run this after every change of the drawing, with FOOTAGE_VERSION raised.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cameratrap.app.models import ModelFolder, find_model
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.tflite import RUNTIMES, TfliteDetector
from cameratrap.errors import CameraTrapError
from cameratrap.ports import Detector, Frame
from cameratrap.replay import recorded_detector
from cameratrap.replay.footage import FOOTAGE_VERSION, FootageCamera, FootageTriggers
from cameratrap.replay.footage_story import demo_story
from cameratrap.replay.footage_truth import compare
from cameratrap.resources import builtin_taxa
from cameratrap.vision.specs import Label

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT.parent / "shared/data/models/Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano_float16_quantize.tflite"
RECORDING = ROOT / "cameratrap/replay/data" / recorded_detector.RECORDING
THRESHOLD = 0.4
# At a site whose animals are known, a general model's word for one of them is worth more than it is elsewhere, where
# its manifest counts every mammal as "animal".
SITE_LABELS = {"elephant": "Elephantidae", "giraffe": "Giraffidae", "zebra": "Equidae"}


def site_model(reference: str, taxa: TaxaTable) -> ModelFolder:
    """The model with the waterhole's own labels. Raises ModelError."""
    model = find_model(reference, taxa)
    known = {name: taxa.resolve(taxon).name for name, taxon in SITE_LABELS.items()}
    labels: dict[int, Label] = {
        index: replace(label, taxon=known.get(label.name, label.taxon)) for index, label in model.labels.items()
    }
    return replace(model, labels=labels)


def frames() -> Iterable[Frame]:
    """Every frame of the story, drawn."""
    triggers, camera = FootageTriggers(), FootageCamera()
    for _ in demo_story():
        trigger = triggers.wait(None)
        assert trigger is not None
        yield from camera.capture_burst(trigger)


def frame_facts(answer: DetectedFrame) -> dict[str, Any]:
    """One frame's answer as it stands in the recording."""
    found = [
        {
            "taxon": each.taxon,
            "model_label": each.model_label,
            "score": round(each.score, 4),
            "bbox": _box(each.bbox.as_list()),
        }
        for each in answer.detections
    ]
    return {"width": answer.width, "height": answer.height, "detections": found}


def _box(box: list[float]) -> list[float]:
    """The rounded box, kept inside the picture that rounding may have pushed it out of."""
    x, y, width, height = box
    return [x, y, min(width, round(1 - x, 4)), min(height, round(1 - y, 4))]


def model_facts(model: ModelFolder) -> dict[str, Any]:
    """What the recording says of the model."""
    manifest = model.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "sha256": manifest.sha256,
        "licence": manifest.licence,
        "source": manifest.source,
        "score_threshold": THRESHOLD,
        "runtime": _runtime(),
        "labels": {label.name: label.taxon for _, label in sorted(model.labels.items())},
    }


def _runtime() -> str:
    for module in RUNTIMES:
        package = module.partition(".")[0]
        try:
            return f"{package} {importlib.import_module(package).__version__}"
        except ImportError:
            continue
    return "unknown"


def as_text(model: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> str:
    """The recording: a header, then one frame a line, so that a change of it can be read."""
    header = {
        "format": recorded_detector.FORMAT,
        "made_by": "tools/record-demo: the model's own answers, not edited",
        "footage": {"version": FOOTAGE_VERSION},
        "model": model,
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(answer)}" for name, answer in answers.items())
    return json.dumps(header, indent=1)[:-2] + ',\n "frames": {\n' + lines + "\n }\n}\n"


def record(detector: Detector, pictures: Path | None) -> dict[str, dict[str, Any]]:
    """Let the detector look at every frame; keep the pictures where a folder is given."""
    answers = {}
    for frame in frames():
        if pictures is not None:
            (pictures / f"{frame.name}.jpg").write_bytes(frame.jpeg)
        answers[frame.name] = frame_facts(detector.detect(frame))
        sys.stderr.write(f"{frame.name}: {', '.join(d['model_label'] for d in answers[frame.name]['detections'])}\n")
    return answers


def main() -> int:
    """Record, write, and say how the model did against the story."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", nargs="?", default=str(MODEL), help="the model to record (default: %(default)s)")
    parser.add_argument("--pictures", type=Path, help="keep the drawn pictures in this folder")
    options = parser.parse_args()
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
    try:
        model = site_model(options.model, builtin_taxa())
        answers = record(TfliteDetector(model, threshold=THRESHOLD), options.pictures)
    except CameraTrapError as error:
        sys.stderr.write(f"{error}\nhint: {error.hint}\n")
        return error.exit_status
    text = as_text(model_facts(model), answers)
    recording = recorded_detector.parse_recording(text)
    RECORDING.write_text(text, encoding="utf-8")
    sys.stderr.write(f"{RECORDING.name}: {compare(demo_story(), recording.frames, builtin_taxa())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
