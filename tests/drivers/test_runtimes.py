"""Which runtime runs a model: the one that is named or none, and without a name the first that is installed."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from cameratrap.app.models import load_folder
from cameratrap.config import resolve
from cameratrap.drivers import runtimes
from cameratrap.drivers.runtimes import AUTO, LITERT, TFLITE_RUNTIME, find_runtime, installed_runtimes, why_chosen
from cameratrap.drivers.tflite import TfliteDetector
from cameratrap.errors import ConfigError, ModelError
from cameratrap.resources import builtin_taxa
from cameratrap.wiring import open_detector
from tests.model_folders import constant_folder


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose processor and installed runtimes the test chooses."""
    return Machine(monkeypatch)


class Machine:
    """Replaces the runtimes' modules by empty ones, or by none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def has(self, *names: str, processor: str = "x86_64") -> None:
        self._monkeypatch.setattr(platform, "machine", lambda: processor)
        for name, module in runtimes.MODULES.items():
            made = ModuleType(module)
            made.__dict__.update(Interpreter=object, OpResolverType=SimpleNamespace())
            self._monkeypatch.setitem(sys.modules, module, made if name in names else None)


@pytest.mark.parametrize(
    ("processor", "taken"), [("x86_64", LITERT), ("aarch64", TFLITE_RUNTIME), ("armv7l", TFLITE_RUNTIME)]
)
def test_of_two_the_one_that_measured_faster_here_is_taken(machine: Machine, processor: str, taken: str) -> None:
    """Where nothing was measured, the smaller one."""
    machine.has(TFLITE_RUNTIME, LITERT, processor=processor)
    assert find_runtime().name == taken
    assert {each.name for each in installed_runtimes()} == {TFLITE_RUNTIME, LITERT}
    assert ("measured" in why_chosen(find_runtime())) is (processor != "x86_64")


@pytest.mark.parametrize("only", [TFLITE_RUNTIME, LITERT])
def test_of_one_that_one_is_taken(machine: Machine, only: str) -> None:
    machine.has(only)
    assert find_runtime(AUTO).name == only
    assert why_chosen(find_runtime()) == "the only one installed"


@pytest.mark.parametrize(("named", "installed"), [(TFLITE_RUNTIME, LITERT), (LITERT, TFLITE_RUNTIME)])
def test_one_that_is_named_is_never_replaced_by_the_other(machine: Machine, named: str, installed: str) -> None:
    machine.has(installed)
    with pytest.raises(ModelError, match=f"the runtime {named} is not installed") as caught:
        find_runtime(named)
    assert "set detector.runtime to auto" in caught.value.hint


def test_without_any_the_error_says_what_to_install(machine: Machine) -> None:
    machine.has()
    with pytest.raises(ModelError, match="no TFLite runtime is installed") as caught:
        find_runtime()
    assert caught.value.hint == "pip install 'cameratrap[detect]'"
    assert installed_runtimes() == []


def test_a_module_that_only_has_the_name_is_no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in runtimes.MODULES.values():
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
    assert installed_runtimes() == []


def test_the_configuration_names_it(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector is not opened with another runtime; a word that is none is refused when the file is read."""
    machine.has()
    constant_folder(tmp_path / "m")
    monkeypatch.setenv("CAMERATRAP_MODELS", str(tmp_path))
    file = tmp_path / "cameratrap.toml"
    file.write_text('[detector]\nmodel = "m"\nruntime = "ai-edge-litert"\n')
    with pytest.raises(ModelError, match="the runtime ai-edge-litert is not installed"):
        open_detector(resolve(file).config, builtin_taxa())
    file.write_text('[detector]\nruntime = "litert"\n')
    with pytest.raises(ConfigError, match="tflite-runtime"):
        resolve(file)


@pytest.mark.parametrize("runtime", installed_runtimes(), ids=lambda runtime: runtime.name)
@pytest.mark.parametrize("delegate", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_runtime_that_is_here_says_the_same_in_every_way(
    tmp_path: Path, runtime: runtimes.Runtime, delegate: bool, threads: int
) -> None:
    model = load_folder(constant_folder(tmp_path / "m"), builtin_taxa())
    detector = TfliteDetector(model, runtime=runtime.name, threads=threads, delegate=delegate)
    tensors, _ = detector.model.run(np.zeros((8, 8, 3), np.uint8))
    assert tensors["scores"][0, :3].tolist() == pytest.approx([0.9, 0.7, 0.85])
    assert detector.model.runtime == runtime
    assert runtime.version[0].isdigit()
