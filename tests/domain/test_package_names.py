"""Names in packages: safe everywhere, and each leads back to one thing."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.camtrap_dp import MEDIA, parse
from cameratrap.domain.package_names import address, media_path, safe_name, safe_path, slug

odd = st.text(st.one_of(st.sampled_from("./\\~%: ab\n"), st.characters(exclude_categories=["Cs"])), min_size=1)
FILE_PATH = next(field for field in MEDIA if field.name == "filePath")


@given(odd, odd)
def test_a_path_in_a_package_stays_in_it(deployment: str, path: str) -> None:
    """No part of it leads up, and Camtrap DP takes it, in the package and on the web."""
    name = media_path(deployment, path)
    parts = name.split("/")
    assert all(part and part not in (".", "..") and part[0] != "~" for part in parts[:-1])
    assert parts[-1] not in (".", "..")
    assert parse(FILE_PATH, name) == name
    web = address("https://example.org/", name)
    assert parse(FILE_PATH, web) == web


@given(odd)
def test_a_safe_name_leads_back(text: str) -> None:
    """So no two become one."""
    assert unquote(safe_path(text)) == text
    assert unquote(safe_name(text)) == text
    assert "/" not in safe_name(text)


def test_a_slug_is_one_that_a_package_may_be_called_by() -> None:
    """In small letters, whatever the title."""
    assert slug("Lynx of the Jura, 2026!") == "lynx-of-the-jura-2026"
    assert slug("Рысь") == ""
