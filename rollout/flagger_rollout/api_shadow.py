"""How any kind is shadowed: the ShadowPolicy kind, which is data and which nobody reconciles.

Paths are JSON pointers (RFC 6901) into the object; a segment `*` stands for every item of a list
or every value of a map.
"""

from typing import Annotated

from pydantic import Field

from flagger_py.refs import Kind
from flagger_py.wire import Wire

KIND = Kind("rollout.flagger.app", "v1alpha1", "ShadowPolicy", "shadowpolicies")

Pointer = Annotated[str, Field(min_length=2, max_length=1024, pattern=r"^(/[^/]+)+$")]
"""A JSON pointer such as `/spec/template` or `/metadata/labels/app.kubernetes.io~1name`."""


class ShadowedKind(Wire):
    """The kind that a policy is for."""

    api_version: str = Field(min_length=1, description="Group and version of the target.")
    kind: str = Field(min_length=1, max_length=63, description="Kind of the target.")


class RewriteField(Wire):
    """A field of the primary that says something else than the target's."""

    path: Pointer = Field(description="Field to write.")
    value: str = Field(
        max_length=4096,
        description="Text to put there; {target} and {primary} stand for the two names.",
    )


class ShadowPolicySpec(Wire):
    """How a target of some kind gets its primary, and how both are scaled and judged ready."""

    target: ShadowedKind = Field(description="Kind that this policy is for.")
    copy_: tuple[Pointer, ...] = Field(
        alias="copy",  # A name that pydantic's models use themselves.
        min_length=1,
        max_length=64,
        description="Fields that the primary has from the target, at first and at each promotion.",
    )
    rename: tuple[Pointer, ...] = Field(
        default=(),
        max_length=64,
        description="Copied texts that end in -primary on the primary, such as selector labels.",
    )
    rewrite: tuple[RewriteField, ...] = Field(
        default=(), max_length=64, description="Fields of the primary with texts of their own."
    )
    replicas_path: Pointer | None = Field(
        default=None,
        description="Field with the number of replicas; without it nothing is scaled.",
    )
    hash: tuple[Pointer, ...] = Field(
        default=(),
        max_length=64,
        description="Fields whose change is a new revision; those of copy without it.",
    )
    ready: str | None = Field(
        default=None,
        max_length=4096,
        description=(
            "Expression over `object`, in the manner of CEL, that is true once the object is "
            "ready. Without it the conditions are read as kstatus reads them."
        ),
    )
