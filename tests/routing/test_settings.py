"""Which flags the routing part adds to its process and what they mean."""

from argparse import ArgumentParser

from flagger_py.runtime.options import RuntimeOptions
from flagger_routing.controller import add_flags, parts, settings_from
from flagger_routing.settings import RoutingSettings


def chosen(*argv: str) -> RoutingSettings:
    parser = ArgumentParser()
    add_flags(parser)
    return settings_from(RuntimeOptions(), parser.parse_args(argv))


def test_without_flags_the_settings_are_the_defaults() -> None:
    assert chosen() == RoutingSettings()


def test_flags_choose_the_provider_and_the_lag_of_a_silent_edge() -> None:
    settings = chosen("-mesh-provider=traefik", "--edge-lag=500ms")

    assert (settings.mesh_provider, settings.edge_lag_s) == ("traefik", 0.5)


def test_an_ingress_class_is_accepted_as_flagger_accepts_it() -> None:
    assert chosen("--ingress-class=nginx") == RoutingSettings()


def test_the_part_acts_as_the_default_account_of_its_process() -> None:
    parser = ArgumentParser()
    add_flags(parser)

    (routing,) = parts(RuntimeOptions(default_service_account="tenant"), parser.parse_args([]))

    assert (routing.name, routing.default_account) == ("routing", "tenant")
