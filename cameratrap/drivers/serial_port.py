"""A serial line through pyserial.

This file alone knows pyserial, and which of the system's errors means what to do. It does not know what is said on
the line, and it does not decide how long to wait: every wait is the caller's.
"""

from __future__ import annotations

import errno
import select

import serial

from cameratrap.errors import DeviceError

WRITE_TIMEOUT_S = 10.0  # 340 bytes take 0.2 s at 19200 baud: a write that lasts longer is not going to end
READ_BYTES = 4096

_HINTS = {
    errno.ENOENT: "is the modem plugged in? `ls /dev/serial/by-id /dev/serial0` shows what there is; "
    "modem.port in the configuration, or --port, names it",
    errno.EACCES: "let this user use serial ports: `sudo usermod -aG dialout $USER`, then log in again",
    errno.EAGAIN: "another program has it open: stop it (`fuser -v PORT` names it), then try again",
}


class SerialPort:
    """One open serial line, 8 data bits, no parity, 1 stop bit, no flow control. It is held exclusively.

    Raises DeviceError when the port is missing, not allowed or in use.
    """

    def __init__(self, port: str, *, baud: int = 19200) -> None:
        self.port = port
        try:
            # timeout=0: waiting is done by `select`, since setting pyserial's timeout reconfigures the port each time.
            self._serial = serial.Serial(port, baudrate=baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
        except (OSError, ValueError) as error:
            raise _cannot_open(port, error) from error

    def write(self, data: bytes) -> None:
        """Write everything, or raise DeviceError."""
        try:
            self._serial.write(data)
        except (OSError, serial.SerialException) as error:
            raise self._gone(error) from error

    def read(self, timeout_s: float) -> bytes:
        """Whatever has arrived, or b"" when ``timeout_s`` passed. Raises DeviceError when the line is gone."""
        try:
            ready, _, _ = select.select([self._serial.fileno()], [], [], max(0.0, timeout_s))
            return bytes(self._serial.read(READ_BYTES)) if ready else b""
        except (OSError, ValueError, TypeError, serial.SerialException) as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Give the port back. Closing twice is harmless."""
        self._serial.close()

    def _gone(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"the serial port {self.port} is gone",
            device=self.port,
            why=str(error),
            hint="check the cable and the modem's supply",
        )


def _cannot_open(port: str, error: Exception) -> DeviceError:
    number = getattr(error, "errno", None) or getattr(error.__context__, "errno", None)
    return DeviceError(
        f"the serial port {port} cannot be opened",
        device=port,
        why=str(error),
        hint=_HINTS.get(number or 0, "modem.port in the configuration, or --port, names the port"),
    )
