"""FastAPI as one would write it for a model on one core: uvicorn with uvloop and httptools, orjson, one session.

The model runs in the event loop: it has the core to itself, and a thread beside it would only take turns with it."""

from __future__ import annotations

import sys
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


@app.post("/v1/predict")
async def predict(given: Given) -> Response:
    started = time.perf_counter()
    predictions = model.predict([item.text for item in given.inputs])
    document = model.answer(predictions, started, len(predictions))
    # A response of its own skips the validation of what was just made.
    return Response(orjson.dumps(document), media_type="application/json")


if __name__ == "__main__":
    port = int(sys.argv[1])
    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
