import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from telling import doing


def test_what_several_cells_tell_at_once_comes_line_by_line(capfd: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: doing(f"cell {number}"), range(500)))
    told = [json.loads(line)["doing"] for line in capfd.readouterr().out.splitlines()]
    assert sorted(told) == sorted(f"cell {number}" for number in range(500))
