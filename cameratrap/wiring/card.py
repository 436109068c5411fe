"""The card: the room on it, and the keys that seal what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cameratrap.app.card_keeper import CardKeeper
    from cameratrap.app.disk import RoomRules
    from cameratrap.config import Config
    from cameratrap.ports import Clock
    from cameratrap.store.card import Card
    from cameratrap.wire.envelope import Opener, Sealer


def open_seal(config: Config, card: Card) -> tuple[Sealer | None, Opener | None]:
    """What seals a card's messages and opens them again; None without a key. Raises StoreError."""
    from cameratrap.store.keys import key_of_trap
    from cameratrap.store.seal_counter import SealCounter
    from cameratrap.wire.seal import CcmOpener, CcmSealer

    key = key_of_trap(config.seal.key_file, card.folder)
    if key is None:
        return None, None
    return CcmSealer(key.key, SealCounter(key, card.connection).take), CcmOpener([key.key])


def room_rules(config: Config) -> RoomRules:
    """How much pictures leave free on the card, and what goes when it is full."""
    from cameratrap.app.disk import RoomRules
    from cameratrap.config.card import OnFull

    section = config.card
    drops = section.on_full is OnFull.DROP_BLANKS
    return RoomRules(section.min_free_mb * 1_000_000, section.warn_free_pct, drops_blanks=drops)


def picture_key(config: Config) -> bytes | None:
    """The public key that pictures are sealed to; None where they stay open. Raises StoreError."""
    from pathlib import Path

    from cameratrap.store.picture_keys import read_public_key

    named = config.card.seal_pictures_to
    return read_public_key(Path(named).expanduser()) if named else None


def card_keeper(config: Config, card: Card, clock: Clock, *, minds_room: bool = True) -> CardKeeper:
    """What treats, seals and makes room between two bursts; it tells of a picture key that cannot be read."""
    from cameratrap.app.card_keeper import CardKeeper
    from cameratrap.app.disk import RoomRules
    from cameratrap.errors import StoreError

    key: bytes | StoreError | None
    try:
        key = picture_key(config)
    except StoreError as error:
        key = error
    rules = room_rules(config) if minds_room else RoomRules(0, 0, drops_blanks=False)
    return CardKeeper(card, clock, rules, picture_key=key)
