"""Which state the first three digits of a United States postal code lie in (INT-05)."""

from __future__ import annotations

from bisect import bisect_right

RANGES: tuple[tuple[int, int, str], ...] = (
    (5, 5, "NY"), (6, 9, "PR"), (10, 27, "MA"), (28, 29, "RI"), (30, 38, "NH"), (39, 49, "ME"),
    (50, 54, "VT"), (55, 55, "MA"), (56, 59, "VT"), (60, 69, "CT"), (70, 89, "NJ"),
    (100, 149, "NY"), (150, 196, "PA"), (197, 199, "DE"), (200, 205, "DC"), (206, 219, "MD"),
    (220, 246, "VA"), (247, 268, "WV"), (270, 289, "NC"), (290, 299, "SC"), (300, 319, "GA"),
    (320, 349, "FL"), (350, 369, "AL"), (370, 385, "TN"), (386, 397, "MS"), (398, 399, "GA"),
    (400, 427, "KY"), (430, 459, "OH"), (460, 479, "IN"), (480, 499, "MI"), (500, 528, "IA"),
    (530, 549, "WI"), (550, 567, "MN"), (570, 577, "SD"), (580, 588, "ND"), (590, 599, "MT"),
    (600, 629, "IL"), (630, 658, "MO"), (660, 679, "KS"), (680, 693, "NE"), (700, 714, "LA"),
    (716, 729, "AR"), (730, 749, "OK"), (750, 799, "TX"), (800, 816, "CO"), (820, 831, "WY"),
    (832, 838, "ID"), (840, 847, "UT"), (850, 865, "AZ"), (870, 884, "NM"), (885, 885, "TX"),
    (889, 898, "NV"), (900, 961, "CA"), (967, 968, "HI"), (970, 979, "OR"), (980, 994, "WA"),
    (995, 999, "AK"),
)  # fmt: skip
SHARED = {
    "008": ("PR", "VI"), "063": ("CT", "NY"), "726": ("AR", "MO"), "739": ("OK", "TX"),
    "967": ("HI", "AS"), "201": ("VA",), "205": ("DC", "MD", "VA"), "340": ("AA",), "569": ("DC",),
    "733": ("TX",), "834": ("ID", "WY"), "820": ("WY",), "865": ("AZ", "NM"), "962": ("AP",),
}  # fmt: skip
STATES = frozenset({state for _, _, state in RANGES}.union(*SHARED.values()))
"""Abbreviations that can be compared with what a postal code tells."""

_STARTS = [first for first, _, _ in RANGES]


def state_of(postal_code: str) -> tuple[str, ...] | None:
    """States the code may lie in, or None when it is no code that tells."""
    prefix = postal_code.strip()[:3]
    if len(postal_code.strip()) < 5 or not prefix.isdigit():
        return None
    if prefix in SHARED:
        return SHARED[prefix]
    place = bisect_right(_STARTS, int(prefix)) - 1
    if place < 0 or int(prefix) > RANGES[place][1]:
        return None
    return (RANGES[place][2],)
