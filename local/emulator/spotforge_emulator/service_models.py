"""AWS's service models as botocore ships them: what the operations, shapes and errors of a service are called."""

import functools
import gzip
import json
from pathlib import Path
from typing import Any


@functools.cache
def service_model(name: str) -> dict[str, Any]:
    """The newest service-2.json of a service by botocore's name for it, parsed. FileNotFoundError when there is none."""
    import botocore

    folder = max((Path(botocore.__file__).parent / "data" / name).iterdir())
    packed = folder / "service-2.json.gz"
    text = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / "service-2.json").read_bytes()
    model: dict[str, Any] = json.loads(text)
    return model
