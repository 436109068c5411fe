"""The two packages that hold the TFLite interpreter: which are here, which one is taken, and how one is made.

``tflite-runtime`` has wheels up to Python 3.11 and needs numpy 1; ``ai-edge-litert`` has them from 3.11 on. Their
``Interpreter`` is the same, their kernels are not: what a model costs differs up to tenfold (``models bench``).
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from cameratrap.errors import ModelError

AUTO = "auto"
TFLITE_RUNTIME = "tflite-runtime"
LITERT = "ai-edge-litert"
MODULES = {TFLITE_RUNTIME: "tflite_runtime.interpreter", LITERT: "ai_edge_litert.interpreter"}

# Where both are installed, the first that works is taken. Only x86-64 has been measured (models/README.md): models in
# 8 bits take a ninth of the time in LiteRT, those in half precision as long or up to a fifth longer. Elsewhere the
# smaller one goes first.
PREFERENCE = {"x86_64": (LITERT, TFLITE_RUNTIME), "AMD64": (LITERT, TFLITE_RUNTIME)}
UNMEASURED = (TFLITE_RUNTIME, LITERT)


@dataclass(frozen=True, slots=True)
class Runtime:
    """One installed runtime. ``version`` is empty where its package does not say."""

    name: str
    version: str
    interpreter_class: Any = field(repr=False)
    op_resolvers: Any = field(repr=False)

    def interpreter(self, weights: Path, *, threads: int = 1, delegate: bool = True) -> Any:
        """The model file, loaded and its tensors allocated. Raises ModelError for what is no model.

        ``delegate`` lets XNNPACK take the operations it knows, which both runtimes do by themselves.
        """
        options: dict[str, Any] = {"model_path": str(weights), "num_threads": threads}
        if not delegate:
            options["experimental_op_resolver_type"] = self.op_resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        try:
            with _without_greeting():
                interpreter = self.interpreter_class(**options)
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{weights} cannot be run", why=str(error).strip()) from error
        return interpreter


def preference() -> tuple[str, ...]:
    """The runtimes in the order in which ``auto`` tries them on this machine."""
    return PREFERENCE.get(platform.machine(), UNMEASURED)


def installed_runtimes() -> list[Runtime]:
    """Those that can be imported here, in the order of ``preference``."""
    found = []
    for name in preference():
        with suppress(ModelError):
            found.append(_load(name))
    return found


def find_runtime(name: str = AUTO) -> Runtime:
    """The runtime of that name, or for ``auto`` the first of ``preference`` that is installed.

    Raises ModelError when the one that is named, or for ``auto`` any, is not installed: a runtime that somebody
    chose is never replaced by the other.
    """
    if name != AUTO:
        return _load(name)
    reasons = []
    for each in preference():
        try:
            return _load(each)
        except ModelError as error:
            reasons.append(error.why)
    raise ModelError("no TFLite runtime is installed", why="; ".join(reasons), hint="pip install 'cameratrap[detect]'")


def why_chosen(runtime: Runtime) -> str:
    """Why ``auto`` takes this one here, in half a sentence."""
    others = [each for each in installed_runtimes() if each.name != runtime.name]
    if not others:
        return "the only one installed"
    if platform.machine() in PREFERENCE:
        return "on this kind of processor nine times as fast for 8 bits, and at most a fifth slower for half precision"
    return f"neither has been measured on {platform.machine() or 'this processor'}, and it is the smaller one"


def _load(name: str) -> Runtime:
    try:
        module = import_module(MODULES[name])
        return Runtime(name, _version(name), module.Interpreter, module.OpResolverType)
    except KeyError:
        known = ", ".join((AUTO, *MODULES))
        raise ModelError(f"there is no runtime {name}", why=f"detector.runtime is one of {known}") from None
    except (ImportError, AttributeError) as error:
        hint = f"pip install {name}, or set detector.runtime to {AUTO}"
        if name == TFLITE_RUNTIME and sys.version_info >= (3, 12):
            hint = f"it has no release for Python 3.12 and later: set detector.runtime to {AUTO} or {LITERT}"
        raise ModelError(f"the runtime {name} is not installed", why=str(error), hint=hint) from error


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # a system's own package may carry no metadata
        return ""


@contextmanager
def _without_greeting() -> Iterator[None]:
    """The runtime writes an INFO line to the process's stderr, past Python; anything else it writes is passed on."""
    sys.stderr.flush()
    original = os.dup(2)
    try:
        with tempfile.TemporaryFile() as caught:
            os.dup2(caught.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(original, 2)
                caught.seek(0)
                for line in caught:
                    if not line.startswith(b"INFO:"):
                        os.write(2, line)
    finally:
        os.close(original)
