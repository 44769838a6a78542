"""Takes onnxruntime's shared library out of its Python wheel, where the Rust server and its tests find it.

python onnxruntime_library.py [--architecture x86_64|aarch64] [--to DIR]

`requirements/onnxruntime-library.txt` says which release, and pins its wheels by SHA-256; the libraries in them are pinned by
SHA-256 here. What lies there already and is right stays. Prints the library's path:
`{DIR}/{version}/{architecture}/libonnxruntime.so.{version}`.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements/onnxruntime-library.txt"
VERSION = REQUIREMENTS.read_text(encoding="utf-8").partition("onnxruntime==")[2].split()[0]
NAME = f"libonnxruntime.so.{VERSION}"
MEMBER = f"onnxruntime/capi/{NAME}"
SHA256 = {
    "x86_64": "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
    "aarch64": "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
}
# Docker's words for the same.
ALIASES = {"amd64": "x86_64", "arm64": "aarch64"}
# The wheels of one release carry the same library for every version of Python; this is the one whose hashes are pinned.
PYTHON = "3.11"
PLATFORM_TAGS = ("manylinux_2_28", "manylinux_2_27")
LIBRARIES = ROOT / ".spotforge/onnxruntime"
LAST_LINES = 6


class LibraryError(Exception):
    """The library could not be had; the message is one sentence that says what to do."""


def library_file(to: Path, architecture: str) -> Path:
    return to / VERSION / architecture / NAME


def known_architecture(given: str) -> str:
    """`x86_64` or `aarch64`, also by Docker's names. LibraryError for any other."""
    architecture = ALIASES.get(given.lower(), given.lower())
    if architecture not in SHA256:
        raise LibraryError(f"There is no pinned onnxruntime library for {given}: build the server for {' or '.join(SHA256)}.")
    return architecture


def fetch_library(architecture: str, to: Path) -> Path:
    """The library's path. LibraryError when the package index does not give it or its hash is another."""
    file, pinned = library_file(to, architecture), SHA256[architecture]
    if file.is_file() and sha256_of(file) == pinned:
        return file
    with tempfile.TemporaryDirectory(prefix="onnxruntime-") as home:
        content = extract(download(architecture, Path(home)))
    check(content, pinned, architecture)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(file)  # whoever looks meanwhile finds nothing or the whole
    return file


def check(content: bytes, pinned: str, architecture: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != pinned:
        raise LibraryError(
            f"{MEMBER} of the {architecture} wheel has SHA-256 {found} and {pinned} is pinned: it is not the release that was "
            f"checked, so do not use it; find out who changed the wheel or {REQUIREMENTS.name}."
        )


def download(architecture: str, to: Path) -> Path:
    """The wheel, by the hash that the requirements pin."""
    tags = [word for tag in PLATFORM_TAGS for word in ("--platform", f"{tag}_{architecture}")]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}", *tags]
    done = subprocess.run(
        [*command, f"--dest={to}", f"--requirement={REQUIREMENTS}"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[-LAST_LINES:])
        raise LibraryError(f"onnxruntime {VERSION} for {architecture} could not be downloaded: look at the package index: {said}")
    return next(to.glob("*.whl"))


def extract(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        if MEMBER not in archive.namelist():
            raise LibraryError(f"{wheel.name} carries no {MEMBER}: pin a release of onnxruntime that does.")
        return archive.read(MEMBER)


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="onnxruntime_library.py", description=__doc__)
    parser.add_argument("--architecture", default=platform.machine(), help="default: this machine's")
    parser.add_argument("--to", type=Path, default=LIBRARIES, help="default: .spotforge/onnxruntime")
    parsed = parser.parse_args(arguments)
    try:
        print(fetch_library(known_architecture(parsed.architecture), parsed.to))  # noqa: T201 - what the caller asked for
    except LibraryError as error:
        print(f"spotforge: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
