"""The browser that pages are tested with is there and works."""

from __future__ import annotations

from playwright.sync_api import Page


def test_a_page_of_text_is_shown(page: Page) -> None:
    page.set_content("<!doctype html><title>mainstem</title><h1>All requirements are met</h1>")
    assert page.title() == "mainstem"
    assert page.get_by_role("heading").inner_text() == "All requirements are met"
