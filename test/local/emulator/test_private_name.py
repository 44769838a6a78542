"""An upgrade of MiniStack must fail loudly where a patch no longer fits."""

import importlib
import sys
import types
from pathlib import Path

import pytest
from spotforge_emulator.on_import import when_imported
from spotforge_emulator.private_name import MissingPrivateNameError, private, replace, replace_text

MODULE = types.SimpleNamespace(__name__="ministack.services.example", known=1)


def test_a_name_that_is_gone_is_named_in_the_failure() -> None:
    with pytest.raises(MissingPrivateNameError, match=r"ministack\.services\.example has no 'gone'"):
        private(MODULE, "gone")
    with pytest.raises(MissingPrivateNameError):
        replace(MODULE, "gone", 2)


def test_replacing_returns_what_was_there() -> None:
    owner = types.SimpleNamespace(name="stock")
    assert replace(owner, "name", "patched") == "stock"
    assert owner.name == "patched"


@pytest.mark.parametrize("text", ["", "old old"])
def test_a_passage_must_occur_exactly_once(text: str) -> None:
    with pytest.raises(MissingPrivateNameError, match="instead of once"):
        replace_text(text, "old", "new")
    assert replace_text("the old one", "old", "new") == "the new one"


def test_a_patch_waits_for_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "late_module.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    seen: list[int] = []
    for _ in range(2):
        when_imported("late_module", lambda: seen.append(sys.modules["late_module"].value))
    assert seen == []
    importlib.import_module("late_module")
    assert seen == [1, 1]
    when_imported("late_module", lambda: seen.append(3))
    assert seen == [1, 1, 3], "a module that is loaded already is patched at once"
