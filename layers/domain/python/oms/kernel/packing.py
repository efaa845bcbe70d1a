"""Compressed JSON, the form in which whole values are stored.

first byte   form
1            deflated with dictionary 1
0x5D (lzma)  LZMA: what is so large that its parts repeat each other over long distances
0x78 (zlib)  zlib without dictionary: what was written first stays readable
"""

from __future__ import annotations

import json
import lzma
import zlib
from typing import Any

from oms.kernel.dictionary import DICTIONARIES

CURRENT = 1
"""The dictionary that is written with."""

LARGE = 128 * 1024
"""From so many bytes on a dictionary of words no longer matters."""

_LZMA = 0x5D
_QUICK = 1
_RAW = -zlib.MAX_WBITS
_EFFORT = 9


def pack(value: Any) -> bytes:
    """Compressed JSON; field names and words that recur in orders cost next to nothing."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > LARGE:
        return lzma.compress(text, lzma.FORMAT_ALONE, preset=_QUICK)
    words = DICTIONARIES[CURRENT]
    squeeze = zlib.compressobj(_EFFORT, zlib.DEFLATED, _RAW, zlib.DEF_MEM_LEVEL, zdict=words)
    return bytes([CURRENT]) + squeeze.compress(text) + squeeze.flush()


def unpack(data: bytes) -> Any:
    """The value `pack` was given, in whatever form it was stored; raises `zlib.error`,
    `LZMAError` or ValueError for what is none.
    """
    if data and data[0] == _LZMA:
        return json.loads(lzma.decompress(data, lzma.FORMAT_ALONE))
    words = DICTIONARIES.get(data[0]) if data else None
    if words is None:
        return json.loads(zlib.decompress(data))
    expand = zlib.decompressobj(_RAW, zdict=words)
    return json.loads(expand.decompress(data[1:]) + expand.flush())
