"""A model is a folder: sound, it is found and installed; otherwise it is refused with every reason."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cameratrap.app import model_install, models
from cameratrap.app.manifest import parse_manifest
from cameratrap.app.model_install import Installation, install
from cameratrap.app.model_tensors import FileFacts, TensorFacts, tensor_problems
from cameratrap.app.models import find_model, load_folder
from cameratrap.errors import ModelError
from cameratrap.resources import builtin_taxa, data_folder
from tests.model_folders import MANIFEST, SSD_OUTPUT, YOLO_OUTPUT, write_folder

TAXA = builtin_taxa()
DUMMY = b"not a network, but its hash is known"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where models are installed in this test."""
    monkeypatch.setenv("CAMERATRAP_MODELS", str(tmp_path / "installed"))
    return tmp_path / "installed"


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    return str(caught.value)


def parse(change: Callable[[str], str]) -> object:
    text = MANIFEST.format(
        name="m", sha256="0" * 64, threshold=0.5, height=8, width=8, dtype="uint8", scale=1.0, output=SSD_OUTPUT
    )
    changed = change(text)
    return parse_manifest(changed, TAXA, origin="model.toml")


def test_a_sound_folder_says_what_its_classes_mean(tmp_path: Path) -> None:
    """Under the table's own names, each with the score that holds for it."""
    model = load_folder(write_folder(tmp_path / "m", DUMMY), TAXA)
    assert {index: (label.name, label.taxon, label.score_threshold) for index, label in model.labels.items()} == {
        0: ("bird", "Aves", 0.5),
        1: ("person", "Homo sapiens", 0.8),
    }
    assert model.manifest.roles == {"boxes": 0, "classes": 1, "scores": 2, "count": 3}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("score_threshold = 0.5", "score_threshold = 1.5", "score_threshold: "),
        ('licence = "Apache-2.0"', "", "licence: is missing"),
        ('licence = "Apache-2.0"', 'license = "Apache-2.0"', "license: no such key; did you mean licence?"),
        ('name = "m"', 'name = "../m"', "name: "),
        ('sha256 = "0', 'sha256 = "X', "sha256: "),
        ("height = 8", 'height = "8"', "input.height: "),
        ('dtype = "uint8"', 'dtype = "int64"', "input.dtype: "),
        ("scale = 1.0", "scale = 0.0", "scale and std cannot be 0"),
        ("scale = 1.0", "", "scale goes with zero"),
        ("scale = 1.0\nzero = 0", "", "give either scale and zero, or mean and std"),
        ("scale = 1.0\nzero = 0", "mean = [1, 2]\nstd = [1, 2, 3]", "input.mean: "),
        ('head = "ssd"', 'head = "detr"', "output.head: "),
        ('head = "ssd"', 'head = "yolo"', "the head yolo needs one"),
        ('head = "ssd"', 'head = "ssd"\ntensors = {box = 0}', "output.tensors.box: the head ssd knows only"),
        ("index = 1", "index = 0", "index 0 is given 2 times"),
        ('taxon = "Aves"', 'taxon = "Avess"', "labels[0].taxon: no taxon is called 'Avess'"),
        ('label = "bird"', "", "labels[0].label: is missing"),
        ("[card]", "[cards]", "card: is missing"),
        ("[input]", "[[input]]", "input: must be a table"),
    ],
)
def test_what_is_wrong_in_a_manifest_is_named_by_its_key(old: str, new: str, reason: str) -> None:
    assert reason in refused(lambda: parse(lambda text: text.replace(old, new, 1)))


def test_everything_wrong_is_listed_at_once() -> None:
    wrong = {"height = 8": "height = 0", 'version = "1.0"': "versio = 1"}
    message = refused(
        lambda: parse(lambda text: functools.reduce(lambda t, each: t.replace(*each), wrong.items(), text))
    )
    assert "3 problems in model.toml" in message
    assert all(key in message for key in ("input.height", "versio:", "version: is missing"))


