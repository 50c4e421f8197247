"""A host key that nobody vouches for: the one question whether the machine is the right one.

Shows type and fingerprint as `ssh` does.  The cursor is on Cancel; only the other button says yes.  Nothing
was sent to the machine before, and nothing is here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mxtop.mail.connection import OfferedKey
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.form import Form
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, wrap

_LABEL = 14


class HostKey(Form):
    """`target` is the host that is being connected, `key.host` the machine that offers the key: perhaps a
    jump host.  `answered` is called once, when the page closes.
    """

    def __init__(self, target: str, key: OfferedKey, answered: Callable[[bool], None]) -> None:
        super().__init__()
        self._target = target
        self._key = key
        self._answered = answered
        self._yes = False

    def title_text(self) -> str:
        return f"Unknown host key · {clean(self._key.host, 60)}"

    def lines(self, width: int) -> list[Line]:
        key = self._key
        lines: list[Line] = [()]
        said = f"No known_hosts file vouches for the key of {clean(key.host, 200)}."
        lines += wrap(SafeText(said), width, "strong")
        lines.append(())
        for label, text, role in (
            ("machine", clean(key.host, 200), "text"),
            ("on the way to", clean(self._target, 200) if key.host != self._target else literal(""), "text"),
            ("key type", clean(key.key_type, 60), "text"),
            ("fingerprint", clean(key.fingerprint, 120), "strong"),
            ("to be kept in", clean(key.file, 300), "text"),
        ):
            if text.strip():
                first, *rest = wrap(text, width, role, _LABEL + 1)
                lines.append(
                    ((SafeText(label.ljust(_LABEL + 1)), "muted"), (SafeText(first[0][0].lstrip()), role))
                )
                lines += rest
        lines.append(())
        lines += wrap(
            literal(
                "Compare the fingerprint with the machine's own: somebody else may be answering in its "
                "place. There, or from whoever runs it:"
            ),
            width,
        )
        lines += wrap(SafeText(f"ssh-keygen -lf /etc/ssh/ssh_host_{_short(key)}_key.pub"), width, "accent", 2)
        return lines

    def choices(self) -> Sequence[Button]:
        return (
            Button("cancel", literal("Cancel")),
            Button("accept", literal("It is the same: keep the key and connect")),
        )

    def pressed(self, id: str) -> None:
        self._yes = id == "accept"
        self.dismiss()

    def on_unmount(self) -> None:
        self._answered(self._yes)


def _short(key: OfferedKey) -> SafeText:
    """The key type as OpenSSH names its files."""
    kind = key.key_type.removeprefix("ssh-").partition("-")[0]
    return clean(kind if kind in ("ed25519", "rsa", "ecdsa") else "*", 20)
