"""Writes every dashboard in both languages; run by `make dashboards`."""

from __future__ import annotations

from pathlib import Path

from dashboards.boards import BOARDS
from dashboards.build import to_json
from monitor.words.text import LANGUAGES

FOLDER = Path(__file__).parent


def main() -> None:
    """Write `dashboards/LANGUAGE/UID.json` for every board."""
    for language in LANGUAGES:
        folder = FOLDER / language
        folder.mkdir(exist_ok=True)
        for board in BOARDS:
            (folder / f"{board.uid}.json").write_text(to_json(board, language), encoding="utf-8")


if __name__ == "__main__":
    main()
