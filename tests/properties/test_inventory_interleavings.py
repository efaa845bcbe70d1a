"""Stock under random interleavings, lost writers and repeated messages (ACC-160, INV-S1 to S6)."""

from __future__ import annotations

import pytest

from tests.properties.inventory_world import World


@pytest.mark.parametrize("block", range(10))
def test_no_interleaving_oversells_or_leaks(block: int) -> None:
    """ACC-160: 10,000 interleaved steps over all blocks, every invariant after every step; at the
    end of a run all that is open is canceled, and each group is back to what it has (INV-S4).
    """
    committed = 0
    for seed in range(block * 5, block * 5 + 5):
        world = World(seed)
        for _ in range(200):
            world.step()
        world.close()
        committed += world.committed
    assert committed > 200
