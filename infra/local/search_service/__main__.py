"""`python -m infra.local.search_service --port 9200 --data DIR`: serve until interrupted.

Without `--data` the documents live as long as the process.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from infra.local.search_service.api import Api
from infra.local.search_service.server import SearchServer
from infra.local.search_service.store import Store


def main() -> int:
    """Serve on loopback; prints the address once it answers."""
    parser = argparse.ArgumentParser(prog="search_service", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (default): a free port")
    parser.add_argument("--data", type=Path, help="directory of the database")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        directory = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(SearchServer(Api(Store(directory)), options.port))
        print(server.url, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
