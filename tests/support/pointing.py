"""Pointing at what is shown in a call, and seeing where others point."""

from typing import Any

from playwright.async_api import Page

# Notes every mark that appears, with where it is: marks fade, and a busy machine may look too late.
WATCH = """() => {
    window.marks = [];
    const note = mark => window.marks.push(
        [mark.textContent, parseFloat(mark.style.left) / 100, parseFloat(mark.style.top) / 100]
    );
    new MutationObserver(() => document.querySelectorAll("#viewer-marks .call-mark").forEach(note)).observe(
        document.querySelector("#viewer-marks"), {childList: true, subtree: true, attributes: true}
    );
}"""
MARKED = """([name, x, y]) => window.marks.some(
    ([by, left, top]) => by === name && Math.abs(left - x) < 0.02 && Math.abs(top - y) < 0.02
)"""


async def watch_marks(page: Page) -> None:
    """Note from now on where anybody points."""
    await page.evaluate(WATCH)


async def press_at(page: Page, x: float, y: float) -> None:
    """Press the mouse on what is shown, at fractions of it."""
    await page.mouse.click(*await _place(page, x, y))


async def touch_at(page: Page, x: float, y: float) -> None:
    """Touch what is shown with a finger, likewise."""
    left, top = await _place(page, x, y)
    devices = await page.context.new_cdp_session(page)
    touches: dict[str, Any] = {"type": "touchStart", "touchPoints": [{"x": left, "y": top}]}
    await devices.send("Input.dispatchTouchEvent", touches)
    await devices.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await devices.detach()


async def marked(page: Page, name: str, x: float, y: float) -> None:
    """Wait until somebody's mark is, or has been, at fractions of what is shown."""
    await page.wait_for_function(MARKED, arg=[name, x, y])


async def _place(page: Page, x: float, y: float) -> tuple[float, float]:
    box = await page.locator("#viewer-sheet").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]
