"""Gates as the API server returns them."""

from typing import Any


def a_gate(name: str = "app-go", **fields: Any) -> dict[str, Any]:
    question = fields.pop("question", {"manual": {}})
    return {
        "apiVersion": "gating.flagger.app/v1alpha1",
        "kind": "Gate",
        "metadata": {"name": name, "namespace": "test", "generation": 1},
        "spec": {"question": question, **fields.pop("spec", {})},
        **fields,
    }
