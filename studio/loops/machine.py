"""From a program as LLVM reads it to a function that Python can call."""

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

_Function = ctypes.CFUNCTYPE(None, ctypes.c_int64)
_KEPT: list[Any] = []  # engines own the machine code: it lives as long as the process


def runnable(text: str, name: str) -> Callable[[int], None]:
    """The function `name` of a program, compiled for this processor; it is given the address of its arguments.

    Python's other threads run while it does.
    """
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = llvm.get_process_triple(), str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)  # and the machine is the engine's from now on
    engine.finalize_object()
    _KEPT.append(engine)
    return _Function(engine.get_function_address(name))


def _machine() -> Any:
    _make_ready()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True
    )


@lru_cache(maxsize=1)
def _make_ready() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
