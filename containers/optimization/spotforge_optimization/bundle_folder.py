"""A bundle as a folder: its files' hashes, checked before anything in it is used."""

from pathlib import Path

from spotforge_runtime.contracts.models import Bundle
from spotforge_runtime.errors import InvalidInput
from spotforge_runtime.hashing import sha256_of_file
from spotforge_runtime.tree_hash import tree_hash

DOCUMENT = "bundle.json"
FP32_FILE = "fp32/model.onnx"
INT8_FILE = "int8/model.onnx"
TOKENIZER_FILE = "tokenizer.json"
PARITY_INPUTS_FILE = "parity/inputs.npz"
PARITY_EXPECTED_FILE = "parity/expected.npz"


def read_bundle(folder: Path) -> Bundle:
    """The folder's `bundle.json`, after every file it lists was found with its bytes and SHA-256, and the tree hash held.

    InvalidInput names the first file that differs. Files that are not listed are no part of the bundle.
    """
    document = folder / DOCUMENT
    if not document.is_file():
        raise InvalidInput(
            f"{folder} holds no {DOCUMENT}; a bundle without it does not exist.", where=str(folder), remedy="Download it again."
        )
    bundle = Bundle.model_validate_json(document.read_bytes())
    hashes: dict[str, str] = {}
    for listed in bundle.files:
        file = folder / listed.path
        if not file.is_file():
            raise InvalidInput(
                f"The bundle lists {listed.path}, which is not there.", where=str(file), remedy="Download it again."
            )
        hashes[listed.path] = sha256_of_file(file)
        if hashes[listed.path] != listed.sha256:
            raise InvalidInput(
                f"{listed.path} has the SHA-256 {hashes[listed.path]}, the bundle lists {listed.sha256}.",
                where=str(file),
                remedy="Download it again.",
            )
    if tree_hash(hashes) != bundle.bundle_sha256:
        raise InvalidInput(
            f"The tree hash of the bundle's files is {tree_hash(hashes)}, {DOCUMENT} says {bundle.bundle_sha256}.",
            where=str(document),
            remedy="Download it again.",
        )
    return bundle
