"""JSON documents as bytes: the same document always gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spotforge_runtime.errors import ContractBroken

if TYPE_CHECKING:
    from pydantic import BaseModel


def to_json(document: BaseModel | Mapping[str, Any]) -> bytes:
    """Indented JSON with a final line feed. A model writes the fields that were given to it, under their aliases.

    ContractBroken when it holds a number that JSON cannot write (NaN, infinity)."""
    plain = document if isinstance(document, Mapping) else document.model_dump(by_alias=True, exclude_unset=True, mode="json")
    try:
        return (json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise ContractBroken(f"A document could not be written as JSON: {error}.") from error