def test_what_is_not_toml_is_said_to_be_none() -> None:
    assert "model.toml is not TOML" in refused(lambda: parse(lambda text: text + "\n= 3"))


def test_a_wrong_hash_is_refused_with_both(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", DUMMY, sha256="0" * 64)
    message = refused(lambda: load_folder(folder, TAXA))
    assert hashlib.sha256(DUMMY).hexdigest() in message
    assert "0" * 64 in message


@pytest.mark.parametrize("missing", ["model.toml", "model.tflite"])
def test_a_folder_without_its_files_is_no_model(tmp_path: Path, missing: str) -> None:
    folder = write_folder(tmp_path / "m", DUMMY)
    (folder / missing).unlink()
    assert f"it has no {missing}" in refused(lambda: load_folder(folder, TAXA))


def ssd_facts(**changes: TensorFacts) -> FileFacts:
    outputs = {
        "boxes": TensorFacts("a", (1, 10, 4), "float32"), "classes": TensorFacts("b", (1, 10), "float32"),
        "scores": TensorFacts("c", (1, 10), "float32"), "count": TensorFacts("d", (1,), "float32"),
    }  # fmt: skip
    inputs = (changes.pop("input", TensorFacts("image", (1, 8, 8, 3), "uint8")),)
    return FileFacts(inputs, tuple((outputs | changes).values()))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (ssd_facts(input=TensorFacts("i", (1, 3, 8, 8), "uint8")), "shape [1, 8, 8, 3], the file has [1, 3, 8, 8]"),
        (ssd_facts(input=TensorFacts("i", (1, 8, 8, 3), "int8")), "says uint8, the file has int8"),
        (ssd_facts(boxes=TensorFacts("a", (1, 10), "float32")), "output boxes: the head ssd needs shape [1, n, 4]"),
        (ssd_facts(scores=TensorFacts("c", (1, 9), "float32")), "output scores: the head ssd needs shape [1, 10]"),
        (FileFacts((), ()), "the file takes 0 inputs"),
        (FileFacts(ssd_facts().inputs, ssd_facts().outputs[:3]), "output.tensors.count: the file has no output 3"),
    ],
)
def test_tensors_that_are_not_what_the_manifest_says_are_named(tmp_path: Path, facts: FileFacts, reason: str) -> None:
    model = load_folder(write_folder(tmp_path / "m", DUMMY), TAXA)
    assert reason in "\n".join(tensor_problems(model.manifest, facts))


def test_tensors_that_are_what_the_manifest_says_are_no_problem(tmp_path: Path) -> None:
    assert tensor_problems(load_folder(write_folder(tmp_path / "m", DUMMY), TAXA).manifest, ssd_facts()) == []


@pytest.mark.parametrize(
    ("layout", "shape", "reason"),
    [
        ("yolox", (1, 84, 7), ""),
        ("yolox", (1, 80, 7), "make 84 cells, the file has 80"),
        ("yolox", (1, 84, 6), "labels: index 1 is listed, the file has 1 classes"),
        ("yolov8", (1, 6, 84), ""),
        ("yolov8", (1, 84, 5), ""),
        ("yolov8", (1, 4, 84), "labels: index 1 is listed, the file has 0 classes"),
        ("yolov5", (84, 7), "needs three dimensions"),
    ],
)
def test_a_yolo_file_must_have_the_listed_classes(
    tmp_path: Path, layout: str, shape: tuple[int, ...], reason: str
) -> None:
    output = YOLO_OUTPUT.replace("yolov5", layout)
    model = load_folder(write_folder(tmp_path / "m", DUMMY, height=64, width=64, output=output), TAXA)
    facts = FileFacts((TensorFacts("i", (1, 64, 64, 3), "uint8"),), (TensorFacts("echo", shape, "float32"),))
    problems = "\n".join(tensor_problems(model.manifest, facts))
    assert reason in problems
    assert bool(problems) is bool(reason)


