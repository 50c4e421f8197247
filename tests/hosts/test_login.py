"""The questions of a login: whom they go to, how often, and what they cost."""

from __future__ import annotations

import asyncio

import asyncssh
import pytest

from mxtop.hosts.login import Client, Question

KEY = asyncssh.generate_private_key("ssh-ed25519")


class Person:
    """Answers in turn; the last answer again and again."""

    def __init__(self, *answers: str | None, seconds: float = 0.0) -> None:
        self.answers = list(answers)
        self.seconds = seconds
        self.asked: list[Question] = []

    async def __call__(self, question: Question) -> str | None:
        self.asked.append(question)
        await asyncio.sleep(self.seconds)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def client(person: Person | None, deadline: asyncio.Timeout | None = None) -> Client:
    return Client("mx1", person, deadline or asyncio.timeout(None))


async def test_a_host_key_is_never_accepted_here_only_remembered() -> None:
    one = client(Person("yes"))
    assert not one.validate_host_public_key("mx1", "192.0.2.1", 22, KEY)
    assert one.offered is KEY
    one.offered = None
    assert not one.validate_host_ca_key("mx1", "192.0.2.1", 22, KEY)
    assert one.offered is KEY


async def test_without_a_person_nothing_is_offered_that_needs_one() -> None:
    one = client(None)
    assert one.kbdint_auth_requested() is None
    assert await one.password_auth_requested() is None
    assert await one.question("passphrase", "/home/alice/.ssh/id") is None


async def test_the_question_says_who_asks_what() -> None:
    person = Person("secret")
    one = client(person)
    assert await one.question("passphrase", "/id", echo=False) == "secret"
    assert await one.kbdint_challenge_received("", "", "", [("Code \x1b[2J: ", True)]) == ["secret"]
    assert person.asked == [
        Question("mx1", "passphrase", "/id"),
        Question("mx1", "challenge", "Code \x1b[2J: ", echo=True),
    ]


async def test_a_password_is_asked_for_three_times_and_no_more() -> None:
    person = Person("wrong")
    one = client(person)
    assert [await one.password_auth_requested() for _ in range(5)] == ["wrong"] * 3 + [None, None]
    assert len(person.asked) == 3


async def test_a_server_that_challenges_for_ever_ends() -> None:
    person = Person("wrong")
    one = client(person)
    told = [await one.kbdint_challenge_received("", "", "", [("Password: ", False)]) for _ in range(5)]
    assert told == [["wrong"]] * 3 + [None, None]
    assert len(person.asked) == 3


async def test_passwords_and_challenges_are_counted_together() -> None:
    person = Person("wrong")
    one = client(person)
    await one.password_auth_requested()
    await one.kbdint_challenge_received("", "", "", [("Password: ", False)])
    await one.password_auth_requested()
    assert await one.kbdint_challenge_received("", "", "", [("Password: ", False)]) is None


async def test_a_challenge_that_asks_nothing_costs_no_try() -> None:
    person = Person("code")
    one = client(person)
    for _ in range(10):
        assert await one.kbdint_challenge_received("", "bye", "", []) == []
    assert not person.asked
    assert await one.kbdint_challenge_received("", "", "", [("Code: ", False)]) == ["code"]


async def test_who_closes_one_question_is_not_asked_the_next_of_that_challenge() -> None:
    person = Person("me", None)
    one = client(person)
    prompts = [("User: ", True), ("Password: ", False), ("Code: ", False)]
    assert await one.kbdint_challenge_received("", "", "", prompts) is None
    assert [question.text for question in person.asked] == ["User: ", "Password: "]


async def test_the_time_to_think_does_not_count_and_what_is_left_of_it_does() -> None:
    thought = 0.3
    deadline = asyncio.timeout(thought / 2)
    answered = False
    with pytest.raises(TimeoutError):
        async with deadline:
            before = deadline.when()
            assert before is not None
            assert (
                await client(Person("secret", seconds=thought), deadline).question("password", "") == "secret"
            )
            after = deadline.when()
            assert after is not None and after >= before + thought * 0.9
            answered = True
            await asyncio.sleep(3600)  # the clock runs again
    assert answered


async def test_without_a_limit_there_is_none_afterwards() -> None:
    async with asyncio.timeout(None) as deadline:
        await client(Person("secret"), deadline).question("password", "")
        assert deadline.when() is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "the connection was lost"),
        (ConnectionResetError("Connection reset by peer"), "Connection reset by peer"),
        (asyncssh.ConnectionLost("Keepalive timeout"), "Keepalive timeout"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_the_end_has_a_reason(error: Exception | None, reason: str) -> None:
    one = client(None)
    assert not one.over.is_set()
    one.connection_lost(error)
    assert one.over.is_set()
    assert one.reason == reason
