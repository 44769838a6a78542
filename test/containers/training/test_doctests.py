"""The examples in the docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest
import spotforge_training

MODULES = [f"spotforge_training.{module.name}" for module in pkgutil.iter_modules(spotforge_training.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_each_module_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_package_has_examples_with_literal_numbers() -> None:
    finder = doctest.DocTestFinder()
    examples = [example for name in MODULES for test in finder.find(importlib.import_module(name)) for example in test.examples]
    assert len(examples) >= 15
