"""Lets a benchmark use another one's functions."""
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType


def benchmark(name: str, database: str) -> ModuleType:
    """A benchmark of this folder with a database other than its own. Each call gives a module of its own."""
    loader = SourceFileLoader(name, str(Path(__file__).resolve().with_name(name)))
    module = module_from_spec(spec_from_loader(name, loader))
    loader.exec_module(module)
    module.DATABASE = database
    return module
