"""Pictures sealed on the card: nobody who steals it sees one, no cut loses one, and at home each is what it was."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.app.disk import Room, RoomRules, make_room
from cameratrap.app.seal_pictures import seal_pictures, unseal
from cameratrap.app.verify import Condition, verify
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import SealError, StoreError
from cameratrap.ports import Trigger
from cameratrap.store import sealed_pictures
from cameratrap.store.analyses import Analysis, ModelIdentity, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, begin_burst, pictures_of
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.media import PictureFolder
from cameratrap.store.picture_keys import PrivateKey, new_pair, read_private_key, read_public_key, seal_to
from tests.fakes import jpeg

AT = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
MODEL = ModelIdentity("m", "1", "0" * 64, 0.5)
KEY = PrivateKey(bytes(range(32)))


@dataclass
class Trap:
    """A card, and what the camera gave: path -> bytes."""

    card: Card
    taken: dict[str, bytes] = field(default_factory=dict)

    def burst(self, name: str, *, looked: bool = True) -> None:
        c = self.card.connection
        begin_burst(c, name, Trigger(name, AT, TriggerCause.PIR), boot_id="boot", clock=None)
        picture = jpeg(len(self.taken))
        saved = PictureFolder(self.card.folder).save(picture)
        add_picture(c, name, saved, position=1, of=1, captured_at=AT, source_sha256=name, source_name="")
        self.taken[saved.path] = picture
        if looked:
            answers = tuple(PictureAnswer(each, 48, 36, ()) for each in pictures_of(c, name))
            store_analysis(c, name, Analysis(answers, ()), MODEL, made_at=AT)

    def files(self) -> set[str]:
        return {path.name for path in self.card.folder.glob("DCIM/*/*")}


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with make_card(tmp_path / "card", Deployment("d", "s", 0, AT)) as card:
        made = Trap(card)
        made.burst("one")
        made.burst("two")
        made.burst("waits", looked=False)
        yield made


def test_what_was_looked_at_is_sealed_and_comes_back_byte_for_byte(trap: Trap, tmp_path: Path) -> None:
    """What nobody has looked at stays open so that it can be; nothing on the card shows the others."""
    assert seal_pictures(trap.card, KEY.public) == []
    assert trap.files() == {"CTRP0001.JPG.sealed", "CTRP0002.JPG.sealed", "CTRP0003.JPG"}
    sealed = [path.read_bytes() for path in trap.card.folder.glob("DCIM/*/*.sealed")]
    assert not any(b"\xff\xd8\xff" in box[:16] or b"Exif" in box for box in sealed)
    opened = list(unseal(trap.card.folder, KEY, tmp_path / "home"))
    assert [each.error for each in opened] == [None, None]
    for each in opened:
        assert each.picture is not None
        assert each.picture.read_bytes() == trap.taken[each.path.removesuffix(".sealed")]
    assert list(unseal(trap.card.folder, KEY, tmp_path / "home")) == opened  # again: nothing is written over
    assert seal_pictures(trap.card, KEY.public) == []


@pytest.mark.parametrize("step", ["seal_to", "write_durably", "_note", "remove_durably"])
def test_a_cut_anywhere_loses_nothing_and_is_finished_by_the_next_run(
    trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before each step: the picture is there, open or sealed; afterwards it is sealed and comes back as it was."""

    class Cut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as broken:
        broken.setattr(sealed_pictures, step, cut)
        with pytest.raises(Cut):
            seal_pictures(trap.card, KEY.public)
    assert {each.condition for each in verify(trap.card)} == {Condition.WHOLE}
    assert "CTRP0001.JPG" in trap.files()
    assert seal_pictures(trap.card, KEY.public) == []
    assert trap.files() == {"CTRP0001.JPG.sealed", "CTRP0002.JPG.sealed", "CTRP0003.JPG"}
    assert {each.condition for each in verify(trap.card)} == {Condition.WHOLE}
    for each in unseal(trap.card.folder, KEY, tmp_path / "home"):
        assert each.picture is not None
        assert each.picture.read_bytes() == trap.taken[each.path.removesuffix(".sealed")]


