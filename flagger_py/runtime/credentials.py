"""Who we are to the API server: its address, our certificates and the token of the moment.

`kubernetes.config` reads kubeconfigs, the in-cluster account and credential plugins; it does so
in a thread of its own, because a plugin is a foreign program and may take its time.
"""

import asyncio
import os
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from kubernetes.client import Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config

from flagger_py.clock import monotonic_s
from flagger_py.errors import SpecError, Unavailable
from flagger_py.runtime.kubeconfigs import current_context, fault, located
from flagger_py.runtime.proxies import bypassed, from_environment

_RECHECK_S = 30.0
_RELOAD_S_MIN = 10.0

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the credentials are found: a kubeconfig, else the pod we run in, else the default."""

    kubeconfig: str = ""
    context: str = ""
    master: str = ""


class Credentials:
    """The present credentials; `authorization` keeps them fresh, `renew` reads them anew."""

    def __init__(self, source: Source, clock_s: Callable[[], float] = monotonic_s) -> None:
        self._source = source
        self._clock_s = clock_s
        self.config = Configuration()
        self._checked_s = float("-inf")
        self._loaded_s = float("-inf")
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="credentials")
        self._token: str | None = None
        self.host = ""
        self.tls: ssl.SSLContext | bool = True
        self.server_name: str | None = None
        self.proxy: str | None = None

    async def load(self) -> None:
        """Read everything; raises `Unavailable` when there is nothing to read."""
        async with self._lock:
            await self._load()

    async def authorization(self) -> str | None:
        """Return the Authorization header's value, refreshed when its time has come.

        Raises `Unavailable` when that fails; the next call tries it again.
        """
        if self._clock_s() - self._checked_s > _RECHECK_S:
            async with self._lock:
                if self._clock_s() - self._checked_s > _RECHECK_S:
                    self._token = await self._fresh_token()
                    self._checked_s = self._clock_s()
        return self._token

    async def renew(self) -> None:
        """Read everything again after a 401, at most every ten seconds."""
        async with self._lock:
            if self._clock_s() - self._loaded_s > _RELOAD_S_MIN:
                await self._load()

    async def _fresh_token(self) -> str | None:
        try:
            return await self._apart(_token_of, self.config)
        except Exception as error:
            # Plugins and clients of identity providers raise whatever they like.
            raise Unavailable(f"the credentials cannot be read anew: {error}") from error

    async def _apart(self, read: Callable[[S], T], source: S) -> T:
        """Read in a thread that serves nothing else, so that nobody keeps us from the Lease."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, read, source)

    async def _load(self) -> None:
        try:
            self.config = await self._apart(_read, self._source)
            self._token = await self._apart(_token_of, self.config)
            tls = await self._apart(_tls_of, self.config)
            # Not from the configuration alone: refreshing a token puts the kubeconfig's back.
            host = (self._source.master or str(self.config.host)).rstrip("/")
            direct = bypassed(host, from_environment())
        except SpecError as error:
            raise Unavailable(f"no address of the API server: {error}") from error
        except Exception as error:
            # What is no kubeconfig at all is an error of any kind to the reader of kubeconfigs.
            raise Unavailable(_why(self._source, error)) from error
        self.host, self.tls = host, tls
        self.server_name = self.config.tls_server_name
        self.proxy = None if direct else self.config.proxy
        self._loaded_s = self._checked_s = self._clock_s()


def _read(source: Source) -> Configuration:
    config = Configuration()
    if source.kubeconfig or source.context:
        _read_file(source, config)
    elif not source.master:
        try:
            load_incluster_config(config)  # type: ignore[no-untyped-call]  # ships no types
        except ConfigException:
            _read_file(source, config)
    return config


def _read_file(source: Source, config: Configuration) -> None:
    listed = located(source.kubeconfig, os.environ)
    load_kube_config(  # type: ignore[no-untyped-call]  # ships no types
        listed,
        source.context or current_context(listed) or None,
        client_configuration=config,
        persist_config=False,
    )


def _why(source: Source, error: Exception) -> str:
    """Say what is wrong with the kubeconfig, else what the reader of it said."""
    known = fault(located(source.kubeconfig, os.environ), source.context)
    return known or f"no credentials for the API server: {error}"


def _token_of(config: Configuration) -> str | None:
    found = config.get_api_key_with_prefix("BearerToken", alias="authorization")
    return str(found) if found else None


def _tls_of(config: Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=config.ssl_ca_cert or None)
    if not config.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if config.cert_file:
        context.load_cert_chain(config.cert_file, config.key_file or None)
    return context
