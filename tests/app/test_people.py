"""People and vehicles on the card: always counted, and kept, blurred or removed as the policy says."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cameratrap.app import treat
from cameratrap.app.close_day import Closing
from cameratrap.app.fold import Rules, fold
from cameratrap.app.look import LookSettings
from cameratrap.app.sweep import sweep
from cameratrap.app.treat import TreatmentFailed
from cameratrap.app.watch import BurstReport, Outcome, Watch, WatchReport
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.events import independent_events
from cameratrap.domain.policy import PeoplePolicy, Treatment
from cameratrap.domain.tallies import Tally
from cameratrap.errors import ImageError
from cameratrap.ports import Detector
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.folder import FolderReplay, TimedPicture
from cameratrap.resources import builtin_taxa
from cameratrap.store.analyses import stored_boxes
from cameratrap.store.bursts import all_pictures, trigger_keys
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.exif import read_tags
from cameratrap.store.media import pictures, sha256_of
from cameratrap.store.observations import sightings
from tests.fakes import FrameDetector, jpeg
from tests.power_cuts import PowerCut, cut_at

ZONE = timezone(timedelta(hours=1))
FOX, PERSON = "Vulpes vulpes", "Homo sapiens"
DAY = date(2026, 6, 1)
SIZE = (160, 120)
LEFT, RIGHT, LOW = BBox(0.1, 0.1, 0.2, 0.5), BBox(0.6, 0.2, 0.3, 0.3), BBox(0.3, 0.7, 0.2, 0.2)
KEEP, BLUR, COUNT, DISCARD = Treatment


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-01T{clock}").replace(tzinfo=ZONE)


def found(taxon: str, box: BBox, score: float = 0.9) -> Detection:
    return Detection(taxon, taxon, score, box)


def shows(*detections: Detection, doubtful: tuple[Detection, ...] = ()) -> DetectedFrame:
    return DetectedFrame(*SIZE, detections, doubtful)


# A walker with a fox somewhere, a fox with perhaps a person; a fox alone; two walkers, then a car.
STORY: Mapping[str, tuple[datetime, DetectedFrame]] = {
    "1.jpg": (at("05:00:00"), shows(found(PERSON, LEFT))),
    "2.jpg": (at("05:00:01"), shows(found(PERSON, LEFT), found(FOX, RIGHT))),
    "3.jpg": (at("05:00:02"), shows(found(FOX, RIGHT), doubtful=(found(PERSON, LOW, 0.3),))),
    "4.jpg": (at("06:00:00"), shows(found(FOX, LEFT))),
    "5.jpg": (at("07:00:00"), shows(found(PERSON, LEFT), found(PERSON, RIGHT))),
    "6.jpg": (at("08:00:00"), shows(found("vehicle", RIGHT))),
}
TALLIES = (Tally(PERSON, 2, 3), Tally(FOX, 2, 2), Tally("vehicle", 1, 1))
BLURRED = {"1.jpg": [LEFT], "2.jpg": [LEFT], "3.jpg": [LOW], "5.jpg": [LEFT, RIGHT]}


@pytest.fixture
def story(tmp_path: Path) -> Path:
    folder = tmp_path / "story"
    folder.mkdir()
    for seed, name in enumerate(STORY):
        (folder / name).write_bytes(jpeg(seed, width=SIZE[0], height=SIZE[1]))
    return folder


@dataclass
class Played:
    """One run and what it told."""

    report: WatchReport
    told: list[Outcome]
    detector: Detector

    @property
    def untreated(self) -> list[TreatmentFailed]:
        return [each for each in self.told if isinstance(each, TreatmentFailed)]


def play(
    story: Path,
    card_folder: Path,
    person: Treatment = KEEP,
    *,
    names: tuple[str, ...] = tuple(STORY),
    detector: Detector | None = None,
) -> Played:
    shots = [TimedPicture(story / n, n, STORY[n][0], sha256_of((story / n).read_bytes())) for n in names]
    model = detector or FrameDetector({name: frame for name, (_, frame) in STORY.items()})
    policy = PeoplePolicy(person=person)
    told: list[Outcome] = []
    with make_card(card_folder, Deployment("ridge_20260601", "ridge", 60, at("05:00:00"))) as card:
        sweep(card, keep_partial=not policy.changes_pictures)
        clock = ReplayClock(at("00:00:00"))
        player = FolderReplay(shots, clock, trigger_keys(card.connection))
        settings = LookSettings(policy=policy)
        trap = Watch(card, player, model, clock, boot_id="replay", serial="replay", settings=settings)
        report = trap.run(player, Closing(Rules(), builtin_taxa()), tell=told.append, ended=True)
    return Played(report, told, model)


def open_again(card_folder: Path):
    return make_card(card_folder, Deployment("ridge_20260601", "ridge", 60, at("05:00:00")))


def on_card(card_folder: Path) -> dict[str, bytes]:
    """The pictures that are there, by the name they had before."""
    with open_again(card_folder) as card:
        names = {picture.path: picture.source_name for picture in all_pictures(card.connection)}
    return {names[path]: (card_folder / path).read_bytes() for path in pictures(card_folder)}


def media_table(card_folder: Path) -> dict[str, dict[str, str]]:
    with (card_folder / "media.csv").open(encoding="utf-8") as file:
        return {row["original_name"]: row for row in csv.DictReader(file)}


def state(card_folder: Path) -> dict[str, object]:
    """All that a user can see of a card, without the numbers and paths that depend on the way there."""
    with open_again(card_folder) as card:
        folded = fold(card, Rules())
        known = all_pictures(card.connection)
        boxes = {burst: stored_boxes(card.connection, burst) for burst in {picture.burst for picture in known}}
        counts = [
            (event.taxon, event.start, event.end, event.count, event.count_low, event.count_high, len(event.bursts))
            for event in independent_events(sightings(card.connection, card.deployment.deployment))
        ]
        found = {
            each.source_name: (
                each.treatment,
                each.outcome,
                each.sha256,
                each.sha256_now,
                boxes[each.burst].get(each.id),
            )
            for each in known
        }
    table = {name: {**row, "path": ""} for name, row in media_table(card_folder).items()}
    return {
        "tallies": folded.tallies,
        "effort": folded.effort,
        "counts": counts,
        "found": found,
        "table": table,
        "files": {name: sha256_of(data) for name, data in on_card(card_folder).items()},
        "strays": [path.name for path in card_folder.rglob("*.part")],
    }


def pixels(data: bytes) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image, dtype=np.int16)


@pytest.mark.parametrize("policy", Treatment)
def test_the_counts_are_the_same_whatever_becomes_of_the_pictures(
    story: Path, tmp_path: Path, policy: Treatment
) -> None:
    """People are tallied apart under every policy, and the animals that were with them as if nobody had been there."""
    played = play(story, tmp_path / "card", policy)
    assert played.report.failures == 0
    with open_again(tmp_path / "card") as card:
        folded = fold(card, Rules())
    assert folded.tallies == {DAY: TALLIES}
    assert (folded.effort[DAY].triggers, folded.effort[DAY].blank) == (4, 0)


@pytest.mark.parametrize("policy", Treatment)
def test_every_kept_picture_is_searched(story: Path, tmp_path: Path, policy: Treatment) -> None:
    """Not only until the first animal or person is found."""
    played = play(story, tmp_path / "card", policy)
    assert isinstance(played.detector, FrameDetector)
    assert played.detector.asked == list(STORY)


def test_by_default_every_picture_stays_as_it_is(story: Path, tmp_path: Path) -> None:
    play(story, tmp_path / "card")
    assert on_card(tmp_path / "card").keys() == STORY.keys()
    assert {row["people_policy"] for row in media_table(tmp_path / "card").values()} == {""}


def test_blurred_people_are_unrecognisable_and_all_else_stays(story: Path, tmp_path: Path) -> None:
    """Doubtful people too. The picture keeps its tags; the table says what was done and what the file now is."""
    play(story, tmp_path / "kept")
    play(story, tmp_path / "card", BLUR)
    before, after, table = on_card(tmp_path / "kept"), on_card(tmp_path / "card"), media_table(tmp_path / "card")
    assert after.keys() == STORY.keys()
    for name, data in after.items():
        assert table[name]["people_policy"] == ("blurred" if name in BLURRED else "")
        assert table[name]["sha256"] == sha256_of(data)
        assert read_tags(data) == read_tags(before[name])
        if name not in BLURRED:
            assert data == before[name]
        for box in BLURRED.get(name, []):
            rows = slice(int(box.y * SIZE[1]), int((box.y + box.height) * SIZE[1]))
            columns = slice(int(box.x * SIZE[0]), int((box.x + box.width) * SIZE[0]))
            sharp, blurred = (pixels(each)[rows, columns].std() for each in (before[name], data))
            assert blurred < sharp / 2
    with open_again(tmp_path / "card") as card:
        taken = {picture.source_name: picture.sha256 for picture in all_pictures(card.connection)}
    assert taken == {name: sha256_of(data) for name, data in before.items()}, "what was photographed stays on record"


def test_where_only_the_count_is_kept_the_picture_goes_and_its_row_stays(story: Path, tmp_path: Path) -> None:
    """A picture with a person is removed; one with a doubtful one is blurred; times, boxes and counts are there."""
    play(story, tmp_path / "card", COUNT)
    assert set(on_card(tmp_path / "card")) == {"3.jpg", "4.jpg", "6.jpg"}
    table = media_table(tmp_path / "card")
    assert {name: row["people_policy"] for name, row in table.items()} == {
        "1.jpg": "removed", "2.jpg": "removed", "3.jpg": "blurred", "4.jpg": "", "5.jpg": "removed", "6.jpg": "",
    }  # fmt: skip
    assert (table["2.jpg"]["counts"], table["2.jpg"]["sha256"]) == (f"{PERSON}=1|{FOX}=1", "")
    assert table["5.jpg"]["timestamp"] == at("07:00:00").isoformat()
    with open_again(tmp_path / "card") as card:
        paths = {each.path for each in all_pictures(card.connection) if not each.is_removed}
        assert card.connection.execute("SELECT COUNT(*) FROM detections").fetchone()[0] == 9
    assert paths == set(pictures(tmp_path / "card")), "no table names a file that is gone"


def test_a_discarded_burst_leaves_nothing_but_its_counts(story: Path, tmp_path: Path) -> None:
    """All pictures of the burst go, and every box; what is left is when it was and how many."""
    play(story, tmp_path / "card", DISCARD)
    assert set(on_card(tmp_path / "card")) == {"4.jpg", "6.jpg"}
    assert set(media_table(tmp_path / "card")) == {"4.jpg", "6.jpg"}
    with open_again(tmp_path / "card") as card:
        rows = card.connection.execute("SELECT taxon, COUNT(*) AS n FROM detections GROUP BY taxon")
        assert {row["taxon"]: row["n"] for row in rows} == {FOX: 1, "vehicle": 1}


def test_vehicles_have_a_policy_of_their_own(story: Path, tmp_path: Path) -> None:
    play(story, tmp_path / "card", BLUR)
    assert media_table(tmp_path / "card")["6.jpg"]["people_policy"] == ""


@pytest.mark.parametrize("policy", Treatment)
def test_playing_again_brings_nothing_back(story: Path, tmp_path: Path, policy: Treatment) -> None:
    """Neither the pictures that were removed nor what was blurred, also when the policy is no longer as strict."""
    play(story, tmp_path / "card", policy)
    before = state(tmp_path / "card")
    assert play(story, tmp_path / "card", policy).report.pictures == 0
    assert play(story, tmp_path / "card", KEEP).report.pictures == 0
    assert state(tmp_path / "card") == before


@pytest.mark.parametrize("policy", Treatment)
@pytest.mark.parametrize("first", [("1.jpg",), ("2.jpg",), ("1.jpg", "3.jpg")])
def test_a_burst_that_grows_ends_as_if_all_had_been_there(
    story: Path, tmp_path: Path, policy: Treatment, first: tuple[str, ...]
) -> None:
    """Pictures that were treated before the others came are counted as they were found."""
    play(story, tmp_path / "whole", policy)
    play(story, tmp_path / "grown", policy, names=first)
    play(story, tmp_path / "grown", policy)
    whole, grown = state(tmp_path / "whole"), state(tmp_path / "grown")
    assert grown["tallies"] == whole["tallies"]
    assert grown["counts"] == whole["counts"]
    shown = [{name: pixels(data).tobytes() for name, data in on_card(tmp_path / c).items()} for c in ("whole", "grown")]
    assert shown[0] == shown[1]
    # A picture's place in the burst is told as it was known when the picture was taken in.
    known = ("timestamp", "trigger", "status", "counts", "people_policy")
    tables = [media_table(tmp_path / c) for c in ("whole", "grown")]
    assert [[row[key] for key in known] for row in tables[0].values()] == [
        [row[key] for key in known] for row in tables[1].values()
    ]


@pytest.mark.parametrize(
    "policy", [pytest.param(BLUR, marks=pytest.mark.slow), COUNT, pytest.param(DISCARD, marks=pytest.mark.slow)]
)
def test_a_power_cut_at_any_step_leaves_nobody_behind(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Treatment
) -> None:
    """Cut before each durable step in turn, then started again: the same card, every treatment done, once."""
    names = ("2.jpg", "3.jpg")  # under `count` one is removed and one blurred
    play(story, tmp_path / "whole", policy, names=names)
    whole = state(tmp_path / "whole")
    for cuts in range(10_000):
        with monkeypatch.context() as patch:
            cut_at(cuts + 1, patch)
            try:
                play(story, tmp_path / f"cut-{cuts}", policy, names=names)
            except PowerCut:
                pass
            else:
                break
        play(story, tmp_path / f"cut-{cuts}", policy, names=names)
        now = state(tmp_path / f"cut-{cuts}")
        assert now == whole, f"cut before step {cuts}"
    assert cuts > 40


def test_a_picture_that_could_not_be_searched_is_named(story: Path, tmp_path: Path) -> None:
    """Under a policy that keeps not everything it may show what must not stay: said at once, and in the table."""
    broken = FrameDetector({**{name: frame for name, (_, frame) in STORY.items()}, "4.jpg": None})
    played = play(story, tmp_path / "card", BLUR, detector=broken)
    (failure,) = [each for each in played.told if isinstance(each, BurstReport) and each.error]
    assert "not searched for people" in str(failure.error)
    table = media_table(tmp_path / "card")
    assert (table["4.jpg"]["people_policy"], table["4.jpg"]["status"]) == ("not searched", "failed")


def test_a_picture_that_cannot_be_blurred_is_removed(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a detector could decode and nothing can encode again still shows the person."""

    def damaged(*_: object) -> bytes:
        raise ImageError("the picture cannot be redacted")

    monkeypatch.setattr(treat, "redacted", damaged)
    assert play(story, tmp_path / "card", BLUR).report.failures == 0
    assert set(on_card(tmp_path / "card")) == {"4.jpg", "6.jpg"}
    assert media_table(tmp_path / "card")["1.jpg"]["people_policy"] == "removed"


