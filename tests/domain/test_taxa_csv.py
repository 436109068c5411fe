"""The taxa table that is shipped: species_labels/."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path

import pytest

from cameratrap.domain.taxa import ANIMAL, PERSON, VEHICLE, TaxaTable
from cameratrap.domain.taxon import name_key

REPOSITORY = Path(__file__).parents[2]
LABELS = REPOSITORY / "species_labels"
RELEASED = REPOSITORY / "tests" / "golden" / "taxa-codes.txt"
REGIONS = sorted((LABELS / "regions").glob("*.csv"))
STUDIES = sorted((LABELS / "studies").glob("*.csv"))


@pytest.fixture(scope="module")
def table() -> TaxaTable:
    return TaxaTable.from_csv((LABELS / "taxa.csv").read_text(encoding="utf-8"), origin="taxa.csv")


def test_released_codes_never_change(table: TaxaTable) -> None:
    """Append-only: every pair of code and taxon ever released is in the table as it was. New codes may follow."""
    released = [line.split("\t") for line in RELEASED.read_text(encoding="utf-8").splitlines()]
    assert len(released) >= 499
    assert [(code, table.name_for_code(int(code))) for code, _ in released] == [(code, name) for code, name in released]


def test_codes_are_contiguous_and_the_file_is_in_their_order(table: TaxaTable) -> None:
    """1 to n without a gap, one row each, sorted: a diff that appends is a diff at the end."""
    lines = (LABELS / "taxa.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines] == list(range(1, len(table) + 1))


def test_the_built_in_codes_leave_room_for_studies(table: TaxaTable) -> None:
    """species_labels/README.md leaves 3500 to 4095 to a study's own taxa."""
    assert max(taxon.wire_code for taxon in table) < 3500


def test_the_file_is_plain() -> None:
    """UTF-8 without BOM, LF, no cell with spaces around it or a line break within."""
    for path in [LABELS / "taxa.csv", *REGIONS, *STUDIES]:
        text = path.read_bytes().decode("utf-8")
        assert "\r" not in text
        assert not text.startswith("\ufeff")
        assert text.endswith("\n")
        assert not [line for line in text.splitlines() if " ," in line or (", " in line and '"' not in line)]


def test_every_name_finds_its_own_taxon(table: TaxaTable) -> None:
    """Name, vernacular and each synonym resolve to the row they stand in."""
    for taxon in table:
        assert taxon.vernacular_en
        for name in taxon.names:
            assert table.resolve(name) is taxon
            assert table.resolve(name.upper().replace(" ", "_")) is taxon


def test_every_lineage_ends_in_one_of_three_roots(table: TaxaTable) -> None:
    """Animals, people, vehicles; nothing that shows people is an animal."""
    assert {table.lineage(taxon.name)[-1].name for taxon in table} == {ANIMAL, PERSON, VEHICLE}
    assert {taxon.name for taxon in table if table.is_person(taxon.name)} == {PERSON, "horse and rider"}
    assert {taxon.name for taxon in table if table.is_vehicle(taxon.name)} == {VEHICLE}


def test_every_species_rolls_up_through_family_order_and_class(table: TaxaTable) -> None:
    """species -> (genus) -> family -> order -> class -> animal, with each rank at most once and in that order."""
    order = ["genus", "family", "order", "class", "kingdom"]
    for taxon in table:
        if taxon.rank in {"species", "domestic form"} and taxon.name != PERSON:
            above = [step.rank for step in table.lineage(taxon.name)[1:] if step.rank != "clade"]
            assert above in (order, order[1:]), taxon.name


def test_a_species_stands_below_its_genus_where_the_genus_is_listed(table: TaxaTable) -> None:
    """A binomial's first word, where it is a taxon of the table, is in its lineage."""
    for taxon in table:
        genus = taxon.name.split()[0]
        if taxon.rank in {"species", "domestic form"} and genus in {
            each.name for each in table if each.rank == "genus"
        }:
            assert genus in [step.name for step in table.lineage(taxon.name)]


