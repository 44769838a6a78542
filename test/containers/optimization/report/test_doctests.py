"""The examples in the docstrings hold."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["axis", "page", "comparison"])
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"spotforge_optimization.report.{name}"))
    assert found.failed == 0 and found.attempted > 0
