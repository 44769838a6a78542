"""Our calibration rows as Olive reads them: a user script of its data configuration."""

import numpy as np
from olive.data.registry import Registry  # type: ignore[import-not-found]
from torch.utils.data import Dataset


class CalibrationRows(Dataset):  # type: ignore[type-arg]
    """One row an item, unpadded; the label is not used."""

    def __init__(self, file: str) -> None:
        with np.load(file) as arrays:
            self._rows = {name: arrays[name] for name in arrays.files}
        self._lengths = self._rows["attention_mask"].sum(axis=1)

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, row: int):  # type: ignore[no-untyped-def]
        return {name: values[row, : self._lengths[row]] for name, values in self._rows.items()}, 0


@Registry.register_dataset()  # type: ignore[untyped-decorator]
def calibration_rows(file: str, **_: object) -> CalibrationRows:
    return CalibrationRows(file)
