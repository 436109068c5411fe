"""A second reader of wire version 1, written from the specification alone: no code is shared but tables of numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cameratrap.wire.priors import PRIORS

EFFORT = ("hours_armed", "hours_armed_night", "triggers", "blank", "suppressed")
HEALTH = (
    "battery_v",
    "temperature_min_c",
    "temperature_max_c",
    "disk_free_pct",
    "restarts",
    "clock",
    "faults",
)
Row = tuple[int, int, int]  # events, individuals, taxa


class PlainReader:
    """Reads one message that is not sealed, without any check."""

    def __init__(self, message: bytes) -> None:
        self.following = iter(message[3:])
        self.width = 2**32
        self.offset = 0
        for _ in range(4):
            self.offset = self.offset * 256 + next(self.following, 0)
        self.pairs: dict[tuple[str, int, int], list[int]] = {}

    def piece(self, start: int, size: int, total: int) -> None:
        share = self.width // total
        self.offset -= share * start
        self.width = self.width - share * start if start + size == total else share * size
        while self.width < 2**24:
            self.width *= 256
            self.offset = self.offset * 256 + next(self.following, 0)

    def of_shares(self, shares: dict[int, int]) -> int:
        total, start = sum(shares.values()), 0
        point = min(self.offset // (self.width // total), total - 1)
        for number, size in shares.items():
            if point < start + size:
                self.piece(start, size, total)
                return number
            start += size
        raise AssertionError("a point lies within the shares")

    def even(self, total: int) -> int:
        number = min(self.offset // (self.width // total), total - 1)
        self.piece(number, 1, total)
        return number

    def bit(self, name: str, place: int = 0, owner: int = 0) -> int:
        row = PRIORS.contexts[name]
        place = min(place, len(row) - 1)
        pair = self.pairs.setdefault((name, place, owner), list(row[place]))
        outcome = self.of_shares({0: pair[0], 1: pair[1]})
        pair[outcome] += 32
        if sum(pair) > 4096:
            pair[:] = [(count + 1) // 2 for count in pair]
        return outcome

    def number(self, name: str, order: int = 0) -> int:
        ones = 0
        while self.bit(name, ones):
            ones += 1
        shifted = 1
        for digit in range(ones + order):
            shifted = 2 * shifted + (self.bit(name + " top", ones) if digit == 0 else self.even(2))
        return shifted - 2**order

    def signed(self, name: str, order: int = 0) -> int:
        folded = self.number(name, order)
        return -(folded // 2) - 1 if folded % 2 else folded // 2

    def message(self) -> dict[str, Any]:
        kind = self.of_shares({0: 56, 1: 4, 2: 1, 3: 1, 4: 1, 5: 1})
        return self.alert() if kind else self.summary()

    def alert(self) -> dict[str, Any]:
        day, minute = self.day(), self.even(1440)
        sequence, code = self.number("alert sequence", 3), self.taxon(0, ())
        individuals = self.number("alert individuals") + 1
        score = self.even(101) / 100 if self.bit("alert score") else None
        at = f"{day}T{minute // 60:02}:{minute % 60:02}"
        return {"at": at, "sequence": sequence, "code": code, "individuals": individuals, "score": score}

    def day(self) -> date:
        if self.bit("day"):
            return date(2006, 1, 1) + timedelta(days=self.even(16384))
        return date(2000, 1, 1) + timedelta(days=self.even(2**15))

    def summary(self) -> dict[str, Any]:
        part = None
        if self.bit("partial"):
            before = self.number("part")
            part = [before + 1, before + 1 + self.number("part")]
        self.rows: dict[int, Row] = {}
        self.last: set[int] = set()
        self.any_place = 0
        day, sequence = self.day(), self.number("sequence", 5)
        tallies = self.tallies()
        self.events = sum(events for events, _, _ in tallies.values())
        effort = self.group("effort", EFFORT, self.effort_field)
        health = self.group("health", HEALTH, self.health_field)
        commands = [(self.even(65536) or None, self.even(16)) for _ in range(self.number("commands"))]
        self.reference = (120, 240)
        self.note_hours(effort["hours_armed"], effort["hours_armed_night"])
        earlier = []
        before_day, before_sequence = day, sequence
        while self.bit("earlier"):
            before_day -= timedelta(days=1 + self.number("gap"))
            before_sequence -= 1 + self.signed("earlier sequence")
            armed, night = self.hours()
            earlier.append((before_day, before_sequence, armed, night, self.tallies()))
        return {
            "day": day, "sequence": sequence, "part": part, "tallies": tallies, "effort": effort, "health": health,
            "commands": commands, "earlier": earlier,
        }  # fmt: skip

    def group(self, name: str, fields: tuple[str, ...], field: Any) -> dict[str, Any]:
        every = self.bit(name, 0)
        carried = [each for each in fields if every or self.bit(name, 1)]
        values: dict[str, Any] = dict.fromkeys(fields)
        for each in carried:
            values[each] = field(each, values)
        return values

    def effort_field(self, name: str, so_far: dict[str, Any]) -> int:
        armed, triggers = so_far["hours_armed"], so_far["triggers"]
        match name:
            case "hours_armed":
                return 240 if self.bit("armed") else self.even(241)
            case "hours_armed_night":
                return ((240 if armed is None else armed) + 1) // 2 + self.signed("night", 5)
            case "triggers":
                return self.number("triggers", 3)
            case "blank":
                return max(0, (triggers or 0) - self.events) + self.signed("blank")
            case _:
                return self.number("suppressed")

    def health_field(self, name: str, so_far: dict[str, Any]) -> Any:
        coldest = so_far["temperature_min_c"]
        match name:
            case "battery_v":
                return 250 + self.signed("battery", 4)
            case "temperature_min_c":
                return 8 + self.signed("coldest", 4)
            case "temperature_max_c":
                return (8 if coldest is None else coldest) + 9 + self.signed("warmest", 3)
            case "disk_free_pct":
                return self.even(101)
            case "faults":
                return sum(self.bit("faults each") << bit for bit in range(16)) if self.bit("faults") else 0
            case _:
                return self.number(name)

    def note_hours(self, armed: int | None, night: int | None) -> None:
        if armed is not None and night is not None and armed >= 120:
            self.reference = (night, armed)

    def hours(self) -> tuple[int | None, int | None]:
        has_armed, has_night = self.bit("earlier hours", 0), self.bit("earlier hours", 1)
        armed = night = None
        if has_armed:
            armed = 240 if self.bit("earlier armed") else self.even(241)
        if has_night:
            n, a = self.reference
            night = (2 * (240 if armed is None else armed) * n + a) // (2 * a) + self.signed("earlier night")
        self.note_hours(armed, night)
        return armed, night

    def tallies(self) -> dict[int, Row]:
        today: dict[int, Row] = {}
        if self.bit("any", self.any_place):
            old = list(self.rows)
            for code in old:
                if self.bit("again", int(code in self.last), code):
                    today[code] = self.counts(code)
            self.new_taxa(today, old)
        self.rows |= today
        self.last = set(today) or self.last
        self.any_place = 2 if today else 1
        return dict(sorted(today.items()))

    def new_taxa(self, today: dict[int, Row], old: list[int]) -> None:
        place = 3 if len(old) > 3 else (0, 1, 2, 2)[len(old)]
        code = -1
        certain = not today
        while certain or self.bit("new", place + (4 if code >= 0 else 0)):
            certain = False
            code = self.taxon(code, old)
            today[code] = self.counts(code)

    def taxon(self, after: int, used: Any) -> int:
        return self.of_shares({code: PRIORS.taxa[code] for code in range(after + 1, 4096) if code not in used})

    def counts(self, code: int) -> Row:
        last_events, last_individuals, _ = self.rows.get(code, (0, 0, 0))
        beyond = last_individuals - last_events
        like = 0 if not last_events else 1 if last_events == 1 else 2 if last_events <= 3 else 3
        events = 1 + self.number(f"events {like}")
        like = 0 if not last_events else 1 if beyond == 0 else 2 if beyond <= 2 else 3
        individuals = events + self.number(f"extra {2 * like + (events > 1)}")
        return events, individuals, 1 + self.number("taxa", 2) if code == 0 else 0
