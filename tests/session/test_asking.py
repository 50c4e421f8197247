"""Questions of a login that come before the person does."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from mxtop.hosts.login import Question
from mxtop.session.asking import Asking

QUESTION = Question("mx1", "password", "Password")


class Person:
    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.asked: list[Question] = []

    async def __call__(self, question: Question) -> str | None:
        self.asked.append(question)
        return self.answer


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_questions_wait_for_the_person_and_each_is_answered() -> None:
    asking, person = Asking(), Person("secret")
    waiting = [asyncio.ensure_future(asking(QUESTION)) for _ in range(3)]
    await settled()
    assert not any(one.done() for one in waiting)
    asking.ask_with(person)
    assert await asyncio.gather(*waiting) == ["secret"] * 3
    assert person.asked == [QUESTION] * 3


async def test_who_closes_the_question_has_not_answered() -> None:
    asking = Asking()
    asking.ask_with(Person(None))
    assert await asking(QUESTION) is None


async def test_no_answer_is_kept_for_the_next_time() -> None:
    asking, person = Asking(), Person("secret")
    asking.ask_with(person)
    await asking(QUESTION)
    await asking(QUESTION)
    assert len(person.asked) == 2
    assert "secret" not in repr(vars(asking))


async def test_another_person_is_asked_from_then_on() -> None:
    asking, first, second = Asking(), Person("a"), Person("b")
    asking.ask_with(first)
    await asking(QUESTION)
    asking.ask_with(second)
    assert await asking(QUESTION) == "b"
    assert len(first.asked) == 1


async def test_a_login_that_is_given_up_meanwhile_asks_nobody() -> None:
    asking, person = Asking(), Person("secret")
    waiting = asyncio.ensure_future(asking(QUESTION))
    await settled()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    asking.ask_with(person)
    await settled()
    assert not person.asked


def test_this_machine_alone_needs_no_ssh_library() -> None:
    code = "import mxtop.session.asking, sys; print({'asyncssh', 'mxtop.hosts.login'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "set()\n"
