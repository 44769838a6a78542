"""The tree hash: SHA-256 over `{sha256}  {path}` lines in the bytewise order of their paths."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from spotforge_runtime.tree_hash import tree_hash, tree_hash_of_folder, version_of

PATHS = st.text("abcXYZ09._-é", min_size=1, max_size=8).filter(lambda name: name not in (".", ".."))
TREES = st.dictionaries(PATHS, st.binary(max_size=20), min_size=1, max_size=6)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_it_is_what_sha256sum_would_say() -> None:
    # printf a > a; printf b > B; LC_ALL=C sha256sum B a | sha256sum
    lines = f"{sha256(b'b')}  B\n{sha256(b'a')}  a\n"
    assert tree_hash({"a": sha256(b"a"), "B": sha256(b"b")}) == sha256(lines.encode())


@given(TREES, st.randoms())
def test_order_does_not_matter_and_every_change_does(tree: dict[str, bytes], source: object) -> None:
    hashes = {path: sha256(data) for path, data in tree.items()}
    shuffled = list(hashes.items())
    source.shuffle(shuffled)  # type: ignore[attr-defined]
    whole = tree_hash(hashes)
    assert tree_hash(dict(shuffled)) == whole
    for path in hashes:
        assert tree_hash({**hashes, path: sha256(b"changed")}) != whole
        assert tree_hash({(path + "x" if name == path else name): value for name, value in hashes.items()}) != whole
    assert tree_hash({**hashes, "one-more/file": sha256(b"")}) != whole


@given(TREES)
def test_a_folder_has_the_hash_of_its_files(tree: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for path, data in tree.items():
            (Path(folder) / "below").mkdir(exist_ok=True)
            (Path(folder) / "below" / path).write_bytes(data)
        expected = tree_hash({f"below/{path}": sha256(data) for path, data in tree.items()})
        assert tree_hash_of_folder(Path(folder)) == expected
        assert version_of(expected) == expected[:16]
