"""Who switches the trap off, and on again: clocks that are files, pins of gpiozero's mock, a systemctl of our own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

gpiozero = pytest.importorskip("gpiozero", reason="a halt pin needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.drivers.power_halt_pin import HaltMode, HaltPin  # noqa: E402
from cameratrap.drivers.power_systemd import SystemdPower  # noqa: E402
from cameratrap.drivers.power_witty_pi import SYSTEM_UP_PIN, WittyPiPower  # noqa: E402
from cameratrap.drivers.rtc_alarm import LEAD_S, RtcAlarm  # noqa: E402
from cameratrap.drivers.witty_pi import WittyPi  # noqa: E402
from cameratrap.errors import DeviceError  # noqa: E402
from cameratrap.ports import PowerController  # noqa: E402
from tests.i2c_bus import ByteChip, I2cBus, i2c_bus, witty_pi  # noqa: E402

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 1, 5, tzinfo=timezone(timedelta(hours=1)))  # 35 minutes later


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """Pins of no computer."""
    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with what systemctl was asked for, which does nothing else."""
    programs, orders = tmp_path / "bin", tmp_path / "orders"
    programs.mkdir()
    program = programs / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {orders}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return orders


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[I2cBus]:
    with i2c_bus(monkeypatch) as bus:
        yield bus


def clock_in(folder: Path, *, shows: datetime = NOW) -> Path:
    """The files of one real-time clock that can wake the machine."""
    clock = folder / "rtc0"
    clock.mkdir(parents=True, exist_ok=True)
    (clock / "since_epoch").write_text(f"{int(shows.timestamp())}\n")
    (clock / "wakealarm").write_text("")
    return clock


def alarm_in(folder: Path) -> RtcAlarm:
    return RtcAlarm("rtc0", clocks=folder, now=lambda: NOW)


@pytest.mark.parametrize("zone", [0, 1, -400 * 24])
def test_an_alarm_rings_in_time_whatever_the_clock_shows(tmp_path: Path, zone: int) -> None:
    """A real-time clock counts UTC, or local time, or was never set: what is left until then is the same."""
    shows = NOW + timedelta(hours=zone)
    clock = clock_in(tmp_path, shows=shows)
    alarm_in(tmp_path).set(MIDNIGHT)
    rings = datetime.fromtimestamp(int((clock / "wakealarm").read_text()), UTC)
    assert rings - shows == timedelta(minutes=35)


def test_an_alarm_is_never_within_the_shutdown(tmp_path: Path) -> None:
    """One that rang while the Pi still shut down would be lost, and the trap would never wake."""
    clock = clock_in(tmp_path)
    alarm_in(tmp_path).set(NOW + timedelta(seconds=3))
    assert int((clock / "wakealarm").read_text()) == int(NOW.timestamp()) + LEAD_S


@pytest.mark.parametrize("back", [timedelta(0), timedelta(days=400)])
def test_an_alarm_in_the_past_is_refused(tmp_path: Path, back: timedelta) -> None:
    """It would never ring; what was set before stays."""
    clock = clock_in(tmp_path)
    (clock / "wakealarm").write_text("17")
    with pytest.raises(DeviceError, match="is past"):
        alarm_in(tmp_path).set(NOW - back)
    assert (clock / "wakealarm").read_text() == "17"


