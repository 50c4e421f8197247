"""The words of a command line: what each option takes, and what is said of those that cannot be."""

from __future__ import annotations

import pytest

from mxtop.arguments import _VALUED, PARSERS, split_command
from mxtop.mail.errors import MxtopError

EVERYWHERE = {"--config-dir", "--log", "--read-only", "--json", "--version", "--help"}


def refusal(command: str, *words: str) -> str:
    with pytest.raises(MxtopError) as error:
        PARSERS[command]().parse_intermixed_args(list(words))
    assert error.value.remedy == f"see `{f'mxtop {command}'.rstrip()} --help`"
    return error.value.title


def test_each_option_that_takes_a_value_is_known_before_the_command_too() -> None:
    """Else its value would be taken for the command: `mxtop --log report parse -`."""
    valued, plain = set(), set()
    for make in PARSERS.values():
        for action in make()._actions:
            (valued if action.nargs is None else plain).update(action.option_strings)
    assert valued - {""} == _VALUED
    assert not plain & _VALUED


@pytest.mark.parametrize("command", PARSERS)
def test_the_options_everywhere_are_everywhere_before_and_after_the_words(command: str) -> None:
    parser = PARSERS[command]()
    assert {name for action in parser._actions for name in action.option_strings} >= EVERYWHERE
    words = ["x"] if command in ("dns", "record", "replay") else []
    options = ["--config-dir", "/etc/postfix-out", "--log", "journal", "--json", "--read-only"]
    before, after = (
        parser.parse_intermixed_args(options + words),
        parser.parse_intermixed_args(words + options),
    )
    assert before == after
    assert (before.config_dir, before.log) == ("/etc/postfix-out", "journal")
    assert before.json and before.read_only


@pytest.mark.parametrize("command", PARSERS)
def test_an_option_is_never_guessed_from_its_beginning(command: str) -> None:
    assert "--js" in refusal(command, *(["x"] if command in ("dns", "record", "replay") else []), "--js")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1h", 3600), ("1.5h", 5400), ("2d", 172_800), ("1w", 604_800)],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert PARSERS["report"]().parse_intermixed_args(["--since", text]).since == seconds


@pytest.mark.parametrize("text", ["", "soon", "1y", "-1h", "1h30m", "h", "1 h"])
def test_what_is_no_length_of_time(text: str) -> None:
    assert "is no length of time; write 90s, 15m, 1h or 2d" in refusal("report", f"--since={text}")


@pytest.mark.parametrize("text", ["", "26", "0000", "20266", "-2026", "MMXX"])
def test_what_is_no_year(text: str) -> None:
    assert "is no year; write four digits" in refusal("parse", f"--year={text}")


@pytest.mark.parametrize("text", ["59", "901", "", "2m", "120.5"])
def test_a_change_may_wait_a_minute_to_a_quarter_of_an_hour(text: str) -> None:
    assert "write 60 to 900 seconds" in refusal("fix", f"--confirm-within={text}")
    for seconds in (60, 900):
        told = PARSERS["fix"]().parse_intermixed_args(["--confirm-within", str(seconds)])
        assert told.confirm_within == seconds
    assert PARSERS["fix"]().parse_intermixed_args([]).confirm_within == 120


@pytest.mark.parametrize("text", ["0", "-1", "1001", "fast", "", "1e2", "nan"])
def test_what_is_no_speed(text: str) -> None:
    assert "is no speed" in refusal("replay", "x", f"--speed={text}")


def test_the_program_that_reaches_hosts_is_words_not_a_shell_string() -> None:
    told = PARSERS["report"]().parse_intermixed_args(["--ssh-command", "ssh -F '/my config' -v", "mx1"])
    assert told.ssh_command == ("ssh", "-F", "/my config", "-v")
    assert "cannot be read" in refusal("report", "--ssh-command", "ssh '")
    assert "reaches no host" in refusal("report", "--ssh-command", " ")


def test_only_what_is_missing_is_asked_for() -> None:
    assert refusal("record") == "the following arguments are required: FILE"
    assert refusal("replay") == "the following arguments are required: FILE"
    assert refusal("dns") == "the following arguments are required: DOMAIN"


def test_an_empty_word_is_a_target_that_is_none_not_the_screen_on_this_host() -> None:
    assert split_command([""]) == ("", [""])


@pytest.mark.parametrize("word", ["trace", "queue", "probe", "doctor"])
def test_a_command_that_is_not_built_is_a_target_like_any_word(word: str) -> None:
    assert split_command([word, "x"]) == ("", [word, "x"])
    assert f"mxtop {word}" not in PARSERS[""]().format_help()


@pytest.mark.parametrize("option", ["--config-dir", "--log"])
def test_an_empty_place_is_none(option: str) -> None:
    """As from a shell variable that is not set: `--log "$LOG"`."""
    assert f"argument {option}: an empty word names nothing" in refusal("report", option, "")
