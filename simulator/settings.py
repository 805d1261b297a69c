"""Settings of the simulator: one frozen object, and the only reader of the environment and of TOML files.

Order of precedence: command line, `FLEXSIM_*` variables, the TOML file, the default. Each setting carries a sentence
for people, and a label where its value stands in for a rule of the real platform that nobody outside can know.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from simulator.market.addresses import is_address
from simulator.market.batches import read_progress
from simulator.market.errors import Refused
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from simulator.market.policy_values import policy_from
from simulator.timekeeping.instants import read_instant
from simulator.timekeeping.years import FIRST_YEAR, LAST_YEAR

DEFAULT_WORLD = "default"
SNAPSHOT_TYPE = "application/vnd.sqlite3"
"""The media type of a snapshot's file (registered with IANA)."""
"""The world that is there from the start, and that addresses without /w/NAME mean."""

COMMAND_VARIABLES = {
    "FLEXSIM_URL": "Address of the running server that the commands talk to.",
    "FLEXSIM_WORLD": "World that the commands are about.",
}
"""Variables of the commands that talk to a running server; they are no settings of a server."""

MARKET = "market_"
"""How settings begin that are numbers of the market month; the rest is the number's name."""

_SERVER = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/@]+):\d{1,5}\Z")

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)*{_LABEL}\Z")


