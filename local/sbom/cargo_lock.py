"""`cargo_lock.py LOCK`: prints what a Cargo.lock names as a CycloneDX document: crates with their hashes, and who needs whom.

Workspace members are what the document is about and stand in it only as a root: the lock gives them no source.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOT = "root-component"


def component_of(package: dict[str, Any]) -> Component:
    name, version = package["name"], package["version"]
    return Component(
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=PackageURL(type="cargo", name=name, version=version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=package["checksum"])],
    )


def sbom_of(lock: dict[str, Any]) -> Bom:
    """KeyError for a crate from elsewhere than a registry: without a checksum it is not pinned."""
    packages = lock["package"]
    crates = {(package["name"], package["version"]): component_of(package) for package in packages if "source" in package}
    versions: dict[str, list[str]] = {}
    for package in packages:
        versions.setdefault(package["name"], []).append(package["version"])

    def needed(package: dict[str, Any]) -> list[Component]:
        """A dependency is `name`, or `name version` where the lock has several."""
        words = [dependency.split(" ") for dependency in package.get("dependencies", [])]
        pairs = [(name, rest[0] if rest else versions[name][0]) for name, *rest in words]
        return [crates[pair] for pair in pairs if pair in crates]

    bom = Bom(components=crates.values())
    bom.metadata.component = root = Component(name="root", type=ComponentType.APPLICATION, bom_ref=ROOT)
    for package in packages:
        target = crates.get((package["name"], package["version"]), root)
        bom.register_dependency(target, needed(package))
    return bom


def main(arguments: list[str]) -> int:
    lock = tomllib.loads(Path(arguments[0]).read_text())
    sys.stdout.write(make_outputter(sbom_of(lock), OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
