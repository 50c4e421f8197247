"""What GNU, busybox and BSD say about files."""

import errno

import pytest

from mxtop.hosts.files import errno_of, file_stat


@pytest.mark.parametrize(
    ("complaint", "number"),
    [
        ("head: cannot open '/x' for reading: No such file or directory", errno.ENOENT),
        ("stat: can't stat '/x': Permission denied\n", errno.EACCES),
        ("head: error reading '/x': Is a directory", errno.EISDIR),
        ("connect failed: Connection refused", errno.ECONNREFUSED),
        ("Connection timed out", errno.ETIMEDOUT),
        ("something else", None),
    ],
)
def test_messages(complaint: str, number: int | None) -> None:
    error = errno_of(complaint, "/x")
    assert error.errno == number
    assert type(error) is type(OSError(number, "")) if number else OSError


def test_stat_of_gnu_busybox_and_bsd() -> None:
    gnu = file_stat("g 81a4 11 1795476735.051116200 42 64768 0 4\n")
    busybox = file_stat("g 81a4 11 1795476735 42 64768 0 4\n")
    bsd = file_stat("b 100644 11 1795476735.051116200 42 64768 0 4\n")
    assert gnu == bsd
    assert gnu is not None
    assert busybox is not None
    assert gnu.is_file
    assert (gnu.size, gnu.inode, gnu.device, gnu.gid) == (11, 42, 64768, 4)
    assert abs(gnu.mtime - busybox.mtime) < 1


@pytest.mark.parametrize("text", ["", "g\n", "stat: usage", "g 81a4 11 1 42 64768 0\n"])
def test_other_words(text: str) -> None:
    assert file_stat(text) is None
