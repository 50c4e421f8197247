"""The demo's recording can be made again, and gives nothing of this machine away."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mxtop.mail.batch import Batch
from mxtop.mail.sample import Resolved, SocketSample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import QueueCounts
from mxtop.recording.file import header, samples
from mxtop.recording.fixes import document
from mxtop.session.playing import from_document
from tests.lab.demo import SENDERS
from tests.lab.record import record, rename


@pytest.mark.lab
def test_it_is_made_with_every_feed(tmp_path: Path) -> None:
    path = tmp_path / "demo.mxtop"
    record(path, seconds=6, before=3, values=("ipv6",), watch=10)
    assert header(path).host == "mail.sender.example"
    found = [sample for _, sample in samples(path)]
    assert {type(sample) for sample in found} == {Batch, SocketSample, Resolved, Settings, QueueCounts}
    (settings,) = [sample for sample in found if isinstance(sample, Settings)]
    assert settings.config_directory == "/etc/postfix"
    assert settings.queue_directory == "/var/spool/postfix"
    text = "".join(sample.text for sample in found if isinstance(sample, Batch))
    assert any(f"from=<{name}@sender.example>" in text for name in SENDERS)
    assert "status=sent" in text
    assert header(path).fixes == (("address-preference", "ipv6"),)
    fix = from_document(document(path, ("address-preference", "ipv6")))
    assert fix.proposal.preview.change.file == "/etc/postfix/main.cf"
    assert "+smtp_address_preference = ipv6" in fix.proposal.preview.diff
    assert fix.proposal.forecast is not None
    assert [step.change.phase for _, step in fix.steps][-1] == "applied"
    assert fix.steps[-1][1].observed is not None
    assert fix.undone.state == "rolled_back"
    with pytest.raises(FileExistsError):
        record(path, seconds=1, before=0)


def test_a_name_of_this_machine_is_an_error(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.write_bytes(gzip.compress(b'["/tmp/mxtop-lab-x/sender/queue/y", "/tmp/mxtop-lab-x/sender"]\n'))
    places = {"/tmp/mxtop-lab-x/sender": "/var/log", "/tmp/mxtop-lab-x/sender/queue": "/var/spool/postfix"}
    rename(raw, out, places)
    assert gzip.decompress(out.read_bytes()) == b'["/var/spool/postfix/y", "/var/log"]\n'
    with pytest.raises(RuntimeError, match="/tmp/ is in the recording"):
        rename(raw, tmp_path / "other", {})
    assert not (tmp_path / "other").exists()