def test_species_and_groups_have_no_animals_below_them(table: TaxaTable) -> None:
    """Only natural groups are parents; a word such as "badger" or a wild ancestor never is."""
    parents = {taxon.parent for taxon in table if taxon.parent} - {PERSON}
    assert {table.resolve(name).rank for name in parents} <= {"kingdom", "class", "order", "clade", "family", "genus"}


def test_what_is_below_a_sensitive_taxon_is_sensitive(table: TaxaTable) -> None:
    """A position that is hidden for the family is hidden for its species; the best-known targets are flagged."""
    for taxon in table:
        steps = [step.sensitive for step in table.lineage(taxon.name)]
        assert steps == sorted(steps, reverse=True), taxon.name
    for name in [
        "rhino",
        "elephant",
        "pangolin",
        "tiger",
        "leopard",
        "snow leopard",
        "wolf",
        "Eurasian lynx",
        "brown bear",
    ]:
        assert table.resolve(name).sensitive, name
    assert not table.resolve("animal").sensitive


def test_no_two_taxa_share_a_gbif_key(table: TaxaTable) -> None:
    """A key stands for one taxon."""
    keys = [taxon.gbif_key for taxon in table if taxon.gbif_key is not None]
    assert len(keys) == len(set(keys)) > 40


@pytest.mark.parametrize(
    ("label", "taxon"),
    [
        ("bird", "Aves"),
        ("cat", "Felis"),
        ("dog", "Canis familiaris"),
        ("horse", "Equus caballus"),
        ("sheep", "Ovis aries"),
        ("cow", "Bos taurus"),
        ("elephant", "Elephantidae"),
        ("bear", "Ursidae"),
        ("zebra", "Hippotigris"),
        ("giraffe", "Giraffa camelopardalis"),
        ("person", PERSON),
        ("bicycle", VEHICLE),
        ("car", VEHICLE),
        ("motorcycle", VEHICLE),
        ("bus", VEHICLE),
        ("truck", VEHICLE),
        ("animal", ANIMAL),
        ("human", PERSON),
    ],
)
def test_labels_of_common_detectors_resolve(table: TaxaTable, label: str, taxon: str) -> None:
    """COCO's animals and vehicles, and MegaDetector's three classes."""
    assert table.resolve(label).name == taxon


@pytest.mark.parametrize(
    ("name", "family", "order"),
    [
        ("Crocuta crocuta", "Hyaenidae", "Carnivora"),
        ("Suricata suricatta", "Herpestidae", "Carnivora"),
        ("Civettictis civetta", "Viverridae", "Carnivora"),
        ("Mephitis mephitis", "Mephitidae", "Carnivora"),
        ("Nasua nasua", "Procyonidae", "Carnivora"),
        ("Mellivora capensis", "Mustelidae", "Carnivora"),
        ("Ailurus fulgens", "Ailuridae", "Carnivora"),
        ("Wallabia bicolor", "Macropodidae", "Diprotodontia"),
        ("Sarcophilus harrisii", "Dasyuridae", "Dasyuromorphia"),
        ("Tachyglossus aculeatus", "Tachyglossidae", "Monotremata"),
        ("Didelphis virginiana", "Didelphidae", "Didelphimorphia"),
        ("Pecari tajacu", "Tayassuidae", "Artiodactyla"),
        ("Tapirus terrestris", "Tapiridae", "Perissodactyla"),
        ("Smutsia gigantea", "Manidae", "Pholidota"),
        ("Lepus europaeus", "Leporidae", "Lagomorpha"),
        ("Echinosorex gymnura", "Erinaceidae", "Eulipotyphla"),
        ("Myocastor coypus", "Echimyidae", "Rodentia"),
        ("Menura novaehollandiae", "Menuridae", "Passeriformes"),
        ("Casuarius casuarius", "Casuariidae", "Casuariiformes"),
        ("Tinamus major", "Tinamidae", "Tinamiformes"),
        ("Crax rubra", "Cracidae", "Galliformes"),
        ("Alectura lathami", "Megapodiidae", "Galliformes"),
        ("Athene cunicularia", "Strigidae", "Strigiformes"),
        ("Varanus varius", "Varanidae", "Squamata"),
    ],
)
def test_families_and_orders_are_the_accepted_ones(table: TaxaTable, name: str, family: str, order: str) -> None:
    """Spot checks, one a group that is easily misplaced, against the Mammal Diversity Database and the IOC list."""
    ranks = {step.rank: step.name for step in table.lineage(name)}
    assert (ranks["family"], ranks["order"]) == (family, order)


