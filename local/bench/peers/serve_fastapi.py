"""FastAPI for a model on one core: uvicorn with uvloop and httptools, orjson, one session.

As its documentation has it for code that blocks, the route is a plain function, which runs in a thread of a pool. With
`--in-event-loop` it is a coroutine that blocks the loop: tuned by hand for one core, where a thread beside the loop only takes
turns with it, at the price that nothing else is answered meanwhile."""

from __future__ import annotations

import argparse
import time

import orjson
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict
from served_model import ServedModel


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inputs: list[Input]


model = ServedModel()
app = FastAPI(docs_url=None, redoc_url=None)


@app.get("/readyz")
async def readyz() -> dict[str, str]:
    return {"status": "ready"}


def predict(given: Given) -> Response:
    started = time.perf_counter()
    predictions = model.predict([item.text for item in given.inputs])
    document = model.answer(predictions, started, len(predictions))
    # A response of its own skips the validation of what was just made.
    return Response(orjson.dumps(document), media_type="application/json")


async def predict_in_event_loop(given: Given) -> Response:
    return predict(given)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--in-event-loop", action="store_true")
    given = parser.parse_args()
    app.post("/v1/predict")(predict_in_event_loop if given.in_event_loop else predict)
    uvicorn.run(app, host="127.0.0.1", port=given.port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