def test_an_installed_model_is_found_by_name_and_whole(tmp_path: Path, home: Path) -> None:
    source = write_folder(tmp_path / "m", DUMMY)
    _, outcome = install(source, TAXA)
    assert outcome is Installation.INSTALLED
    found = find_model("m", TAXA)
    assert (found.weights, found.weights.read_bytes()) == (home / "m" / "model.tflite", DUMMY)
    assert sorted(path.name for path in home.iterdir()) == ["m"], "no temporary folder is left"


def test_installing_again_changes_nothing_and_another_needs_replace(tmp_path: Path, home: Path) -> None:
    source = write_folder(tmp_path / "m", DUMMY)
    install(source, TAXA)
    assert install(source, TAXA)[1] is Installation.UNCHANGED
    other = write_folder(tmp_path / "other", b"other", name="m")
    assert "another model named m is installed" in refused(lambda: install(other, TAXA))
    assert (home / "m" / "model.tflite").read_bytes() == DUMMY
    assert install(other, TAXA, replace=True)[1] is Installation.REPLACED
    assert (home / "m" / "model.tflite").read_bytes() == b"other"


def test_a_dry_run_checks_and_copies_nothing(tmp_path: Path, home: Path) -> None:
    assert install(write_folder(tmp_path / "m", DUMMY), TAXA, dry_run=True)[1] is Installation.INSTALLED
    assert not home.exists()


def test_a_copy_that_fails_leaves_what_was_there(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card is full: said, and the model that was installed still is."""
    install(write_folder(tmp_path / "m", DUMMY), TAXA)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model_install.shutil, "copyfile", full)
    other = write_folder(tmp_path / "other", b"other", name="m")
    assert "No space left" in refused(lambda: install(other, TAXA, replace=True))
    assert [path.name for path in home.iterdir()] == ["m"]
    assert find_model("m", TAXA).weights.read_bytes() == DUMMY


def test_a_model_that_disagrees_with_its_file_is_not_installed(tmp_path: Path, home: Path) -> None:
    wrong = ssd_facts(input=TensorFacts("i", (1, 9, 9, 3), "uint8"))
    folder = write_folder(tmp_path / "m", DUMMY)
    assert "disagree" in refused(lambda: install(folder, TAXA, inspect=lambda _: wrong))
    assert not home.exists()


@pytest.mark.usefixtures("home")
def test_a_model_is_given_as_name_folder_or_file(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", DUMMY)
    assert find_model(str(folder), TAXA).origin == "folder"
    assert "sha256" in refused(lambda: find_model(str(folder / "model.tflite"), TAXA))
    assert "there is no model m:" in refused(lambda: find_model("m", TAXA))


def test_the_catalogue_recognises_published_files_by_their_hash(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest comes from the catalogue, the network from the file, under any name."""
    shipped = tmp_path / "shipped"
    folder = write_folder(tmp_path / "m", DUMMY)
    (shipped / "catalogue").mkdir(parents=True)
    (folder / "model.toml").rename(shipped / "catalogue" / "m.toml")
    (folder / "model.tflite").rename(tmp_path / "detect.tflite")
    monkeypatch.setattr(models, "data_folder", lambda _: shipped)
    assert find_model(str(tmp_path / "detect.tflite"), TAXA).origin == "catalogue"
    install(tmp_path / "detect.tflite", TAXA)
    assert find_model("m", TAXA).weights == home / "m" / "model.tflite"


def test_every_manifest_that_is_shipped_is_sound_and_named_after_its_file() -> None:
    paths = sorted((data_folder("models") / "catalogue").glob("*.toml"))
    assert len(paths) >= 3
    for path in paths:
        assert parse_manifest(path.read_text(encoding="utf-8"), TAXA, origin=path.name).name == path.stem