class CannotStart(Exception):
    """The simulator cannot start; `problems` has a sentence for each thing that is in the way."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingsUnusable(CannotStart):
    """One or more settings cannot be used."""


_OURS = "Nobody outside the platform can know it."


def _setting(default: Any, help: str, label: str | None = None, *, source: str = _OURS,
             least: int | None = None) -> Any:
    metadata = {"help": help, "label": label, "source": source if label else None, "least": least}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. Times are in the unit that the name ends with."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on; 0 picks a free one.", least=0)
    data: Path | None = _setting(None, "Folder that keeps the worlds; without it they live in a temporary folder.")
    fixture: str = _setting("demo", "What the world 'default' holds at first: demo, quiet, empty, or a YAML file.")
    now: datetime | None = _setting(None, "Market time at which the world 'default' starts, e.g. 2026-11-02T16:00Z.")
    contracts: Mapping[str, Path] = _setting({}, "Contract files that replace ours, by platform.")
    control_token: str | None = _setting(None, "Secret that /_sim calls must carry; required off loopback.")
    tls: bool = _setting(False, "Whether all is served over HTTPS, certified by an authority made on this machine.")
    tls_hosts: tuple[str, ...] = _setting((), "Names and addresses that the certificate is for, besides localhost.")
    threads: int = _setting(8, "Requests answered side by side.", least=1)

    credentials: str = _setting("wall", "Clock of codes, sessions and lock-outs: wall, or market.")
    totp_drift_steps: int = _setting(1, "Authenticator codes this many 30 s steps early or late are taken.", "assumed",
                                     least=0)
    sign_in_attempts: int = _setting(5, "Wrong passwords or codes before an account is locked for a while.", "assumed",
                                     least=1)
    sign_in_lock_minutes: int = _setting(15, "How long such a lock lasts.", "assumed", least=1)
    pending_sign_in_minutes: int = _setting(10, "Time between password and code before starting over.", "assumed",
                                            least=1)
    session_hours: int = _setting(12, "A sign-in ends this long after it began.", "assumed", least=1)

    password_characters: int = _setting(12, "Fewest characters of a new password.", "assumed", least=1)
    password_strength: int = _setting(3, "Least strength of a new password by zxcvbn: 0 (any) to 4.", "assumed",
                                      least=0)
    reset_link_hours: int = _setting(24, "Market hours for which a link of 'Forgot your password' works.", "assumed",
                                     least=1)
    smtp: str | None = _setting(None, "Mail server, HOST:PORT, that every mail is sent on to as well.")
    mail_from: str = _setting("no-reply@flexsim.invalid", "Sender's address of mails.", "assumed")
    public_url: str | None = _setting(None, "Address at which people reach the server, for links in mails sent on.")
    mailbox_limit: int = _setting(10_000, "Mails kept per world.", least=1)

    notice_minutes: int = _setting(15, "How long before its start a dispatch's start message goes out.", "public",
                                   source="The brand's older public pages, and the product “Operational Utilisation - "
                                   "15min Instruction”.", least=0)
    retry_seconds: tuple[int, ...] = _setting((5, 15, 60, 300), "Waits before a message is tried again.", "assumed")
    dispatch_timeout_seconds: int = _setting(10, "An endpoint that has not answered by then has failed.", "assumed",
                                             least=1)
    allow_targets: tuple[str, ...] = _setting((), "Hosts besides private ones that messages may be sent to.")
    ca_file: Path | None = _setting(None, "Certificate authority (PEM) that messages to https endpoints trust as well.")

    smp_progress: str = _setting("after:2", "When a batch ends: immediate, polls:N, or after:SECONDS of market time.",
                                 "assumed")
    smp_batch: str = _setting("atomic", "What one bad asset refuses: atomic, the batch; per_item, itself only.",
                              "assumed")
    smp_signing: str = _setting("detached", "Form of signatures: detached (a header), or compact (the body).",
                                "assumed")
    smp_sign_answers: bool = _setting(False, "Whether immediate answers are signed too, as batch returns are.",
                                      "assumed")
    smp_token_seconds: int = _setting(3_600, "A token of the SMP works for this long.", "assumed", least=1)
    smp_unit_names: str = _setting("platform", "Where a unit's name is unique: platform, or participant.", "assumed")

    market: MarketPolicy = _setting(DEFAULT_POLICY, "Numbers of the market month, each by its own name; see below.")
    future_tolerance_seconds: int = _setting(60, "A reading may end this far in the future.", "assumed", least=0)
    max_body_bytes: int = _setting(4_000_000, "Largest request body outside uploads.", "assumed", least=1_000)
    max_upload_bytes: int = _setting(256_000_000, "Largest CSV upload.", "assumed", least=1_000)
    max_snapshot_bytes: int = _setting(1_000_000_000, "Largest file of a snapshot that is uploaded.", least=1_000)
    upload_error_limit: int = _setting(10_000, "Errors listed for one upload; all are counted.", least=1)

    journal_limit: int = _setting(100_000, "Journal entries kept per world; the oldest go 500 at a time.", least=1_000)
    journal_body_characters: int = _setting(2_000, "Characters of each message body kept in the journal.", least=0)
    idle_world_seconds: int = _setting(20, "A world unused for this long closes its files.", least=1)

    def __post_init__(self) -> None:
        problems = [
            f"{item.name} must be at least {item.metadata['least']}, not {getattr(self, item.name)}"
            for item in dataclasses.fields(self)
            if item.metadata.get("least") is not None and getattr(self, item.name) < item.metadata["least"]
        ]
        if self.port > 65_535:
            problems.append(f"port is at most 65535, not {self.port}")
        if self.password_strength > 4:
            problems.append(f"password_strength is 0 to 4, not {self.password_strength}")
        if self.smtp is not None and not _SERVER.match(self.smtp):
            problems.append(f"smtp must look like HOST:PORT, such as 127.0.0.1:1025, not {self.smtp!r}")
        elif self.smtp is not None and int(self.smtp.rpartition(":")[2]) > 65_535:
            problems.append(f"smtp: a port is at most 65535, not {self.smtp.rpartition(':')[2]}")
        if not is_address(self.mail_from):
            problems.append(f"mail_from must be an email address, not {self.mail_from!r}")
        if self.public_url is not None and not re.fullmatch(r"https?://[^\s/?#@]+", self.public_url):
            problems.append(f"public_url must look like http://flexsim.test:8000, no path, not {self.public_url!r}")
        problems += [f"tls_hosts: {host[:80]!r} is no name and no address of a host; write it like flexsim.test or "
                     "10.0.0.7, without https:// and without a port" for host in self.tls_hosts if not _is_host(host)]
        if self.credentials not in ("wall", "market"):
            problems.append(f"credentials must be 'wall' or 'market', not {self.credentials!r}")
        problems += self._smp_problems()
        if self.now is not None and self.now.utcoffset() is None:
            problems.append("now needs an offset: write 2026-11-02T16:00:00Z, not 2026-11-02T16:00:00")
        if self.control_token is not None and not self.control_token.isascii():
            problems.append("control_token has letters that no header can carry; use plain ones, such as from "
                            "`openssl rand -hex 16`")
        if self.control_token is not None and not self.control_token.strip():
            problems.append("control_token is empty; give a secret, or leave it out")
        if problems:
            raise SettingsUnusable(problems)

    def _smp_problems(self) -> list[str]:
        words = {"smp_batch": ("atomic", "per_item"), "smp_signing": ("detached", "compact"),
                 "smp_unit_names": ("platform", "participant")}
        problems = [f"{name} must be {' or '.join(map(repr, known))}, not {getattr(self, name)!r}"
                    for name, known in words.items() if getattr(self, name) not in known]
        try:
            read_progress(self.smp_progress)
        except ValueError as error:
            problems.append(f"smp_progress {error}")
        return problems

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            # Any other name may have an address that others can reach, however it begins.
            return self.host == "localhost"


def read_settings(
    given: Mapping[str, Any], environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> Settings:
    """Settings from a TOML file, `FLEXSIM_*` variables and `given` values, the last winning.

    Raises SettingsUnusable with every problem found.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    known = {item.name: item for item in dataclasses.fields(Settings)}
    if file is not None:
        try:
            written = tomllib.loads(file.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsUnusable([f"{file}: {error}"]) from error
        for name, value in _spread(written).items():
            _take(name, value, f"{file}: {name}", known, values, numbers, problems)
    for variable, value in environ.items():
        if variable.startswith("FLEXSIM_") and variable not in COMMAND_VARIABLES:
            _take(variable[8:].lower(), value, variable, known, values, numbers, problems)
    for name, value in _spread(given).items():
        if value is not None and value != {}:
            _take(name, value, name, known, values, numbers, problems)
    try:
        values["market"] = policy_from(numbers, values.get("market", DEFAULT_POLICY))
    except Refused as refusal:
        problems += [f"{MARKET}{breach.message}" for breach in refusal.breaches]
    try:
        settings = Settings(**values)
    except SettingsUnusable as error:
        problems += error.problems
    if problems:
        raise SettingsUnusable(problems)
    return settings


def command_variable(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """FLEXSIM_URL, FLEXSIM_WORLD or FLEXSIM_CONTROL_TOKEN for the commands that talk to a server; None when not set."""
    return environ.get(name) or None


def _spread(given: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of the market month that stand in a table of their own, each under its name as a setting."""
    spread = {name: value for name, value in given.items() if name != "market" or not isinstance(value, Mapping)}
    numbers = given.get("market")
    if isinstance(numbers, Mapping):
        spread |= {f"{MARKET}{name}": value for name, value in numbers.items()}
    return spread


def _take(name: str, value: Any, where: str, known: Mapping[str, dataclasses.Field], values: dict[str, Any],
          numbers: dict[str, Any], problems: list[str]) -> None:
    if name.startswith(MARKET):
        numbers[name.removeprefix(MARKET)] = _market_number(name.removeprefix(MARKET), value)
        return
    if name == "market":
        if isinstance(value, MarketPolicy):
            values[name] = value
        else:
            problems.append(f"{where}: give each number by its own name, such as {MARKET}green_from_percent")
        return
    if name not in known:
        problems.append(f"{where}: there is no setting {name!r}; there are {', '.join(sorted(known))}")
        return
    try:
        values[name] = _converted(str(known[name].type), value)
    except (ValueError, TypeError) as error:
        problems.append(f"{where}: {error}")


def _market_number(name: str, value: Any) -> Any:
    """A number of the market month from a variable: lists are `SU,SAOU`, and numbers by programme `SU=300,OU=360`."""
    standing = getattr(DEFAULT_POLICY, name, None)
    if not isinstance(value, str):
        return value
    if isinstance(standing, tuple):
        return _parts(value)
    if isinstance(standing, Mapping):
        return {part.partition("=")[0].strip(): part.partition("=")[2].strip() for part in _parts(value)}
    return value


def _converted(kind: str, value: Any) -> Any:
    if kind == "int":
        try:
            return int(value)
        except (ValueError, TypeError):
            raise ValueError(f"must be a whole number, not {value!r}") from None
    if kind == "bool":
        return _truth(value)
    if kind.startswith("Path"):
        return Path(value)
    if kind.startswith("datetime"):
        return value if isinstance(value, datetime) else read_instant(str(value))
    if kind == "tuple[int, ...]":
        return tuple(_converted("int", part) for part in _parts(value))
    if kind.startswith("tuple"):
        return _parts(value)
    if kind.startswith("Mapping"):
        return _contracts(value)
    return str(value)


def _is_host(text: str) -> bool:
    """Whether this is a host's name (of plain letters; a first label `*` stands for any), or an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(_HOST.match(text)) and not text.replace(".", "").isdigit()
    return True


def _truth(value: Any) -> bool:
    """`true`, or the text `true` or `1`; `false`, or the text `false` or `0`."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError(f"must be true or false, not {value!r}")
    return words[str(value).lower()]


def _parts(value: Any) -> tuple[str, ...]:
    """`["test.example"]`, or the text `test.example,10.0.0.7`."""
    parts = value.split(",") if isinstance(value, str) else map(str, value)
    return tuple(part.strip() for part in parts if part.strip())


def _contracts(value: Any) -> dict[str, Path]:
    """`{"participant": "my.yaml"}`, or the text `participant=my.yaml,smp=other.yaml`."""
    if isinstance(value, Mapping):
        return {platform: Path(file) for platform, file in value.items()}
    found = {}
    for part in str(value).split(","):
        platform, equals, file = part.partition("=")
        if not equals or not file:
            raise ValueError(f"must look like participant=my.yaml, not {part!r}")
        found[platform.strip()] = Path(file.strip())
    return found


def read_day(text: str) -> date | None:
    """A day written like 2026-11-09 and in no other way, if it is one in the years of market time."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and FIRST_YEAR <= day.year <= LAST_YEAR else None
