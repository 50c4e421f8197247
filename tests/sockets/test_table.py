"""The kernel's table, from captured lines; the live one is compared with what ss(8) would say elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mxtop.sockets.table import STATES, Connection, decode, read

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="captured on a little-endian machine")

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TAIL = "00000000:00000000 00:00000000 00000000   102        0 {} 1 0000000069c7495c 100 0 0 10 0 \n"
WIDE = "0" * 32


def table(directory: Path, tcp: list[str], tcp6: list[str] | None = None) -> Path:
    (directory / "tcp").write_text(HEAD + "".join(f"{n:4}: {line}" for n, line in enumerate(tcp)))
    if tcp6 is not None:
        (directory / "tcp6").write_text(HEAD + "".join(f"{n:4}: {line}" for n, line in enumerate(tcp6)))
    return directory


def test_both_families(tmp_path: Path) -> None:
    tcp = [
        "00000000:0019 00000000:0000 0A " + TAIL.format(1),
        "0A0200C0:D431 196433C6:0019 02 " + TAIL.format(4711),
        "0A0200C0:D432 196433C6:0019 06 " + TAIL.format(0),
    ]
    tcp6 = [
        f"{WIDE}:024B {WIDE}:0000 0A " + TAIL.format(2),
        "B80D0120000000000000000001000000:A001 B80D0120000000000000000025000000:0019 01 " + TAIL.format(7),
        "0000000000000000FFFF00000A0200C0:0019 0000000000000000FFFF0000196433C6:A001 08 " + TAIL.format(9),
    ]
    found = read(table(tmp_path, tcp, tcp6))
    assert found.listening == {25, 587}
    assert found.connections == (
        Connection("ipv4", "SYN_SENT", "192.0.2.10", 54321, "198.51.100.25", 25, 4711),
        Connection("ipv6", "ESTABLISHED", "2001:db8::1", 40961, "2001:db8::25", 25, 7),
        Connection("ipv4", "CLOSE_WAIT", "192.0.2.10", 25, "198.51.100.25", 40961, 9),
    )


def test_every_state_has_a_word(tmp_path: Path) -> None:
    tcp = [f"0A0200C0:D431 196433C6:0019 {code} " + TAIL.format(1) for code in STATES]
    words = [c.state for c in read(table(tmp_path, tcp)).connections]
    assert words == [word for word in STATES.values() if word not in ("TIME_WAIT", "LISTEN")]


def test_a_kernel_without_ipv6(tmp_path: Path) -> None:
    assert read(table(tmp_path, [])).connections == ()


def test_no_proc(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path)


def test_addresses() -> None:
    assert decode("0100007F") == ("127.0.0.1", "ipv4")
    assert decode("00000000000000000000000001000000") == ("::1", "ipv6")
    assert decode("000080FE00000000FF005450B0C4FEFF") == ("fe80::5054:ff:fffe:c4b0", "ipv6")
