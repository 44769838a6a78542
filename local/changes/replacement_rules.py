"""Prints which properties of the given resource types cannot change in place.

From CloudFormation's own resource schemas, which cfn-lint ships.
"""

import json
import sys

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"


def main(types: list[str]) -> None:
    rules = {}
    for name in types:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema
        rules[name] = {
            "always": [path.removeprefix("/properties/") for path in schema.get("createOnlyProperties") or []],
            "sometimes": [path.removeprefix("/properties/") for path in schema.get("conditionalCreateOnlyProperties") or []],
        }
    json.dump(rules, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
