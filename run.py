#!/usr/bin/env python3
"""Everything one does with this folder; `python3 run.py` without a verb lists it. Standard library only.

It finds uv, or puts a pinned one into `.tools/`, and lets it run each verb in `.venv` exactly as `uv.lock` says.
"""

from __future__ import annotations  # a Python too old for this project must get as far as the sentence in `main`

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PRIVATE = ROOT / ".tools"
UV = "0.13.9"  # installed where PATH has no usable one
OLDEST_UV = (0, 8)  # the oldest that reads our uv.lock
WINDOWS = os.name == "nt"
PORT = 8501

VERBS = {
    "app": (
        "mở ứng dụng với thành phố mẫu tại http://localhost:8501",
        "open the app on the demo city at http://localhost:8501",
    ),
    "test": (
        "chạy kiểm thử; --all: cả phần chậm; --browser: báo lỗi nếu thiếu Chromium",
        "run the tests; --all: slow ones too; --browser: fail where Chromium is missing",
    ),
    "check": ("kiểm tra mã nguồn: ruff, mypy, phân lớp", "check the source: ruff, mypy, layering"),
    "bench": ("đo thời gian chạy: tất cả, hoặc [tên]", "time the heavy steps: all, or [name]"),
    "notebooks": ("chạy mọi sổ tay từ đầu đến cuối", "run every notebook from top to bottom"),
    "docs": ("viết lại docs/ từ mã nguồn", "write docs/ anew from the source"),
    "demo-data": ("dựng lại thành phố mẫu trong data/demo", "build the demo city in data/demo anew"),
    "lock": (
        "viết lại requirements.lock và environment.yml từ uv.lock",
        "write requirements.lock and environment.yml anew from uv.lock",
    ),
}

COMPUTING = {"app", "test", "bench", "notebooks"}  # verbs that run the hot loops: compiled before, not in the midst
NO_COMPILER = 3  # exit code of `python -m coverage.radio.native`; uv's own are 1 and 2


class RunError(Exception):
    """A reason to stop that the person at the keyboard can do something about, in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi}\n{en}")


def usable_uv(path: Path | str) -> bool:
    """Tell whether a program is a uv that reads our lock file."""
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    found = re.match(r"uv (\d+)\.(\d+)", said)
    return found is not None and tuple(map(int, found.groups())) >= OLDEST_UV


def private_uv() -> Path:
    """Return the uv of `.tools/`, installed now if it is not there yet."""
    folder = PRIVATE / f"uv-{UV}"
    programs = folder / ("Scripts" if WINDOWS else "bin")
    uv = programs / ("uv.exe" if WINDOWS else "uv")
    if usable_uv(uv):
        return uv
    if find_spec("venv") is None or find_spec("ensurepip") is None:  # Debian and Ubuntu ship Python without it
        raise RunError(
            "Python này thiếu mô-đun venv; hãy cài bằng: sudo apt install python3-venv",
            "This Python lacks the venv module; install it with: sudo apt install python3-venv",
        )
    pip = [str(programs / ("python.exe" if WINDOWS else "python")), "-m", "pip", "install", "--quiet"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([*pip, "--disable-pip-version-check", f"uv=={UV}"], check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        raise RunError(
            f"Không cài được uv {UV}; hãy kiểm tra kết nối tới kho gói Python rồi chạy lại.",
            f"Could not install uv {UV}; check the connection to the Python package index and run again.",
        ) from error
    return uv


def find_uv() -> Path:
    """Return a usable uv: the one on PATH, else our own."""
    on_path = shutil.which("uv")
    return Path(on_path) if on_path and usable_uv(on_path) else private_uv()


def environment() -> dict[str, str]:
    """Return the environment uv runs in: this Python, the system's certificates, a home that can be written."""
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    env.setdefault("UV_PYTHON_DOWNLOADS", "never")  # nothing but the package index is ever asked
    if not (ROOT / ".venv").exists():
        env.setdefault("UV_PYTHON", sys.executable)
    trusted = ssl.get_default_verify_paths()
    if trusted.cafile or (trusted.capath and any(Path(trusted.capath).iterdir())):
        env.setdefault("UV_SYSTEM_CERTS", "1")
        env.setdefault("UV_NATIVE_TLS", "1")  # what older versions of uv call it
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home raises where there is none)
    if not os.access(home, os.W_OK):
        home = PRIVATE / "home"
        home.mkdir(parents=True, exist_ok=True)
    env.setdefault("HOME", str(home))
    if not os.access(env["HOME"], os.W_OK):
        env["HOME"] = str(home)
    return env


