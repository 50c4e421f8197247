"""A deterministic Postfix log of any length, in the proportions of a server at work.

    python -m tests.benchmarks.makelog 1000000 > /tmp/mail.log      # --classic for year-less times

The mix: mail taken in through postscreen and handed to Dovecot, mail submitted by users and
sent out (some to several recipients, some deferred and retried, some bounced), strangers
turned away by postscreen and smtpd, warnings, statistics, and other programs' lines.  About
one line in eight is a delivery.  Time advances by some milliseconds a line.
"""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
START = datetime(2026, 11, 16, 0, 0, 0, tzinfo=UTC)
TLS = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
EXCHANGE = "key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"


class Maker:
    """Episodes of (tag[pid], text) lines; the writer interleaves several at a time."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ids = 0
        self.destinations = self._destinations(1500)
        self.weights = [1 / (rank + 1) for rank in range(len(self.destinations))]
        self.pids = {
            name: self.random.randrange(1000, 30000) for name in ("qmgr", "anvil", "postscreen", "scache")
        }

    def _destinations(self, count: int) -> list[tuple[str, str, list[str]]]:
        """(domain, MX host, its addresses)."""
        r = self.random
        made = []
        for n in range(count):
            domain = f"{r.choice(('acme', 'globex', 'initech', 'umbra', 'hooli'))}-{n}.example"
            addresses = [f"198.51.{r.randrange(100, 104)}.{r.randrange(256)}"]
            if r.random() < 0.45:
                addresses.append(f"2001:db8:{n:x}::{r.randrange(1, 4096):x}")
            made.append((domain, f"mx{r.randrange(1, 4)}.{domain}", addresses))
        return made

    def queue_id(self) -> str:
        self.ids += 1
        value = self.ids * 7919 + 10**14
        digits = ""
        while value:
            value, digit = divmod(value, 52)
            digits = BASE52[digit] + digits
        return f"4j{digits}z{self.random.choice('BCDF')}{self.random.choice(BASE52)}"

    def pid(self, pool: int) -> int:
        """Processes live for a while: pools that drift."""
        return 1000 + (self.ids // 4000) * 97 % 25000 + self.random.randrange(pool)

    def stranger(self) -> tuple[str, str]:
        """(host, address) of a client: six in ten have a name, always the same."""
        r = self.random
        number = min(int(r.paretovariate(0.6)), 60_000)  # few come often, many once
        address = (
            f"203.0.{112 + number % 4}.{number // 4 % 256}" if number % 7 else f"2001:db8:f:{number:x}::25"
        )
        return (f"host{number}.isp.example" if number % 10 < 6 else "unknown"), address

    def message(self, sender: str, recipients: int, pid: int) -> tuple[str, list[tuple[str, str]]]:
        queue_id = self.queue_id()
        size = int(self.random.lognormvariate(9, 1.4))
        message_id = f"{self.random.getrandbits(64):016x}@{sender.rpartition('@')[2]}"
        return queue_id, [
            (f"postfix/cleanup[{pid}]", f"{queue_id}: message-id=<{message_id}>"),
            (
                f"postfix/qmgr[{self.pids['qmgr']}]",
                f"{queue_id}: from=<{sender}>, size={size}, nrcpt={recipients} (queue active)",
            ),
        ]

    def inbound(self) -> Iterator[tuple[str, str]]:
        r = self.random
        host, address = self.stranger()
        port = r.randrange(20000, 60000)
        smtpd = f"postfix/smtpd[{self.pid(25)}]"
        screen = f"postfix/postscreen[{self.pids['postscreen']}]"
        yield screen, f"CONNECT from [{address}]:{port} to [192.0.2.25]:25"
        yield screen, f"PASS OLD [{address}]:{port}"
        yield smtpd, f"connect from {host}[{address}]"
        if r.random() < 0.1:
            yield (
                smtpd,
                f"warning: hostname static.{r.randrange(500)}.example does not resolve to address {address}: Name or service not known",
            )
        if r.random() < 0.7:
            yield smtpd, f"Anonymous TLS connection established from {host}[{address}]: {TLS} {EXCHANGE}"
        domain = self.destinations[r.randrange(400)][0]
        queue_id, lines = self.message(f"user{r.randrange(3000)}@{domain}", 1, self.pid(20))
        yield smtpd, f"{queue_id}: client={host}[{address}]"
        yield from lines
        if r.random() < 0.6:
            yield f"opendkim[{self.pids['anvil'] + 7}]", f"{queue_id}: s=mail d={domain} a=rsa-sha256 SSL"
        yield (
            smtpd,
            f"disconnect from {host}[{address}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7",
        )
        user = f"person{r.randrange(800)}@here.example"
        delay = r.choice(("0.12", "0.31", "0.45", "1.2", "2.3"))
        yield (
            f"postfix/lmtp[{self.pid(8)}]",
            f"{queue_id}: to=<{user}>, relay=mx1.here.example[private/dovecot-lmtp], delay={delay}, "
            f"delays={delay}/0.01/0.01/0.05, dsn=2.0.0, status=sent (250 2.0.0 <{user}> {r.getrandbits(48):x} Saved)",
        )
        yield f"postfix/qmgr[{self.pids['qmgr']}]", f"{queue_id}: removed"
        if r.random() < 0.5:
            yield (
                "dovecot",
                f"lmtp({user})<{r.randrange(30000)}><{queue_id}>: sieve: msgid=<{r.getrandbits(64):x}@{domain}>: stored mail into mailbox 'INBOX'",
            )

    def outbound(self) -> Iterator[tuple[str, str]]:
        r = self.random
        address = f"192.0.2.{r.randrange(256)}" if r.random() < 0.7 else f"2001:db8:aa::{r.randrange(900):x}"
        smtpd = f"postfix/submission/smtpd[{self.pid(12)}]"
        user = f"person{r.randrange(800)}@here.example"
        yield smtpd, f"connect from client{r.randrange(300)}.here.example[{address}]"
        yield (
            smtpd,
            f"Anonymous TLS connection established from client.here.example[{address}]: {TLS} {EXCHANGE}",
        )
        recipients = r.choice((1, 1, 1, 1, 2, 3))
        queue_id, lines = self.message(user, recipients, self.pid(20))
        yield (
            smtpd,
            f"{queue_id}: client=client.here.example[{address}], sasl_method=PLAIN, sasl_username={user}",
        )
        yield from lines
        yield (
            smtpd,
            f"disconnect from client.here.example[{address}] ehlo=2 starttls=1 auth=1 mail=1 rcpt={recipients} data=1 quit=1 commands={recipients + 7}",
        )
        domain, host, addresses = r.choices(self.destinations, self.weights)[0]
        for attempt in range(4):
            smtp = f"postfix/smtp[{self.pid(30)}]"
            relay = r.choice(addresses)
            luck = r.random()
            if attempt:
                yield f"postfix/qmgr[{self.pids['qmgr']}]", lines[1][1]
            if luck < 0.06:
                yield smtp, f"connect to {host}[{relay}]:25: Connection timed out"
                done = self._deliver(
                    smtp,
                    queue_id,
                    recipients,
                    domain,
                    "none",
                    "deferred",
                    "4.4.1",
                    f"connect to {host}[{relay}]:25: Connection timed out",
                )
                yield from done
                continue
            if luck < 0.12:
                said = f"host {host}[{relay}] said: 450 4.2.0 <u{r.randrange(9999)}@{domain}>: Recipient address rejected: Greylisted, try again in {r.randrange(300)} seconds (in reply to RCPT TO command)"
                yield from self._deliver(
                    smtp, queue_id, recipients, domain, f"{host}[{relay}]:25", "deferred", "4.2.0", said
                )
                continue
            if luck < 0.15:
                said = f"host {host}[{relay}] said: 550 5.1.1 <u{r.randrange(9999)}@{domain}>: user unknown (in reply to RCPT TO command)"
                yield from self._deliver(
                    smtp, queue_id, recipients, domain, f"{host}[{relay}]:25", "bounced", "5.1.1", said
                )
                break
            if r.random() < 0.5:
                yield smtp, f"Verified TLS connection established to {host}[{relay}]:25: {TLS} {EXCHANGE}"
            yield from self._deliver(
                smtp,
                queue_id,
                recipients,
                domain,
                f"{host}[{relay}]:25",
                "sent",
                "2.0.0",
                f"250 2.0.0 Ok: queued as {r.getrandbits(40):010X}",
            )
            break
        yield f"postfix/qmgr[{self.pids['qmgr']}]", f"{queue_id}: removed"

    def _deliver(
        self,
        smtp: str,
        queue_id: str,
        recipients: int,
        domain: str,
        relay: str,
        status: str,
        dsn: str,
        reason: str,
    ) -> Iterator[tuple[str, str]]:
        r = self.random
        c, d = r.randrange(5, 90) / 100, r.randrange(10, 300) / 100
        delay = f"{0.05 + c + d:.2g}"
        reused = ", conn_use=2" if status == "sent" and r.random() < 0.08 else ""
        for _ in range(recipients):
            yield (
                smtp,
                f"{queue_id}: to=<u{r.randrange(9999)}@{domain}>, relay={relay}{reused}, delay={delay}, "
                f"delays=0.04/0.01/{c:.2g}/{d:.2g}, dsn={dsn}, status={status} ({reason})",
            )

    def turned_away(self) -> Iterator[tuple[str, str]]:
        r = self.random
        host, address = self.stranger()
        port = r.randrange(20000, 60000)
        spam = f"from=<spam{r.randrange(5000)}@bulk{r.randrange(300)}.example>, to=<person{r.randrange(800)}@here.example>"
        screen = f"postfix/postscreen[{self.pids['postscreen']}]"
        yield screen, f"CONNECT from [{address}]:{port} to [192.0.2.25]:25"
        if r.random() < 0.6:
            for _ in range(r.randrange(1, 3)):
                yield (
                    f"postfix/dnsblog[{self.pid(15)}]",
                    f"addr {address} listed by domain bl.lists.example as 127.0.0.{r.randrange(2, 11)}",
                )
            yield screen, f"DNSBL rank {r.randrange(3, 9)} for [{address}]:{port}"
            yield (
                screen,
                f"NOQUEUE: reject: RCPT from [{address}]:{port}: 550 5.7.1 Service unavailable; client [{address}] blocked using bl.lists.example; {spam}, proto=ESMTP, helo=<[{address}]>",
            )
            yield screen, f"DISCONNECT [{address}]:{port}"
            return
        yield screen, f"PASS OLD [{address}]:{port}"
        smtpd = f"postfix/smtpd[{self.pid(25)}]"
        yield smtpd, f"connect from {host}[{address}]"
        if r.random() < 0.6:
            yield (
                smtpd,
                f"NOQUEUE: reject: RCPT from {host}[{address}]: 554 5.7.1 <someone{r.randrange(999)}@far.example>: Relay access denied; {spam.replace(',', '')} proto=ESMTP helo=<ylmf-pc>",
            )
            yield smtpd, f"lost connection after RCPT from {host}[{address}]"
            yield smtpd, f"disconnect from {host}[{address}] ehlo=1 mail=1 rcpt=0/1 commands=2/3"
        else:
            yield smtpd, f"lost connection after AUTH from {host}[{address}]"
            yield smtpd, f"disconnect from {host}[{address}] ehlo=1 auth=0/1 commands=1/2"

    def statistics(self) -> Iterator[tuple[str, str]]:
        address = self.stranger()[1]
        yield (
            f"postfix/anvil[{self.pids['anvil']}]",
            f"statistics: max connection rate 1/60s for (smtp:{address}) at Nov 16 04:05:06",
        )
        yield (
            f"postfix/anvil[{self.pids['anvil']}]",
            f"statistics: max connection count 1 for (smtp:{address}) at Nov 16 04:05:06",
        )

    def episode(self) -> Iterator[tuple[str, str]]:
        luck = self.random.random()
        if luck < 0.34:
            return self.inbound()
        if luck < 0.72:
            return self.outbound()
        return self.turned_away() if luck < 0.97 else self.statistics()


def lines(count: int, *, classic: bool = False, seed: int = 1) -> Iterator[str]:
    """`count` lines without their newlines; about twenty episodes run at a time."""
    maker = Maker(seed)
    random = Random(seed + 1)
    running = [maker.episode() for _ in range(20)]
    now = START
    for _ in range(count):
        line = None
        while line is None:
            place = random.randrange(20)
            line = next(running[place], None)
            if line is None:
                running[place] = maker.episode()
        now += timedelta(microseconds=random.randrange(1000, 40000))
        stamp = f"{now:%b} {now.day:2d} {now:%H:%M:%S}" if classic else now.isoformat(timespec="microseconds")
        yield f"{stamp} mx1 {line[0]}: {line[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--classic", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for line in lines(args.count, classic=args.classic, seed=args.seed):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
