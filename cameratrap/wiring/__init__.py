"""The one place that picks what stands behind each port: a driver for hardware, or a replay from files.

A device that is missing is an error that names it. Nothing here falls back to a replay by itself. What each function
needs it imports itself, so that a process that only sends loads neither the taxa nor the message's code.
"""

from cameratrap.wiring.battery import activity_watts, battery_policy, open_gauge, open_power_watch
from cameratrap.wiring.camera import burst_profile, open_camera
from cameratrap.wiring.card import card_keeper, open_seal, picture_key, room_rules
from cameratrap.wiring.check import check_all, check_wiring
from cameratrap.wiring.clock import clock_basis
from cameratrap.wiring.closing import alert_rules, closing_rules, event_rules
from cameratrap.wiring.detection import look_settings, open_detector
from cameratrap.wiring.link import open_link, power_figures
from cameratrap.wiring.switching import open_power_controller
from cameratrap.wiring.triggers import open_schedule, open_throttle, open_triggers

__all__ = [
    "activity_watts",
    "alert_rules",
    "battery_policy",
    "burst_profile",
    "card_keeper",
    "check_all",
    "check_wiring",
    "clock_basis",
    "closing_rules",
    "event_rules",
    "look_settings",
    "open_camera",
    "open_detector",
    "open_gauge",
    "open_link",
    "open_power_controller",
    "open_power_watch",
    "open_schedule",
    "open_seal",
    "open_throttle",
    "open_triggers",
    "picture_key",
    "power_figures",
    "room_rules",
]
