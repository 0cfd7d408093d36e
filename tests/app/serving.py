"""A started app with a store behind it, for tests that talk to it from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(folder: Path, *options: str, port: int | None = None, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start the app on the store in a folder, yield its address, and end it."""
    port = port or free_port()
    whole = {**os.environ, "HOME": str(folder), "PHUSONG_STORE": str(folder / "store.db"), **(env or {})}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=whole, stdout=log, stderr=log)
        try:
            for _ in range(1200):
                assert server.poll() is None, (folder / "server.log").read_text()
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).read()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)
