"""Who delivers alerts: the AlertProvider kind, which no controller reconciles."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from flagger_py.crd_marks import Rule, refusal, validated
from flagger_py.refs import Kind
from flagger_py.wire import Wire

KIND = Kind("flagger.app", "v1beta1", "AlertProvider", "alertproviders")

ONE_ADDRESS = "set either address, or secretRef naming a Secret whose key `address` has it"


class AlertProviderType(StrEnum):
    """Services that alerts are written for."""

    SLACK = "slack"
    MSTEAMS = "msteams"
    DISCORD = "discord"
    ROCKET = "rocket"
    GCHAT = "gchat"


class AlertSecretRef(Wire):
    """A Secret in the AlertProvider's namespace."""

    name: str = Field(description="Name of the Secret; its key `address` is used.")


class AlertProviderSpec(Wire):
    """Where alerts go and how they are signed."""

    model_config = validated(Rule("has(self.address) != has(self.secretRef)", ONE_ADDRESS))

    type: AlertProviderType = Field(description="Service that receives the alerts.")
    channel: str | None = Field(default=None, description="Channel to write to.")
    username: str | None = Field(default=None, description="Name to write under.")
    address: str | None = Field(default=None, description="URL of the incoming webhook.")
    proxy: str | None = Field(default=None, description="HTTP proxy on the way there.")
    secret_ref: AlertSecretRef | None = Field(
        default=None, description="Secret with the URL, where it is confidential."
    )

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.address is None) == (self.secret_ref is None):
            raise refusal(ONE_ADDRESS)
        return self
