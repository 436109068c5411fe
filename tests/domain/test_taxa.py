"""The rules of a taxa table, on small tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.taxa import LAST_CODE, TaxaTable, Taxon
from cameratrap.domain.taxon import CODE_NAME, COLUMNS, RANKS, name_key
from cameratrap.errors import TaxonError

HEADER = ",".join(COLUMNS)
SMALL = f"""{HEADER}
1,animal,animal,kingdom,1,,0,unknown animal
2,Homo sapiens,person,species,2436436,,0,human|people
3,vehicle,vehicle,group,,,0,car
4,horse and rider,horse and rider,group,,Homo sapiens,0,
5,Felidae,felid,family,9703,animal,0,
6,Lynx,lynx,genus,,Felidae,0,
7,Lynx lynx,Eurasian lynx,species,2435240,Lynx,1,
40,Notamacropus rufogriseus,red-necked wallaby,species,,animal,0,Bennett's wallaby
"""


@pytest.fixture
def table() -> TaxaTable:
    return TaxaTable.from_csv(SMALL, origin="small.csv")


def refusal(text: str) -> str:
    with pytest.raises(TaxonError) as refused:
        TaxaTable.from_csv(text, origin="study.csv")
    assert str(refused.value).startswith("study.csv has ")
    return refused.value.why


def rows(*lines: str) -> str:
    return "\n".join([HEADER, *lines, ""])


def test_a_row_becomes_a_taxon(table: TaxaTable) -> None:
    """Every column arrives in its field, an empty cell as None or empty."""
    assert table.resolve("Lynx lynx") == Taxon(7, "Lynx lynx", "Eurasian lynx", "species", 2435240, "Lynx", True, ())
    assert table.resolve("animal").synonyms == ("unknown animal",)
    assert table.resolve("Lynx").gbif_key is None


def test_the_table_is_iterated_in_order_of_code() -> None:
    """Order in the file does not matter."""
    backwards = "\n".join([HEADER, *reversed(SMALL.splitlines()[1:])])
    assert [taxon.wire_code for taxon in TaxaTable.from_csv(backwards, origin="x")] == [1, 2, 3, 4, 5, 6, 7, 40]


@pytest.mark.parametrize(
    "name",
    [
        "Notamacropus rufogriseus",
        "notamacropus_rufogriseus",
        "Red-necked Wallaby",
        "bennetts_wallaby",
        " BENNETT\u2019S  WALLABY ",
    ],
)
def test_names_are_compared_loosely(table: TaxaTable, name: str) -> None:
    """Capitals, underscores, hyphens, apostrophes and spaces do not tell two names apart."""
    assert table.resolve(name).wire_code == 40
    assert name in table


def test_an_unknown_name_is_refused_with_the_nearest_ones(table: TaxaTable) -> None:
    """A typing mistake is answered with what was probably meant."""
    assert "Lynx linx" not in table
    assert 7 not in table
    with pytest.raises(TaxonError, match="no taxon is called 'Lynx linx'") as refused:
        table.resolve("Lynx linx")
    assert "'lynx lynx' (Lynx lynx)" in refused.value.hint


def test_an_unknown_name_near_nothing_still_has_a_hint(table: TaxaTable) -> None:
    """Where nothing is near, the hint says how a study brings its own names."""
    with pytest.raises(TaxonError) as refused:
        table.resolve("qqqqqqqq")
    assert "--taxa" in refused.value.hint


def test_the_lineage_starts_with_the_taxon_and_ends_at_its_root(table: TaxaTable) -> None:
    """Itself first, then each parent; any of its names will do."""
    assert [taxon.name for taxon in table.lineage("eurasian lynx")] == ["Lynx lynx", "Lynx", "Felidae", "animal"]
    assert [taxon.name for taxon in table.lineage("animal")] == ["animal"]


def test_rolling_up_stops_at_the_first_taxon_allowed(table: TaxaTable) -> None:
    """The nearest of the lineage that is in the set, which may be the taxon itself."""
    assert table.roll_up("Lynx lynx", {"Felidae", "animal"}).name == "Felidae"
    assert table.roll_up("Lynx lynx", {"Lynx lynx", "animal"}).name == "Lynx lynx"
    with pytest.raises(TaxonError, match="nothing in this set"):
        table.roll_up("Lynx lynx", {"Homo sapiens"})


def test_people_and_vehicles_are_no_animals(table: TaxaTable) -> None:
    """A rider counts as a person, and neither people nor vehicles as animals."""
    assert table.is_person("human")
    assert table.is_person("horse and rider")
    assert table.is_vehicle("car")
    assert [t.name for t in table if not table.is_animal(t.name)] == ["Homo sapiens", "vehicle", "horse and rider"]


def test_a_code_from_a_newer_table_goes_through_unharmed(table: TaxaTable) -> None:
    """An old receiver names an unknown code, and encodes that name back to the same code."""
    assert table.by_code(412) is None
    assert table.name_for_code(412) == "code 412"
    assert table.code_for_name("code 412") == 412
    assert table.name_for_code(7) == "Lynx lynx"
    assert table.code_for_name("Eurasian lynx") == 7


@given(code=st.integers(1, LAST_CODE))
def test_code_and_name_are_inverse_for_every_code(code: int) -> None:
    """name -> code undoes code -> name over the whole range, known or not."""
    table = TaxaTable.from_csv(SMALL, origin="small.csv")
    assert table.code_for_name(table.name_for_code(code)) == code


@pytest.mark.parametrize("name", ["code 0", "code 4096", "code 999999999"])
def test_a_code_out_of_range_is_refused(table: TaxaTable, name: str) -> None:
    """ "code 0" and codes the wire cannot carry are no names."""
    with pytest.raises(TaxonError, match="wire codes go from 1 to 4095"):
        table.code_for_name(name)


@pytest.mark.parametrize("name", ["code", "code -1", "code 4e2", "code 1234567890", "code \u0664\u0661\u0662"])
def test_what_only_looks_like_a_code_is_an_unknown_name(table: TaxaTable, name: str) -> None:
    """Only plain decimal digits are a code."""
    with pytest.raises(TaxonError, match="no taxon is called"):
        table.code_for_name(name)


def test_a_study_s_own_table_may_leave_cells_empty() -> None:
    """Only code, name and rank are needed in a row; a BOM, CRLF and further columns do no harm."""
    text = f"\ufeff{HEADER},notes,,\r\n17,Vulpes vulpes,,species,,,,,seen often,,\r\n"
    (fox,) = TaxaTable.from_csv(text, origin="study.csv")
    assert fox == Taxon(17, "Vulpes vulpes")
    assert fox.names == ("Vulpes vulpes",)


def test_every_problem_is_named_at_once() -> None:
    """Ten mistakes in one table are ten lines of one refusal, each saying which taxon it is about."""
    why = refusal(
        rows(
            "0,Zero,,species,,,0,",
            "4096,High,,species,,,0,",
            "5,Lynx lynx,lynx,species,,Lynx,0,",
            "5,Lynx rufus,LYNX,species,,,0,",
            "7,Felis catus,cat,breed,,,0,code 9",
            "8,others,,group,,,0,",
            "9,A,,clade,,B,0,",
            "10,B,,clade,,A,0,",
        )
    )
    for problem in [
        "'Zero': code 0 is not within 1 to 4095",
        "'High': code 4096 is not within 1 to 4095",
        "code 5 is given to 2 taxa",
        "'LYNX' names both 'Lynx lynx' and 'Lynx rufus'",
        "'Felis catus': rank 'breed' is not one of",
        "'Felis catus': the name 'code 9' is reserved",
        "'others': the name 'others' is reserved",
        "'Lynx lynx': its parent 'Lynx' is not a taxon of the table",
        "'A' is its own ancestor: A -> B -> A",
    ]:
        assert problem in why
    assert len(why.splitlines()) == 1 + 9


def test_wrong_cells_are_named_with_line_and_taxon() -> None:
    """A cell of the wrong type is reported with its line; the other rows are still checked."""
    why = refusal(rows("x,Fox,,species,,,0,", "2,Cat,,species,abc,,yes,", "3,Dog,,dog,,,0,", "-4,Elk,,species,0,,0,"))
    for problem in [
        "line 2 (Fox): wire_code 'x' is not a whole number",
        "line 3 (Cat): gbif_key 'abc' is neither empty nor a positive whole number",
        "line 3 (Cat): sensitive 'yes' is neither 0 nor 1",
        "'Dog': rank 'dog'",
        "line 5 (Elk): wire_code '-4'",
        "line 5 (Elk): gbif_key '0'",
    ]:
        assert problem in why
    assert len(why.splitlines()) == 1 + 6


def test_a_parent_whose_own_row_is_wrong_is_not_called_missing() -> None:
    """One mistake is one problem, not one for every child."""
    why = refusal(rows("x,Canidae,,family,,,0,", "2,Fox,,species,,Canidae,0,"))
    assert "its parent" not in why


def test_names_that_collide_after_loosening_are_refused() -> None:
    """Two taxa that only punctuation tells apart cannot both be found."""
    assert "'sea_eagle' names both 'Sea-eagle' and 'B'" in refusal(
        rows("1,Sea-eagle,,species,,,0,", "2,B,,species,,,0,sea_eagle")
    )


def test_a_taxon_may_repeat_its_own_name() -> None:
    """A vernacular equal to the name, as for "animal", is no collision."""
    assert len(TaxaTable.from_csv(rows("1,animal,Animal,kingdom,,,0,ANIMAL"), origin="x")) == 1


def test_two_cycles_are_two_problems_and_their_followers_none() -> None:
    """A cycle is reported once, however many taxa hang from it."""
    why = refusal(
        rows("1,A,,clade,,A,0,", "2,B,,clade,,C,0,", "3,C,,clade,,B,0,", "4,D,,species,,B,0,", "5,E,,species,,D,0,")
    )
    assert len(why.splitlines()) == 1 + 2
    assert "'A' is its own ancestor: A -> A" in why


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "column 'wire_code' is missing"),
        ("wire_code;taxon\n1;Fox\n", "column 'synonyms' is missing"),
        (HEADER + ",taxon\n", "column 'taxon' is there twice"),
        (HEADER + "\n", "there is not one row"),
        (HEADER + "\n1,Fox\n", "line 2: not 8 cells"),
        (HEADER + "\n1,Fox,,species,,,0,,more\n", "line 2: not 8 cells"),
        (HEADER + '\n1,"Fox,,species,,,0,\n', "not CSV"),
        (HEADER + "\n1," + "x" * 200_000 + ",,species,,,0,\n", "not CSV"),
        (HEADER + "\n1,,,species,,,0,\n", "code 1: the taxon has no name"),
        (HEADER + "\n" + "9" * 5000 + ",Fox,,species,,,0,\n", "is not a whole number"),
        (HEADER + "\n\u0661,Fox,,species,,,0,\n", "is not a whole number"),
        (HEADER + "\n1,Fox,--,species,,,0,\n", "the name '--' is reserved"),
    ],
)
def test_what_is_no_taxa_table_is_refused_with_the_reason(text: str, problem: str) -> None:
    """Missing columns, wrong widths, broken quotes and absurd cells each have their sentence."""
    assert problem in refusal(text)


@given(text=st.one_of(st.text(), st.lists(st.text("0123,|\n\"'aA_-"), max_size=6).map(lambda lines: rows(*lines))))
def test_any_text_is_a_table_or_a_taxon_error(text: str) -> None:
    """Whatever stands in a file, reading it gives a table or says what is wrong."""
    refused = None
    try:
        table = TaxaTable.from_csv(text, origin="hostile")
    except TaxonError as error:
        refused = error
    assert refused.why if refused else len(table) > 0


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1), st.sampled_from(RANKS), st.booleans(), st.lists(st.text(min_size=1), max_size=2)
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
def test_a_table_that_is_accepted_finds_every_taxon_by_every_name(
    drawn: list[tuple[str, str, bool, list[str]]],
) -> None:
    """Tables with any names are refused for a stated reason, or resolve each of their names to its own taxon."""
    taxa = [
        Taxon(code, name, rank=rank, sensitive=sensitive, synonyms=tuple(synonyms))
        for code, (name, rank, sensitive, synonyms) in enumerate(drawn, 1)
    ]
    keys = [{name_key(name) for name in taxon.names} for taxon in taxa]
    distinct = sum(map(len, keys)) == len(set().union(*keys))
    usable = all(key and key != "others" and not CODE_NAME.fullmatch(key) for each in keys for key in each)
    if not (distinct and usable):
        with pytest.raises(TaxonError):
            TaxaTable(taxa)
        return
    table = TaxaTable(taxa)
    assert list(table) == taxa
    for taxon in taxa:
        assert {table.resolve(name) for name in taxon.names} == {taxon}
        assert table.by_code(taxon.wire_code) is taxon


def test_a_region_is_a_set_of_names_that_exist(table: TaxaTable) -> None:
    """A view gives the names that roll_up takes; a code with another name, or none, is refused, all at once."""
    view = table.region("wire_code,taxon\n1,animal\n5,Felidae\n", origin="here.csv")
    assert view == {"animal", "Felidae"}
    assert table.roll_up("Lynx lynx", view).name == "Felidae"
    with pytest.raises(TaxonError, match=r"here\.csv has 3 problems") as refused:
        table.region("wire_code,taxon\n1,Felidae\n77,Fox\nx,animal\n5,Felidae\n", origin="here.csv")
    assert "line 3: the table has no 'Fox' under the code '77'" in refused.value.why
