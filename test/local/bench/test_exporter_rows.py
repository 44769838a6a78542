"""What counts as an export, and when the stage's own backend is no longer the one to have: no model, no export."""

from pathlib import Path

import pytest
from exporter_duel import Plan, Result, names_amiss, rows_of
from spotforge_optimization.export_config import read_export_config
from spotforge_optimization.onnx_contract import OnnxContract, Tensor

TEXT = read_export_config().tasks["text-ordinal"].expected


def a_contract(inputs: tuple[str, ...], output: str = "logits") -> OnnxContract:
    def tensor(name: str) -> Tensor:
        return Tensor(name=name, dtype="int64", axes=("s43", "s53"))

    return OnnxContract(opset=18, producer="p", inputs=tuple(map(tensor, inputs)), outputs=(tensor(output),))


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        (a_contract(("input_ids", "attention_mask")), []),
        (a_contract(("input_ids",)), ["no input attention_mask"]),
        (a_contract(("input_ids", "attention_mask", "x")), ["an input x"]),
        (a_contract(("input_ids", "attention_mask"), "output_0"), ["outputs output_0"]),
    ],
)
def test_names_count_and_names_of_axes_do_not(contract: OnnxContract, found: list[str]) -> None:
    assert names_amiss(contract, TEXT) == found


@pytest.mark.parametrize(("ours", "passes"), [(Result(1, difference=1e-6, within=True), True), (Result(1, refused="no"), False)])
def test_what_only_the_other_backend_can_export_fails_the_row(ours: Result, passes: bool) -> None:
    theirs = Result(2, difference=2e-6, within=True)
    rows = rows_of({"minilm": (ours, theirs)}, Plan(folder=Path("f"), base=Path("b"), seconds=1))
    assert (rows[0]["value"], rows[0]["target"], rows[0]["pass"]) == (int(passes), 1, passes)
