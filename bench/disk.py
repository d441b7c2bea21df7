"""The disk use of a Prometheus, from two snapshots some minutes apart.

A snapshot writes the head as a compacted block: real chunks and a real index. Between two of them
the chunks grow by bytes per sample that hardly depend on their length. The other bytes are the
fixed cost of a chunk, which a full one has once per 120 samples.

Must not know: what any series means.
"""

from __future__ import annotations

import http.client
import json
import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bench.servers import Server

_DAY_MINUTES = 24 * 60
# Prometheus starts a new chunk after this many (prometheus/tsdb/head_append.go).
_FULL_CHUNK = 120
# Blocks of 2 h are merged in threes, up to a tenth of the 15 days kept.
_MERGED_HOURS = 18
# A block of 2 h is written when the head has 3 h; the log of unwritten samples is kept.
_LOGGED_MINUTES = 3 * 60


@dataclass(frozen=True, slots=True)
class Disk:
    """Blocks: their samples and chunks, and the bytes of chunks and index; bytes of the log."""

    samples: int
    chunks: int
    chunk_bytes: int
    index_bytes: int
    log_bytes: int = 0


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes per sample in full chunks and in the write-ahead log; bytes of a block's index."""

    sample_bytes: float
    logged_bytes: float
    index_bytes: int

    def day(self, samples: float) -> float:
        """Return the bytes of a day in merged blocks, at this many samples per minute."""
        indices = self.index_bytes * 24 / _MERGED_HOURS
        return samples * _DAY_MINUTES * self.sample_bytes + indices

    def log(self, samples: float) -> float:
        """Return the maximum bytes of the write-ahead log, at this many samples per minute."""
        return samples * _LOGGED_MINUTES * self.logged_bytes

    def note(self, samples: float) -> str:
        """Return the figures as a sentence, with the log at this many samples per minute."""
        return (
            f"A sample takes {self.sample_bytes:.2f} bytes in full chunks, a block's index"
            f" {self.index_bytes / 1e6:,.0f} MB; beside that the write-ahead log takes up to"
            f" {self.log(samples) / 1e6:,.0f} MB ({self.logged_bytes:.1f} bytes a sample)."
        )


def disk_of(data: Path, server: Server) -> Disk:
    """Return what a Prometheus has on disk now: a snapshot, measured and removed."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    with closing(connection):
        connection.request("POST", "/api/v1/admin/tsdb/snapshot")
        name = json.load(connection.getresponse())["data"]["name"]
    place = data / "snapshots" / name
    found = blocks_in(place)
    shutil.rmtree(place)
    return replace(found, log_bytes=_bytes_of(data / "wal"))


def blocks_in(folder: Path) -> Disk:
    """Return the contents and sizes of the blocks in a folder."""
    blocks = [meta.parent for meta in folder.glob("*/meta.json")]
    stats = [json.loads((block / "meta.json").read_text())["stats"] for block in blocks]
    return Disk(
        sum(one.get("numSamples", 0) for one in stats),
        sum(one.get("numChunks", 0) for one in stats),
        sum(_bytes_of(block / "chunks") for block in blocks),
        sum((block / "index").stat().st_size for block in blocks),
    )


def use(one: Disk, two: Disk) -> DiskUse:
    """Return the disk use of samples, from two snapshots."""
    further = (two.chunk_bytes - one.chunk_bytes) / max(1, two.samples - one.samples)
    begun = (two.chunk_bytes - further * two.samples) / max(1, two.chunks)
    return DiskUse(
        further + begun / _FULL_CHUNK,
        (two.log_bytes - one.log_bytes) / max(1, two.samples - one.samples),
        two.index_bytes,
    )


def _bytes_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