def test_a_card_that_cannot_be_written_leaves_them_and_says_so(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture by name; they are there, and tried again."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealed_pictures, "write_durably", full)
    failed = seal_pictures(trap.card, KEY.public)
    assert [each.path for each in failed] == ["DCIM/100CTRAP/CTRP0001.JPG", "DCIM/100CTRAP/CTRP0002.JPG"]
    assert "No space left" in str(failed[0].error)
    assert trap.files() == {"CTRP0001.JPG", "CTRP0002.JPG", "CTRP0003.JPG"}


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def _replace(path: Path) -> None:
    path.write_bytes(seal_to(KEY.public, b"what a thief put there"))


@pytest.mark.parametrize(("harm", "why"), [(_flip, "the seal is broken"), (_replace, "not what the card's index says")])
def test_what_was_changed_is_found_before_and_after_it_is_opened(
    trap: Trap, tmp_path: Path, harm: Callable[[Path], None], why: str
) -> None:
    """Rot and forgery alike; the other pictures are opened all the same."""
    seal_pictures(trap.card, KEY.public)
    harm(trap.card.folder / "DCIM/100CTRAP/CTRP0001.JPG.sealed")
    assert [each.path for each in verify(trap.card) if each.condition is Condition.DAMAGED] == [
        "DCIM/100CTRAP/CTRP0001.JPG.sealed"
    ]
    first, second = unseal(trap.card.folder, KEY, tmp_path / "home")
    assert why in str(first.error)
    assert second.error is None
    assert not (tmp_path / "home/DCIM/100CTRAP/CTRP0001.JPG").exists()


def test_the_wrong_key_opens_nothing(trap: Trap, tmp_path: Path) -> None:
    """Nor does it leave anything behind."""
    seal_pictures(trap.card, KEY.public)
    opened = list(unseal(trap.card.folder, PrivateKey(bytes(range(1, 33))), tmp_path / "home"))
    assert all(isinstance(each.error, SealError) for each in opened)
    assert len(opened) == 2
    assert not (tmp_path / "home").exists()


def test_a_full_card_drops_sealed_blanks_too(trap: Trap) -> None:
    """The picture of nothing goes, whichever way it lies there."""
    seal_pictures(trap.card, KEY.public)
    made = make_room(trap.card, RoomRules(1000), AT, lambda _: Room(0, 10_000))
    assert made.dropped == 2
    assert trap.files() == {"CTRP0003.JPG"}


def test_a_pair_of_keys_is_kept_apart(tmp_path: Path) -> None:
    """The private one for its owner alone; each is refused in the place of the other, and neither shows itself."""
    pair = new_pair(tmp_path / "p.key", tmp_path / "p.pub")
    assert stat.S_IMODE(pair.private.stat().st_mode) == 0o600
    key = read_private_key(pair.private)
    assert key.open(seal_to(read_public_key(pair.public), b"fox")) == b"fox"
    assert pair.fingerprint in repr(key)
    assert key.reveal().hex() not in repr(key)
    with pytest.raises(StoreError, match="is no public picture key: it is the other one"):
        read_public_key(pair.private)
    with pytest.raises(StoreError, match="is no private picture key"):
        read_private_key(pair.public)
    with pytest.raises(StoreError, match="there is a file"):
        new_pair(tmp_path / "p.key", tmp_path / "q.pub")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"format": 1, "key": "zz"}', b"\xff" * 10, b'{"format": "x", "key": ""}']
)
def test_a_file_that_is_no_key_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    """In words, whatever it holds."""
    (tmp_path / "k").write_bytes(content)
    for read in (read_private_key, read_public_key):
        with pytest.raises(StoreError, match="picture key"):
            read(tmp_path / "k")
        with pytest.raises(StoreError, match="there is no key"):
            read(tmp_path / "nothing")
