"""A screen that is looked at for itself can be copied; a question lying over one is none."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from tests.ui.harness import running, settle

import mxtop.ui.screens
from mxtop.ui.screens.everyone import Everyone
from mxtop.ui.screens.form import Form
from mxtop.ui.screens.listing import Listing
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.page import Page
from mxtop.ui.screens.password import Password
from mxtop.ui.screens.sort import Sort
from mxtop.ui.screens.whole import Whole

for module in pkgutil.walk_packages(mxtop.ui.screens.__path__, "mxtop.ui.screens."):
    importlib.import_module(module.name)


def below(kind: type[Whole]) -> set[type[Whole]]:
    return {kind, *(each for sub in kind.__subclasses__() for each in below(sub))}


SCREENS = sorted(below(Whole) - {Whole}, key=lambda kind: kind.__name__)


def test_they_are_all_of_them() -> None:
    assert {Main, Everyone, Page, Form, Listing} <= set(SCREENS) and len(SCREENS) > 10


@pytest.mark.parametrize("kind", SCREENS, ids=lambda kind: kind.__name__)
def test_each_says_what_is_copied(kind: type[Whole]) -> None:
    assert kind.plain is not Whole.plain


@pytest.mark.parametrize("kind", [Password, Sort])
def test_a_question_is_none(kind: type) -> None:
    """What is typed into it must not be copied, nor covered by a page."""
    assert not issubclass(kind, Whole)


async def test_a_question_is_not_copied() -> None:
    async with running() as (app, pilot):
        app.push_screen(Password("Password"))
        await settle(pilot)
        app.action_copy()
        await settle(pilot)
        assert app.clipboard == "" and isinstance(app.screen, Password)
