"""Stock ignores the JSONata `Output` of a Succeed state and assigns variables one after the other; AWS evaluates every expression
of an `Assign` before it assigns the first."""

from typing import Any

from ministack.services import stepfunctions

from spotforge_emulator.private_name import private, replace


def apply() -> None:
    query_language = private(stepfunctions, "_state_query_language")
    template = private(stepfunctions, "_apply_jsonata_template")

    def output_path(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        if state.get("Type") == "Succeed" and query_language(state, context) == "JSONata":
            return template(state["Output"], data, context) if "Output" in state else data
        return apply_output_path(state, data, context)

    apply_output_path = replace(stepfunctions, "_apply_output_path", output_path)

    def assign(state: dict[str, Any], raw_input: Any, context: Any, result: Any = None, error_output: Any = None) -> None:
        expressions = state.get("Assign")
        if context is None or not isinstance(expressions, dict) or query_language(state, context) != "JSONata":
            return
        values = {
            name: template(expression, raw_input, context, result=result, error_output=error_output)
            for name, expression in expressions.items()
        }
        context.setdefault("variables", {}).update(values)

    replace(stepfunctions, "_apply_state_assign", assign)
