"""The same facts in other encodings: JSON, CBOR, MessagePack, Protocol Buffers, and a record of fixed width.

Every one is given what the message carries after rounding, as whole numbers (hours in tenths, volts in twentieths, days
since 2000, taxa as wire codes), since all of them store those in fewer bytes than fractions or names.
"""

from __future__ import annotations

import functools
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import cbor2
import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from cameratrap.app.summary_json import summary_to_json
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import FAULTS, ClockQuality, DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.wire.layout import EPOCH

Facts = dict[str, Any]
Encoding = Callable[[Facts], bytes]

CLOCKS = [quality.value for quality in ClockQuality]
# day, sequence, hours armed and at night, triggers, blank, suppressed, volts, coldest, warmest, card, restarts, clock,
# faults, how many taxa; then for each its code, events and individuals. One bit more a field would be needed to leave
# any of them out; it is not counted.
FIXED = struct.Struct(">HH BB HHH H bb B B B B B")
FIXED_TALLY = struct.Struct(">HBB")

EFFORT = ("hours_armed", "hours_armed_night", "triggers", "blank", "suppressed")
HEALTH = ("battery_v", "temperature_min_c", "temperature_max_c", "disk_free_pct", "restarts", "clock", "faults")
SIGNED = frozenset({"temperature_min_c", "temperature_max_c"})


def facts_of(summary: DailySummary, taxa: TaxaTable) -> Facts:
    """A rounded summary as every encoding gets it; groups of which nothing is carried are left out."""
    named = summary_to_json(summary)
    facts: Facts = {"day": (summary.day - EPOCH).days, "sequence": summary.sequence}
    facts["tallies"] = [
        {"taxon": taxa.code_for_name(each["taxon"]), "events": each["events"], "individuals": each["individuals"]}
        for each in named["tallies"]
    ]
    if summary.effort != Effort():
        effort = {key: named["effort"][key] for key in EFFORT}
        facts["effort"] = effort | {key: round(effort[key] * 10) for key in EFFORT[:2]}
        health = {key: named["health"][key] for key in HEALTH}
        facts["health"] = health | {"battery_v": round(health["battery_v"] * 20)}
    return facts


def _unnamed(facts: Facts) -> list[Any]:
    """The same facts as arrays in a fixed order, which the receiver has to know."""
    groups = [list(facts[group].values()) for group in ("effort", "health") if group in facts]
    tallies = [[each["taxon"], each["events"], each["individuals"]] for each in facts["tallies"]]
    return [facts["day"], facts["sequence"], *groups, tallies]


def _json_zlib(value: object) -> bytes:
    """Compact JSON, deflated without a header where that is shorter."""
    text = json.dumps(value, separators=(",", ":")).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return min(text, deflate.compress(text) + deflate.flush(), key=len)


def _fault_bits(facts: Facts) -> int:
    return sum(1 << FAULTS.index(name) for name in facts["health"]["faults"])


def fixed_width(facts: Facts) -> bytes:
    """Every field in as many bytes as its largest value of these studies needs; 19 and 4 a taxon."""
    tallies = b"".join(FIXED_TALLY.pack(*each.values()) for each in facts["tallies"])
    if "effort" not in facts:
        return struct.pack(">HB", facts["day"], len(facts["tallies"])) + tallies
    effort, health = list(facts["effort"].values()), list(facts["health"].values())
    clock = CLOCKS.index(health[5])
    values = (*effort, *health[:5], clock, _fault_bits(facts), len(facts["tallies"]))
    return FIXED.pack(facts["day"], facts["sequence"], *values) + tallies


@functools.cache
def _protobuf_message() -> type[Any]:
    """proto3 as somebody who cares for bytes would write it; built here, so that no compiler is needed.

    Numbers are varints, signed ones zigzag; tallies are three packed columns, which is shorter than a message each;
    everything has a field number below 16, whose key takes one byte.
    """
    numbers, signed = FieldDescriptorProto.TYPE_UINT32, FieldDescriptorProto.TYPE_SINT32
    file = descriptor_pb2.FileDescriptorProto(name="day.proto", package="bench", syntax="proto3")
    day = file.message_type.add(name="Day")
    scalars = ("day", "sequence", *EFFORT, *HEALTH)
    for number, name in enumerate(scalars, start=1):
        kind = signed if name in SIGNED else numbers
        day.field.add(name=name, number=number, type=kind, label=FieldDescriptorProto.LABEL_OPTIONAL)
    tally = day.nested_type.add(name="Tallies")
    for number, name in enumerate(("taxon", "events", "individuals"), start=1):
        tally.field.add(name=name, number=number, type=numbers, label=FieldDescriptorProto.LABEL_REPEATED)
    day.field.add(
        name="tallies", number=len(scalars) + 1, type=FieldDescriptorProto.TYPE_MESSAGE, type_name=".bench.Day.Tallies",
        label=FieldDescriptorProto.LABEL_OPTIONAL,
    )  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    message: type[Any] = message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Day"))
    return message


def protobuf(facts: Facts) -> bytes:
    """A Protocol Buffers message. What is 0 takes no byte, as in proto3."""
    values = {"day": facts["day"], "sequence": facts["sequence"]}
    if "effort" in facts:
        health = facts["health"]
        values |= facts["effort"] | health | {"clock": CLOCKS.index(health["clock"]), "faults": _fault_bits(facts)}
    message = _protobuf_message()(**values)
    for each in facts["tallies"]:
        for name, value in each.items():
            getattr(message.tallies, name).append(value)
    return bytes(message.SerializeToString())


ENCODINGS: dict[str, Encoding] = {
    "JSON + zlib, named": _json_zlib,
    "JSON + zlib, arrays": lambda facts: _json_zlib(_unnamed(facts)),
    "CBOR, named": cbor2.dumps,
    "CBOR, arrays": lambda facts: cbor2.dumps(_unnamed(facts)),
    "MessagePack, named": msgpack.packb,
    "MessagePack, arrays": lambda facts: msgpack.packb(_unnamed(facts)),
    "Protocol Buffers": protobuf,
    "fixed width": fixed_width,
}