def pytest_command(arguments: list[str], env: dict[str, str]) -> list[str]:
    """Return the pytest call: fast tests on two processes unless told otherwise."""
    own = {"--all", "--slow", "--browser"}
    asked, rest = own.intersection(arguments), [word for word in arguments if word not in own]
    if "--browser" in asked:
        env["PHUSONG_BROWSER"] = "1"
    command = ["python", "-m", "pytest", *([] if asked & {"--all", "--slow"} else ["-m", "not slow"])]
    jobs = env.get("PHUSONG_JOBS", "2")
    if not rest and jobs not in {"0", "1"}:  # a few chosen tests are done before the processes have started
        command += ["-n", jobs, "--dist", "loadfile"]
    return command + rest


def address(arguments: list[str]) -> str:
    """Return where the app will be; Streamlit would quietly move on from a port that is taken."""
    named = re.search(r"--server\.port[= ](\d+)", " ".join(arguments))
    port = int(named[1]) if named else PORT
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise RunError(
                f"Cổng {port} đang được dùng; hãy chọn cổng khác: python3 run.py app --server.port {port + 1}",
                f"Port {port} is in use; choose another: python3 run.py app --server.port {port + 1}",
            )
    return f"http://localhost:{port}"


def commands(verb: str, rest: list[str], env: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    """Return the dependency groups and the commands of a verb."""
    if verb == "app":
        print(f"PhủSóng: {address(rest)}  (Ctrl+C: dừng / stop)", file=sys.stderr, flush=True)
        return [], [["streamlit", "run", "app.py", *rest]]
    if verb == "test":
        return ["test", "dev"], [pytest_command(rest, env)]
    if verb == "check":
        tools = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports", "--no-cache"]]
        return ["test", "dev"], tools
    if verb == "notebooks":
        return ["test"], [["jupyter-execute", *sorted(map(str, ROOT.glob("notebooks/*.ipynb")))]]
    if verb == "bench":
        options = [word for word in rest if word.startswith("-")]
        names = [word for word in rest if not word.startswith("-")]
        names = names or sorted(path.stem for path in ROOT.glob("bench/[a-z]*.py"))
        return ["test"], [["python", "-m", f"bench.{name}", *options] for name in names]
    module = {"docs": "tools.docs", "demo-data": "tools.demo_city", "lock": "tools.lock"}[verb]
    return [], [["python", "-m", module, *rest]]


def compile_loops(uv: str, env: dict[str, str]) -> None:
    """Compile the hot loops, which prints with what; no compiler: try ziglang's, and without that NumPy serves."""
    for group in ([], ["--group=compiler"]):
        call = [uv, "run", "--frozen", *group, "--", "python", "-m", "coverage.radio.native"]
        if subprocess.call(call, env=env) != NO_COMPILER:
            return


def run(verb: str, rest: list[str]) -> int:
    """Run a verb and return the exit code: 0 when every one of its commands ended with 0."""
    env = environment()
    groups, calls = commands(verb, rest, env)
    uv = [str(find_uv()), "run", "--frozen", *(f"--group={group}" for group in groups), "--"]
    if verb in COMPUTING:
        compile_loops(uv[0], env)
    if len(calls) == 1 and not WINDOWS:  # one command takes our place, and so gets every signal itself
        os.execve(uv[0], [*uv, *calls[0]], env)
    codes = []
    for call in calls:
        print("$", *call, file=sys.stderr, flush=True)
        codes.append(subprocess.call([*uv, *call], env=env))
    return int(any(codes))


def main(arguments: list[str]) -> int:
    """Run the verb that was asked for, or list them all."""
    if sys.version_info < (3, 11):  # noqa: UP036 (the sentence is for those who run it with an older one)
        print("PhủSóng cần Python 3.11 trở lên.\nPhủSóng needs Python 3.11 or newer.", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in VERBS:
        for verb, (vi, en) in VERBS.items():
            print(f"python3 run.py {verb:<10} {vi}\n{'':<25} {en}")
        return 0 if not arguments or arguments[0] in {"-h", "--help", "help"} else 2
    os.chdir(ROOT)
    try:
        return run(arguments[0], arguments[1:])
    except RunError as reason:
        print(reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
