"""Opening a model with whatever runtime is here. numpy, OpenCV and the runtime are imported only here and only then."""

from __future__ import annotations

from cameratrap.app.model_tensors import Inspect
from cameratrap.app.models import ModelFolder
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.runtimes import AUTO
from cameratrap.errors import ModelError
from cameratrap.ports import Detector


def load_detector(
    model: ModelFolder, *, runtime: str = AUTO, threads: int = 1, threshold: float | None = None
) -> Detector:
    """A detector that runs the model. Raises ModelError when nothing here can run it or the file is another."""
    try:
        from cameratrap.drivers.tflite import TfliteDetector
    except ImportError as error:
        raise _not_installed(error) from error
    return TfliteDetector(model, runtime=runtime, threads=threads, threshold=threshold)


def with_classifier(
    detector: Detector, model: ModelFolder, taxa: TaxaTable, *, runtime: str = AUTO, threads: int = 1
) -> Detector:
    """The detector, and behind it a model that names what it finds. Raises ModelError, as ``load_detector``."""
    try:
        from cameratrap.drivers.classifier import ClassifyingDetector, TfliteClassifier
    except ImportError as error:
        raise _not_installed(error) from error
    return ClassifyingDetector(detector, TfliteClassifier(model, taxa, runtime=runtime, threads=threads))


def inspector() -> Inspect | None:
    """What reads the tensors of a model file, or None where no runtime is installed."""
    try:
        from cameratrap.drivers.runtimes import find_runtime
        from cameratrap.drivers.tflite_model import inspect

        find_runtime()
    except (ImportError, ModelError):
        return None
    return inspect


def _not_installed(error: ImportError) -> ModelError:
    what = "what runs a model is not installed"
    return ModelError(what, why=str(error), hint="pip install 'cameratrap[detect]'")
