"""Postfix commands on PATH that print what the real ones printed, for versions that are not installed here.

`-x` and `-xP` were not captured whole: they are put together from the captured defaults, `postconf -n` and
`postconf -P`, their macros expanded.
"""

import re
from pathlib import Path

from mxtop.postfix.postconf import parameters

DATA = Path(__file__).parent.parent / "data" / "postfix-commands"
VERSIONS = ("2.11.11", "3.5.27", "3.7.11", "3.11.6")


def captured(version: str, name: str, kind: str = "out") -> str:
    return (DATA / version / f"{name}.{kind}").read_text()


def fake_commands(
    directory: Path, version: str, names: str = "postconf-x-names", queue: str = "held"
) -> None:
    """`postconf` and `postqueue` of one version; `names` and `queue` choose among the captures."""
    broken = captured(version, names, "rc").strip() != "0"
    values = effective(version, names)
    answers = {
        "-x": names if broken else "".join(f"{name} = {value}\n" for name, value in values.items()),
        "-xP": expanded(captured(version, "postconf-P-all"), values),
        "-M": captured(version, "postconf-M"),
    }
    lines = ["#!/bin/sh", 'if [ "$1" = -c ]; then shift 2; fi', f"cat {DATA}/{version}/{names}.err >&2"]
    if broken:
        lines.append(f"exit {captured(version, names, 'rc')}")
    lines.append('case "$1" in')
    for option, text in answers.items():
        path = directory / f"postconf{option}"
        path.write_text(text)
        lines.append(f"{option}) exec cat {path};;")
    _script(directory / "postconf", [*lines, "esac", "exit 64"])
    capture = f"{DATA}/{version}/postqueue-$option-{queue}"
    _script(
        directory / "postqueue",
        [
            "#!/bin/sh",
            'if [ "$1" = -c ]; then shift 2; fi',
            "option=${1#-}",
            f"cat {capture}.err >&2",
            f"cat {capture}.out",
            f"exit $(cat {capture}.rc)",
        ],
    )


def effective(version: str, names: str) -> dict[str, str]:
    values = parameters(captured(version, "postconf-d-full"))
    values |= parameters(captured(version, "postconf-n")) | parameters(captured(version, names))
    return {name: expanded(value, values) for name, value in values.items()}


def expanded(text: str, values: dict[str, str]) -> str:
    """Plain macros, and the conditional that Postfix's defaults for syslog_name are made of."""
    text = re.sub(r"\$\{multi_instance_name(\?\{\$multi_instance_name\})?:\{?postfix\}?\}", "postfix", text)
    text = re.sub(r"\$\{multi_instance_name\?\$multi_instance_name\}", "", text)
    text = re.sub(r"^(\w+)/(.*)\$service_name", r"\1/\2\1", text, flags=re.MULTILINE)
    return re.sub(r"\$\{?(\w+)\}?", lambda match: expanded(values.get(match[1], ""), values), text)


def _script(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
