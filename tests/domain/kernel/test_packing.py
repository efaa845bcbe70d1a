"""What is stored stays readable, whatever it was written with."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oms.kernel.dictionary import DICTIONARIES
from oms.kernel.packing import CURRENT, pack, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
FROZEN = {1: "4c942e52a0cefc4bb408e40dfc311d091671b5c8212abda5d21e656e4b50466b"}
"""Digests of dictionaries under which something may have been stored."""


@given(JSON)
def test_what_is_packed_comes_back(value: Any) -> None:
    assert unpack(pack(value)) == value


@given(JSON)
def test_the_first_form_is_still_read(value: Any) -> None:
    """Before there were dictionaries, values were plain zlib."""
    assert unpack(zlib.compress(json.dumps(value).encode())) == value


def test_no_dictionary_is_changed_once_it_was_written_with() -> None:
    """A changed dictionary would make unreadable what was stored under it: add the next number."""
    found = {number: hashlib.sha256(words).hexdigest() for number, words in DICTIONARIES.items()}
    assert found == FROZEN
    assert max(DICTIONARIES) == CURRENT
    assert zlib.compress(b"")[0] not in DICTIONARIES


@pytest.mark.parametrize("data", [b"", b"\x02{}", b"\x01not deflated", pack([1])[:3], b"{}"])
def test_what_was_not_packed_is_refused(data: bytes) -> None:
    with pytest.raises((zlib.error, ValueError)):
        unpack(data)
