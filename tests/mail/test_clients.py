"""SMTP clients, noted first and counted many at a time."""

from __future__ import annotations

import pickle

from mxtop.mail.clients import Clients


def shown(clients: Clients) -> dict[str, tuple[int, int, int]]:
    return {name: (row.connections, row.messages, row.rejects) for name, row in clients.rows().items()}


def test_each_way_to_be_met() -> None:
    clients = Clients(10)
    clients.met += ["from a.example[192.0.2.1]", "from unknown[2001:db8::1]", "from a.example[192.0.2.1]\r"]
    clients.met += ["client=a.example[192.0.2.1], sasl_method=PLAIN", "client=a.example[192.0.2.1]"]
    clients.met += ["reject=unknown[2001:db8::1]"]
    assert shown(clients) == {"a.example[192.0.2.1]": (2, 2, 0), "unknown[2001:db8::1]": (1, 0, 1)}
    assert clients.met == []


def test_what_is_none_is_not_counted() -> None:
    clients = Clients(10)
    clients.met += [
        "from nowhere",
        "to a.example[192.0.2.1]",
        "client=[",
        "from a.example[192.0.2.1] and more",
    ]
    assert shown(clients) == {}


def test_a_full_table_counts_what_it_turns_away() -> None:
    clients = Clients(1)
    clients.met += ["from a[192.0.2.1]", "from b[192.0.2.2]", "from b[192.0.2.2]", "from a[192.0.2.1]"]
    assert shown(clients) == {"a[192.0.2.1]": (2, 0, 0)}
    assert clients.rows().dropped == 2
    assert clients.row("c", "192.0.2.3") is None
    assert clients.rows().dropped == 3
    assert clients.dropped == 3
    clients.met.append("from d[192.0.2.4]")
    assert clients.dropped == 4


def test_the_first_met_is_the_first_row() -> None:
    clients = Clients(10)
    clients.met.append("from z[192.0.2.9]")
    assert clients.row("a", "192.0.2.1") is not None
    assert list(clients.rows()) == ["z[192.0.2.9]", "a[192.0.2.1]"]


def test_few_wait_until_they_are_asked_for() -> None:
    clients = Clients(10)
    clients.met += ["from a[192.0.2.1]"] * 3
    clients.settle(3)
    assert len(clients.met) == 3
    clients.settle(2)
    assert clients.met == []


def test_it_can_be_sent_to_another_process() -> None:
    clients = Clients(10)
    clients.met += ["from a[192.0.2.1]"]
    assert shown(pickle.loads(pickle.dumps(clients))) == shown(clients)
