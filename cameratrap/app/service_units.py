"""The systemd units of a trap, as text. Nothing here touches the system.

A trap that is always on has `watch` as its service, and timers that send and that close days where `watch` is down. A
trap that its PIR switches on has `wake` alone, started as early in the boot as the card is mounted: it does the rest.

The timers count from the boot and from their last run, never by the calendar: a clock at 1970, or one that jumps,
neither stops them nor makes them run all at once. A service that fails again and again is helped by a reboot, at most
once in each half hour that the machine is up: without a clock or a file that could be wrong, and without a loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PREFIX = "cameratrap-"
MARK = "# Made by `cameratrap service install`, which writes it anew: change it with `systemctl edit` instead."
STAY_ON = Path("/boot/firmware/cameratrap-stay-on")
WATCHDOG_S = 120
FAILURES, WITHIN_MIN = 5, 30  # of the watchdog, so many and so far apart take a quarter of an hour


@dataclass(frozen=True, slots=True)
class Unit:
    """One file. ``enable``: at install; ``start``: also when it is to begin at once."""

    name: str
    text: str
    enable: bool = False
    start: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What the units depend on.

    ``command`` runs cameratrap, up to the subcommand. ``groups`` open devices to ``user``. ``writable`` are the folders
    that are written to. ``gated``: the PIR switches the Pi on.
    """

    command: tuple[str, ...]
    card: Path
    writable: tuple[Path, ...]
    user: str
    groups: tuple[str, ...] = ()
    gated: bool = False
    alerts: bool = False
    sets_clock: bool = False
    reboot: bool = True


def units(settings: ServiceSettings) -> list[Unit]:
    """Every unit of a trap, the one that matters most first."""
    if settings.gated:
        return [Unit("cameratrap-wake.service", _wake(settings), enable=True)]
    rescue = [*_rescue()] if settings.reboot else []
    alerts = _timed(settings, "alerts", "send alerts", ("transmit", "--alerts"), "2min", "10min")
    return [
        Unit("cameratrap-watch.service", _watch(settings), enable=True, start=True),
        *rescue,
        *_timed(settings, "transmit", "send what is due", ("transmit",), "5min", "1h"),
        *(alerts if settings.alerts else []),
        *_timed(settings, "close-day", "close days where watch is down", ("close-day",), "15min", "1h"),
    ]


def _watch(settings: ServiceSettings) -> str:
    return _file(
        (
            "Unit",
            "Description=cameratrap: wait for triggers, photograph, count and store",
            f"RequiresMountsFor={word(settings.card)}",
            f"StartLimitIntervalSec={WITHIN_MIN}min",
            f"StartLimitBurst={FAILURES}",
            *(["OnFailure=cameratrap-rescue.timer"] if settings.reboot else []),
        ),
        (
            "Service",
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={_command(settings, 'watch', '--existing')}",
            "TimeoutStartSec=180",
            f"WatchdogSec={WATCHDOG_S}",
            "TimeoutStopSec=90",
            "Restart=on-failure",
            "RestartSec=20",
            "# A wrong configuration (2): neither another start nor a reboot would make it right.",
            "SuccessExitStatus=2",
            *_user(settings),
            *_hardened(settings, [*_SENSORS, *_CAMERA]),
            "MemoryMax=80%",
        ),
        ("Install", "WantedBy=multi-user.target"),
    )


def _rescue() -> Iterable[Unit]:
    """Units that only a failure starts: the timer's moment has passed where the machine has been up for so long."""
    yield Unit(
        "cameratrap-rescue.timer",
        _file(
            ("Unit", "Description=cameratrap: reboot, once the machine has been up for half an hour"),
            ("Timer", "OnBootSec=30min", "AccuracySec=1min"),
        ),
    )
    yield Unit(
        "cameratrap-rescue.service",
        _file(
            ("Unit", "Description=cameratrap: reboot, since its service keeps failing"),
            ("Service", "Type=oneshot", "ExecStart=systemctl --no-block reboot"),
        ),
    )


