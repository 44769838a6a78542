"""Copies of a released bundle with something changed in them."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from containers.stage_rig import StageRig
from spotforge_optimization.bundle_folder import PARITY_EXPECTED_FILE
from spotforge_runtime.hashing import sha256_of_bytes
from spotforge_runtime.tree_hash import tree_hash

RELEASES = "rig-releases"


def a_release(rig: StageRig, of: str, model: str, changed: dict[str, bytes], *, consistent: bool) -> str:
    """A copy of a bundle under another model's name with other content; `consistent` if its hashes say so too."""
    source, target = of.removeprefix(f"s3://{RELEASES}/"), f"bundles/acme/{model}/1/"
    for item in rig.storage.list(RELEASES, source):
        path = item.key.removeprefix(source)
        data = changed.get(path, rig.read(f"s3://{RELEASES}/{item.key}"))
        assert data is not None
        if path == "bundle.json" and consistent:
            data = json.dumps(with_hashes(json.loads(data), changed)).encode()
        rig.storage.put(data, RELEASES, target + path)
    return f"s3://{RELEASES}/{target}"


def with_hashes(document: dict[str, Any], changed: dict[str, bytes]) -> dict[str, Any]:
    for listed in document["files"]:
        if listed["path"] in changed:
            listed |= {"bytes": len(changed[listed["path"]]), "sha256": sha256_of_bytes(changed[listed["path"]])}
    return {**document, "bundleSha256": tree_hash({listed["path"]: listed["sha256"] for listed in document["files"]})}


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def recorded(rig: StageRig, uri: str) -> Any:
    data = rig.read(uri + PARITY_EXPECTED_FILE)
    assert data is not None
    return np.load(io.BytesIO(data))["logits"]
