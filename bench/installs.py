"""Puts the pinned peers under `.bench/` and makes sure the load generator is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.problems import BenchProblem, PeerSkipped, tell
from bench.versions import Pin

ROOT = Path(__file__).resolve().parent.parent
WORKSHOP = ROOT / ".bench"
_LONGEST_INSTALL = 900  # seconds


def prepare_workshop() -> None:
    """Make `.bench/`, which holds peers and logs and keeps itself out of git."""
    (WORKSHOP / "logs").mkdir(parents=True, exist_ok=True)
    (WORKSHOP / ".gitignore").write_text("*\n")
    # pip leaves bytecode beside what it installs, so the peers have theirs; a checkout may not have.
    _run([sys.executable, "-m", "compileall", "-q", str(ROOT / "simulator")], "bytecode of the simulator")


def install(pin: Pin) -> Path:
    """Install a peer in exactly the pinned version unless it is there; return its folder."""
    folder = WORKSHOP / pin.folder
    stamp = folder / "installed-version"
    if stamp.exists() and stamp.read_text().strip() == pin.requirement:
        return folder
    if pin.client == "npm" and not shutil.which("npm"):
        raise PeerSkipped("npm is missing")
    tell(f"installing {pin.requirement} under .bench/{pin.folder}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if pin.client == "pip":
        _run([sys.executable, "-m", "venv", str(folder)], pin.requirement)
        _run([str(folder / "bin/pip"), "install", "--quiet", pin.requirement], pin.requirement)
    else:
        options = ["--no-fund", "--no-audit", "--save-exact", "--prefix", str(folder)]
        _run(["npm", "install", *options, pin.requirement], pin.requirement)
    stamp.write_text(pin.requirement + "\n")
    return folder


def find_wrk() -> str:
    """The path of `wrk`; installs Debian's package when it is missing and we are root."""
    found = shutil.which("wrk")
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise BenchProblem("the load generator wrk is missing: install it (Debian: apt-get install wrk)")
    tell("installing wrk")
    _run(["apt-get", "update", "-qq"], "wrk")
    _run(["apt-get", "install", "-y", "-qq", "wrk"], "wrk")
    found = shutil.which("wrk")
    if not found:
        raise BenchProblem("wrk was installed but is not on the PATH")
    return found


def need(tool: str) -> str:
    """The path of a program that a peer runs on; without it the peer is skipped."""
    found = shutil.which(tool)
    if not found:
        raise PeerSkipped(f"{tool} is missing")
    return found


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_INSTALL, check=False)
    except subprocess.TimeoutExpired as late:
        raise BenchProblem(f"installing {what} took over {_LONGEST_INSTALL} s") from late
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise BenchProblem(f"installing {what} failed:\n{last}")