@pytest.mark.parametrize("policy", [BLUR, COUNT, DISCARD])
def test_what_cannot_be_done_now_is_named_until_it_is(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Treatment
) -> None:
    """A card that cannot be written for a while: each start says so, and the first that can does it."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(treat, "write_durably", full)
        patch.setattr(treat, "remove_durably", full)
        first = play(story, tmp_path / "card", policy)
        again = play(story, tmp_path / "card", policy)
    assert "No space left" in str(first.untreated[0].error)
    assert first.report.failures > 0
    assert {each.path for each in again.untreated} == {each.path for each in first.untreated}
    if policy is not DISCARD:
        assert media_table(tmp_path / "card")["1.jpg"]["people_policy"] == f"{policy} not done yet"
    assert play(story, tmp_path / "card", policy).untreated == []
    play(story, tmp_path / "whole", policy)
    assert state(tmp_path / "card") == state(tmp_path / "whole")


def test_a_picture_that_somebody_took_away_is_not_missed(story: Path, tmp_path: Path) -> None:
    """Gone before it could be blurred: there is nothing left to do, and nothing fails for ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(treat, "write_durably", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        play(story, tmp_path / "card", BLUR)
    for path in pictures(tmp_path / "card"):
        (tmp_path / "card" / path).unlink()
    assert play(story, tmp_path / "card", BLUR).untreated == []
    assert media_table(tmp_path / "card")["1.jpg"]["people_policy"] == "removed"


def test_a_stricter_policy_holds_for_a_burst_that_is_looked_at_again(story: Path, tmp_path: Path) -> None:
    """What was blurred is removed then; what is looked at no more stays as it was left."""
    play(story, tmp_path / "card", BLUR, names=("1.jpg", "5.jpg"))
    play(story, tmp_path / "card", COUNT)
    table = media_table(tmp_path / "card")
    assert [table[name]["people_policy"] for name in ("1.jpg", "2.jpg", "5.jpg")] == ["removed", "removed", "blurred"]
    with open_again(tmp_path / "card") as card:
        rows = card.connection.execute("SELECT treatment, outcome FROM treatments WHERE media = 1 ORDER BY id")
        assert [tuple(row) for row in rows] == [("blur", "blurred"), ("count", "removed")], "nothing is overwritten"
        assert fold(card, Rules()).tallies == {DAY: TALLIES}


def test_names_of_removed_pictures_are_not_given_again(story: Path, tmp_path: Path) -> None:
    play(story, tmp_path / "card", COUNT, names=("5.jpg",))
    play(story, tmp_path / "card", COUNT, names=("6.jpg",))
    assert pictures(tmp_path / "card") == ["DCIM/100CTRAP/CTRP0002.JPG"]


@pytest.mark.parametrize("policy", [KEEP, BLUR])
def test_half_a_picture_is_kept_only_where_people_may_be(story: Path, tmp_path: Path, policy: Treatment) -> None:
    """A power cut left it: it cannot be searched, so it is set aside under `keep` and removed under any other."""
    play(story, tmp_path / "card", policy)
    half = tmp_path / "card" / "DCIM/100CTRAP/CTRP0009.JPG.part"
    half.write_bytes((story / "1.jpg").read_bytes()[:700])
    play(story, tmp_path / "card", policy)
    assert not half.exists()
    assert (tmp_path / "card" / "set-aside").is_dir() == (policy is KEEP)


def test_a_blurred_card_can_be_played_onto_another(story: Path, tmp_path: Path) -> None:
    """A blurred picture still says what it was: it is not taken in beside the one it was made from."""
    play(story, tmp_path / "card", BLUR)
    source, shots = tmp_path / "card", []
    for path in pictures(source):
        tags = read_tags((source / path).read_bytes())
        shots.append((source / path, tags))
    with open_again(tmp_path / "card") as card:
        known = trigger_keys(card.connection)
    assert all(known[tags.source_sha256] == tags.trigger_key for _, tags in shots)


def test_the_index_refuses_a_treatment_it_does_not_know(story: Path, tmp_path: Path) -> None:
    play(story, tmp_path / "card")
    with open_again(tmp_path / "card") as card, pytest.raises(sqlite3.IntegrityError):
        card.connection.execute("INSERT INTO treatments (media, treatment, decided_at) VALUES (1, 'keep', '')")