def _timed(
    settings: ServiceSettings, name: str, what: str, arguments: Sequence[str], first: str, every: str
) -> list[Unit]:
    """A service that ends by itself, and the timer that starts it."""
    service = _file(
        ("Unit", f"Description=cameratrap: {what}", f"RequiresMountsFor={word(settings.card)}"),
        (
            "Service",
            "Type=oneshot",
            f"ExecStart={_command(settings, *arguments)}",
            "TimeoutStartSec=1h",
            "# What could not be sent, or closed, is tried again by the next run.",
            "SuccessExitStatus=1 3",
            *_user(settings),
            *_hardened(settings, [*_SENSORS, *_MODEM], sets_clock=settings.sets_clock),
        ),
    )
    timer = _file(
        ("Unit", f"Description=cameratrap: {what}, every {every}"),
        ("Timer", f"OnBootSec={first}", f"OnUnitInactiveSec={every}", "AccuracySec=1min"),
        ("Install", "WantedBy=timers.target"),
    )
    full = PREFIX + name
    return [Unit(f"{full}.service", service), Unit(f"{full}.timer", timer, enable=True, start=True)]


def _wake(settings: ServiceSettings) -> str:
    """As early as the card and the devices are there. It runs as root, for it switches the machine off."""
    return _file(
        (
            "Unit",
            "Description=cameratrap: photograph, do what is due, switch off",
            "DefaultDependencies=no",
            "After=local-fs.target systemd-udev-trigger.service systemd-modules-load.service",
            f"RequiresMountsFor={word(settings.card)}",
            "Conflicts=shutdown.target",
            "Before=shutdown.target",
            "# With this file on the boot partition the machine stays on for whoever works on it.",
            f"ConditionPathExists=!{word(STAY_ON)}",
            "# What hangs or fails must not empty the battery.",
            "FailureAction=poweroff",
        ),
        (
            "Service",
            "Type=oneshot",
            f"ExecStart={_command(settings, 'wake', '--existing')}",
            "TimeoutStartSec=45min",
            "SuccessExitStatus=3",
            *_place(settings),
            "NoNewPrivileges=yes",
            "PrivateNetwork=yes",
            "RestrictAddressFamilies=AF_UNIX AF_NETLINK",
            "LimitCORE=0",
        ),
        ("Install", "WantedBy=sysinit.target"),
    )


_SENSORS = ("char-gpiochip rw", "char-i2c rw")
_CAMERA = ("char-video4linux rw", "char-media rw", "char-dma_heap rw", "/dev/vcio rw", "/dev/vchiq rw")
_MODEM = ("char-ttyAMA rw", "char-ttyS rw", "char-ttyUSB rw", "char-ttyACM rw")


def _user(settings: ServiceSettings) -> list[str]:
    groups = [f"SupplementaryGroups={' '.join(settings.groups)}"] if settings.groups else []
    return [f"User={settings.user}", *groups]


def _place(settings: ServiceSettings) -> list[str]:
    """Where it may write. lgpio makes a pipe in the working folder, which must therefore be one of its own."""
    return [
        "RuntimeDirectory=%N",
        "WorkingDirectory=%t/%N",
        "Environment=PYTHONDONTWRITEBYTECODE=1",
        "UMask=0027",
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        f"ReadWritePaths={' '.join(word(path) for path in settings.writable)}",
    ]


def _hardened(settings: ServiceSettings, devices: Sequence[str], *, sets_clock: bool = False) -> list[str]:
    clock = "CAP_SYS_TIME" if sets_clock else ""
    return [
        *_place(settings),
        "PrivateTmp=yes",
        "NoNewPrivileges=yes",
        f"CapabilityBoundingSet={clock}",
        f"AmbientCapabilities={clock}",
        *([] if sets_clock else ["ProtectClock=yes"]),
        "DevicePolicy=closed",
        *(f"DeviceAllow={device}" for device in devices),
        "PrivateNetwork=yes",
        "RestrictAddressFamilies=AF_UNIX AF_NETLINK",
        "ProtectKernelTunables=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelLogs=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectProc=invisible",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "SystemCallArchitectures=native",
        "LimitCORE=0",
        "TasksMax=64",
    ]


def _file(*sections: Sequence[str]) -> str:
    return "\n\n".join([MARK, *("\n".join([f"[{name}]", *lines]) for name, *lines in sections)]) + "\n"


def _command(settings: ServiceSettings, *arguments: str) -> str:
    return " ".join(word(part).replace("$", "$$") for part in (*settings.command, *arguments))


def word(text: str | Path) -> str:
    """One word of a unit file: what systemd would read as a specifier or as two words is kept as it is."""
    kept = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    plain = kept and not any(letter.isspace() or letter in "'\"\\;" for letter in kept)
    return kept if plain else f'"{kept}"'
