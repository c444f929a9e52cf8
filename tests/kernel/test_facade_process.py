"""A served store as a process of its own, as benchmarks start it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = (sys.executable, "-m", "flagger_py.testing.facade")
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "web",
                        "env": [{"name": "READY_AFTER_S", "value": "0.1"}],
                    }
                ]
            },
        },
    },
}


async def served(*flags: str) -> tuple[list[Any], int]:
    """Start the process; return what a watch tells until a pod is ready, and its exit code."""
    process = await asyncio.create_subprocess_exec(*PROGRAM, *flags, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    told: list[Any] = []
    try:
        async with asyncio.timeout(30):
            url = (await process.stdout.readline()).decode().strip()
            async with (
                aiohttp.ClientSession(url) as http,
                http.get("/apis/apps/v1/deployments", params={"watch": "1"}) as response,
            ):
                while not told or not told[-1].get("status", {}).get("readyReplicas"):
                    told.append(json.loads(await response.content.readline())["object"])
    finally:
        process.terminate()
        code = await process.wait()
    return told, code


def test_it_serves_a_file_imitates_controllers_and_ends_when_told(tmp_path: Path) -> None:
    objects = tmp_path / "objects.jsonl"
    objects.write_text(json.dumps(DEPLOYMENT) + "\n", encoding="utf-8")
    kubeconfig = tmp_path / "config"

    told, code = asyncio.run(
        served("--objects", str(objects), "--imitate", "--kubeconfig", str(kubeconfig))
    )

    assert told[0]["metadata"]["name"] == "web"
    assert told[-1]["status"]["readyReplicas"] == 1
    assert "current-context: facade" in kubeconfig.read_text(encoding="utf-8")
    assert code == 0