def test_the_old_alarm_is_cleared_before_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel refuses (EBUSY) to set an alarm while one is set."""
    clock_in(tmp_path)
    written: list[str] = []
    write = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda path, text, *rest: (written.append(text), write(path, text, *rest)))
    alarm_in(tmp_path).set(MIDNIGHT)
    assert written == ["0", str(int(MIDNIGHT.timestamp()))]


@pytest.mark.parametrize("damage", ["lost time", "no answer", "full", "not kept"])
def test_a_clock_that_cannot_be_relied_on_is_named(tmp_path: Path, damage: str) -> None:
    """A clock whose time is lost has no since_epoch to read; one that is not wired keeps no alarm."""
    clock = clock_in(tmp_path)
    changed = clock / ("since_epoch" if damage in ("lost time", "no answer") else "wakealarm")
    changed.unlink()
    if damage == "no answer":
        changed.write_text("")
    if damage in ("full", "not kept"):
        changed.symlink_to("/dev/full" if damage == "full" else "/dev/null")
    with pytest.raises(DeviceError, match="alarm of the real-time clock") as caught:
        alarm_in(tmp_path).set(MIDNIGHT)
    assert caught.value.device == "rtc0"


def test_systemd_sets_the_alarm_then_shuts_down(tmp_path: Path, orders: Path) -> None:
    """Both are done, and the order is given without waiting for it."""
    clock = clock_in(tmp_path)
    power: PowerController = SystemdPower(alarm_in(tmp_path))
    assert power.has_alarm
    power.power_off(MIDNIGHT)
    power.close()
    assert int((clock / "wakealarm").read_text()) == int(MIDNIGHT.timestamp())
    assert orders.read_text() == "poweroff --no-block\n"


def test_without_a_clock_there_is_no_alarm(tmp_path: Path, orders: Path) -> None:
    """A clock that cannot wake the machine shows no wakealarm: `has_alarm` says so, and one that is asked for fails."""
    clock = clock_in(tmp_path)
    (clock / "wakealarm").unlink()
    power = SystemdPower(alarm_in(tmp_path))
    assert not power.has_alarm
    with pytest.raises(DeviceError, match="nothing can switch the trap on"):
        power.power_off(MIDNIGHT)
    assert not orders.exists()


@pytest.mark.parametrize("how", ["refused", "missing"])
def test_a_shutdown_that_is_refused_is_told(
    tmp_path: Path, orders: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """What systemctl says on its error output is the reason."""
    if how == "refused":
        (tmp_path / "bin" / "systemctl").write_text(
            "#!/bin/sh\necho 'Interactive authentication required.' >&2\nexit 1"
        )
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match=r"authentication required|no systemctl") as caught:
        SystemdPower(None).power_off(None)
    assert (caught.value.device, caught.value.exit_status) == ("systemd", 4)


def test_a_signalled_circuit_sees_an_edge_before_the_shutdown(pins: MockFactory, orders: Path) -> None:
    """The pin is low until then, and high from before systemd is asked."""
    power = HaltPin(HaltMode.SIGNAL, 26, None)
    assert pins.pin(26).state == 0
    power.power_off(None)
    assert pins.pin(26).state == 1
    assert orders.exists()
    power.close()


def test_a_timer_gets_its_pulse_last(pins: MockFactory, orders: Path) -> None:
    """A TPL5110 cuts at the edge of DONE: what is in memory is on the card by then, and nothing is shut down."""
    order: list[str] = []
    power = HaltPin(
        HaltMode.DONE,
        26,
        None,
        wakes_itself=True,
        sync=lambda: order.append(f"sync at {pins.pin(26).state:d}"),
        wait=lambda _: order.append(f"wait at {pins.pin(26).state:d}"),
    )
    assert power.has_alarm
    power.power_off(MIDNIGHT)
    power.close()
    assert order == ["sync at 0", "wait at 1"]
    assert pins.pin(26).state in (0, None)
    assert not orders.exists()


def test_the_overlay_drives_the_pin(tmp_path: Path, orders: Path) -> None:
    """Where the kernel has it, only a shutdown is asked for; where not, nothing would cut the power, which is said."""
    driver = tmp_path / "poweroff-gpio"
    driver.mkdir()
    (driver / "module").symlink_to(tmp_path)
    with pytest.raises(DeviceError, match="gpio-poweroff is not loaded") as caught:
        HaltPin(HaltMode.OVERLAY, 26, None, overlay_driver=driver)
    assert "dtoverlay=gpio-poweroff,gpiopin=26" in caught.value.hint
    (driver / "power_ctrl").symlink_to(tmp_path)
    power = HaltPin(HaltMode.OVERLAY, None, None, overlay_driver=driver)
    power.power_off(None)
    power.close()
    assert orders.exists()


def test_a_halt_pin_with_a_clock_sets_its_alarm(pins: MockFactory, tmp_path: Path, orders: Path) -> None:
    """A DS3231 whose interrupt is wired to the circuit switches the trap on again."""
    clock = clock_in(tmp_path)
    power = HaltPin(HaltMode.SIGNAL, 26, alarm_in(tmp_path))
    assert power.has_alarm
    power.power_off(MIDNIGHT)
    power.close()
    assert int((clock / "wakealarm").read_text()) == int(MIDNIGHT.timestamp())


def test_a_halt_pin_in_use_is_named(pins: MockFactory) -> None:
    """Two devices on one pin are a fault of the wiring."""
    power = HaltPin(HaltMode.SIGNAL, 26, None)
    with pytest.raises(DeviceError, match="halt pin 26") as caught:
        HaltPin(HaltMode.SIGNAL, 26, None)
    assert "power.pin" in caught.value.hint
    power.close()


def test_a_witty_pi_wakes_by_its_own_clock(pins: MockFactory, bus: I2cBus, orders: Path) -> None:
    """Its clock shows 23:59:30 on the 23rd: 35 minutes later is on the 24th. It is told that the system was up."""
    board = bus.chips[0x08] = witty_pi()
    edges: list[int] = []
    power = WittyPiPower(
        WittyPi(wait=lambda _: None), now=lambda: NOW, wait=lambda _: edges.append(pins.pin(SYSTEM_UP_PIN).state)
    )
    power.power_off(MIDNIGHT)
    power.close()
    assert [board.registers[each] for each in (30, 29, 28, 27)] == [0x24, 0x00, 0x34, 0x30]
    assert edges == [1, 0, 1, 0]
    assert orders.read_text() == "poweroff --no-block\n"


@given(st.datetimes(*(datetime(year, 1, 1) for year in (2024, 2060))), st.integers(LEAD_S, 27 * 86400))  # noqa: DTZ001
def test_a_witty_pis_alarm_over_months_and_leap_days(shows: datetime, ahead_s: int) -> None:
    """Whatever its clock shows, the alarm is by its calendar: the day after 31 December is the first, not the 32nd."""
    with pytest.MonkeyPatch.context() as patch, i2c_bus(patch) as bus:
        board = bus.chips[0x08] = witty_pi()
        fields = (shows.second, shows.minute, shows.hour, shows.day, shows.month, shows.year - 2000)
        board.registers |= {r: int(str(v), 16) for r, v in zip((58, 59, 60, 61, 63, 64), fields, strict=True)}
        power = WittyPiPower(WittyPi(wait=lambda _: None), now=lambda: NOW)
        power.set_alarm(NOW + timedelta(seconds=ahead_s))
        power.close()
        rings = shows.replace(microsecond=0) + timedelta(seconds=ahead_s)
        assert [f"{board.registers[each]:02x}" for each in (30, 29, 28, 27)] == [
            f"{each:02d}" for each in (rings.day, rings.hour, rings.minute, rings.second)
        ]


@pytest.mark.parametrize(
    ("damage", "says"),
    [({58: 0x80}, "without power since"), ({63: 0x13}, "month must be"), ({59: 0x6B}, "no number of two digits")],
)
def test_a_witty_pi_without_the_time(bus: I2cBus, damage: dict[int, int], says: str) -> None:
    """A clock that stopped, or shows what cannot be, wakes nobody."""
    bus.chips[0x08] = witty_pi()
    bus.chips[0x08].registers |= damage
    power = WittyPiPower(WittyPi(wait=lambda _: None), now=lambda: NOW)
    with pytest.raises(DeviceError, match=says):
        power.power_off(MIDNIGHT)
    power.close()


def test_a_witty_pi_that_does_not_keep_the_alarm(pins: MockFactory, bus: I2cBus, orders: Path) -> None:
    """It is read back; without an alarm the trap goes off all the same."""
    bus.chips[0x08] = _Forgetful(witty_pi().registers)
    power = WittyPiPower(WittyPi(wait=lambda _: None), now=lambda: NOW, wait=lambda _: None)
    with pytest.raises(DeviceError, match="alarm is not set") as caught:
        power.power_off(MIDNIGHT)
    assert caught.value.device == "I2C bus 1 address 0x08"
    assert not orders.exists()
    power.power_off(None)
    assert orders.exists()
    power.close()


def test_a_witty_pis_alarm_reaches_a_month(bus: I2cBus) -> None:
    """It has no month: further ahead it would ring too early."""
    bus.chips[0x08] = witty_pi()
    power = WittyPiPower(WittyPi(wait=lambda _: None), now=lambda: NOW)
    with pytest.raises(DeviceError, match="28 days ahead"):
        power.power_off(NOW + timedelta(days=28))
    power.close()


class _Forgetful(ByteChip):
    """Writes to its alarm are lost."""

    def write(self, register: int, value: int) -> None:
        if register not in (27, 28, 29, 30):
            super().write(register, value)
