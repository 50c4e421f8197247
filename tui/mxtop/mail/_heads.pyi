from typing import Any

def cut(
    text: str,
    iso: bool,
    kinds: dict[str, int],
    numbers: tuple[int, int, int, int, int, int],
    done: tuple[object, object],
    /,
) -> tuple[list[Any], int, int]:
    """As `heads.cut`; `numbers` are NOT_POSTFIX, PLAIN, AGENT, QMGR, CLEANUP and SMTPD, `done` what stands
    for QUEUED and REMOVED.

    Left out are lines of tags whose kind is NOT_POSTFIX; texts that begin with a plain word, of tags whose
    kind is PLAIN or more; and a `message-id=` behind a queue id, of those of kind CLEANUP.  Deliveries are
    read where the kind is PLAIN or AGENT.
    """
