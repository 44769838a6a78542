"""mosec: its web layer is Rust, its workers Python; batches of up to 16 requests, without waiting for more."""

from __future__ import annotations

import time
from typing import Any

import orjson
from mosec import Server, Worker
from served_model import ServedModel

MAX_BATCH = 16
WAIT_MS = 1  # the least that it knows


class Predict(Worker):
    def __init__(self) -> None:
        self.model = ServedModel()

    def deserialize(self, data: bytes) -> Any:
        return orjson.loads(data)

    def serialize(self, data: Any) -> bytes:
        return orjson.dumps(data)

    def forward(self, data: list[Any]) -> list[Any]:
        started = time.perf_counter()
        rows = iter(self.model.predict([item["text"] for given in data for item in given["inputs"]]))
        predictions = [[next(rows) for _ in given["inputs"]] for given in data]
        total = sum(len(own) for own in predictions)
        return [self.model.answer(own, started, total) for own in predictions]


if __name__ == "__main__":
    server = Server()
    server.append_worker(Predict, num=1, max_batch_size=MAX_BATCH, max_wait_time=WAIT_MS, route="/v1/predict")
    server.run()