def test_a_dog_is_no_wolf_and_a_house_cat_no_wildcat(table: TaxaTable) -> None:
    """Domestic forms stand beside their wild ancestors, so that doubt never turns a dog into a wolf."""
    assert "Canis lupus" not in [step.name for step in table.lineage("dog")]
    assert [step.name for step in table.lineage("domestic cat")][1:3] == ["Felis", "Felidae"]
    assert table.resolve("cat") is not table.resolve("domestic cat")
    assert table.resolve("wildcat") is not table.resolve("cat")


@pytest.mark.parametrize("path", REGIONS, ids=lambda path: path.stem)
def test_a_region_names_codes_of_the_table_and_can_always_roll_up(table: TaxaTable, path: Path) -> None:
    """Each view agrees with the table, holds everything above what it holds, and the three roots."""
    view = table.region(path.read_text(encoding="utf-8"), origin=path.name)
    assert {ANIMAL, PERSON, VEHICLE} <= view
    assert all(step.name in view for name in view for step in table.lineage(name))
    assert all(table.roll_up(taxon.name, view) for taxon in table)


def test_every_continent_has_a_region_and_lions_are_not_european(table: TaxaTable) -> None:
    """Six views; what does not live in one becomes what the view can say of it."""
    assert len(REGIONS) == 6
    europe = table.region((LABELS / "regions" / "europe.csv").read_text(encoding="utf-8"), origin="europe")
    assert table.roll_up("lion", europe).name == "Felidae"
    assert table.roll_up("roe deer", europe).name == "Capreolus capreolus"


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_s_table_keeps_the_codes_of_the_built_in_one(table: TaxaTable, path: Path) -> None:
    """So a receiver without the study's table decodes its messages to the same taxa."""
    study = TaxaTable.from_csv(path.read_text(encoding="utf-8"), origin=path.name)
    assert {taxon.wire_code: taxon.name for taxon in study} == {
        taxon.wire_code: table.name_for_code(taxon.wire_code) for taxon in study
    }
    assert not study.is_animal("horse and rider")
    assert study.resolve("badger").name == "Meles meles"


def test_loading_is_quick() -> None:
    """A trap woken for one burst reads the table each time: the best of three stays under a tenth of a second."""
    text = (LABELS / "taxa.csv").read_text(encoding="utf-8")
    took = []
    for _ in range(3):
        start = time.perf_counter()
        TaxaTable.from_csv(text, origin="taxa.csv")
        took.append(time.perf_counter() - start)
    assert min(took) < 0.1


def test_every_label_of_the_real_tallies_resolves_and_none_collide_on_a_day(
    table: TaxaTable, shared_data: Path
) -> None:
    """All seven studies are covered, and on no station-day would two labels share one code."""
    collisions = []
    names: defaultdict[int, set[str]] = defaultdict(set)
    files = sorted((shared_data / "tallies").glob("*.daily.jsonl"))
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            day = json.loads(line)
            labels = [tally["taxon"] for tally in day["tallies"]]
            codes = [table.resolve(label).wire_code for label in labels]
            if len(codes) != len(set(codes)):
                collisions.append((path.name, day["station"], day["day"], labels))
            for code, label in zip(codes, labels, strict=True):
                names[code].add(name_key(label))
    assert len(files) == 7
    assert collisions == []
    assert len(names) > 70
