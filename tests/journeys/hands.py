"""Two ways to use a page: with a pointer, or with the keyboard alone. A journey is told once and done with either."""

from pathlib import Path
from typing import Protocol

from playwright.async_api import FileChooser, Locator, Page, expect

MAX_TABS = 250
FOCUSED = "element => element === document.activeElement"
# A radio button is reached through the one of its group that takes the focus; the arrows go on from there.
FOCUSED_GROUP = "element => document.activeElement?.type === 'radio' && document.activeElement.name === element.name"


class Hands(Protocol):
    """What a person does with a page."""

    async def press(self, target: Locator) -> None:
        """Activate a link or a button."""

    async def type(self, target: Locator, text: str) -> None:
        """Put a text into an empty field."""

    async def choose(self, target: Locator) -> None:
        """Choose a radio button."""

    async def give_file(self, target: Locator, file: Path) -> None:
        """Press what opens the system's file dialogue and choose a file in it."""


class Pointer:
    """A finger or a mouse."""

    async def press(self, target: Locator) -> None:
        await target.click()

    async def type(self, target: Locator, text: str) -> None:
        await target.click()
        await target.press_sequentially(text)

    async def choose(self, target: Locator) -> None:
        # A styled radio button shows its label; whichever of the two lies on top takes the touch.
        label = target.page.locator(f"label[for='{await target.get_attribute('id')}']")
        await label.scroll_into_view_if_needed()
        box = await label.bounding_box()
        assert box is not None
        await target.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(target).to_be_checked()

    async def give_file(self, target: Locator, file: Path) -> None:
        async with target.page.expect_file_chooser() as opening:
            await self.press(target)
        await _answer(await opening.value, file)


class Keyboard:
    """No pointer at all: Tab, Shift+Tab, arrows, Enter and Space."""

    async def press(self, target: Locator) -> None:
        await self._reach(target)
        await target.page.keyboard.press("Enter")

    async def type(self, target: Locator, text: str) -> None:
        await self._reach(target)
        await target.page.keyboard.type(text)

    async def choose(self, target: Locator) -> None:
        await target.wait_for(state="attached")
        page = target.page
        await self._tab_until(page, target, FOCUSED_GROUP)
        await page.keyboard.press("Space")
        for _ in range(MAX_TABS):
            if await target.is_checked():
                return
            await page.keyboard.press("ArrowRight")
        raise AssertionError(f"the arrow keys do not reach {target}")

    async def give_file(self, target: Locator, file: Path) -> None:
        await self._reach(target)
        async with target.page.expect_file_chooser() as opening:
            # an answer from the browser: by now it knows that the dialogue is ours. A key that overtakes that word
            # opens a dialogue which a browser without a screen cancels at once.
            assert await target.evaluate(FOCUSED)
            await target.page.keyboard.press("Enter")
        await _answer(await opening.value, file)

    async def _reach(self, target: Locator) -> None:
        await target.wait_for()
        await self._tab_until(target.page, target, FOCUSED)
        assert await target.evaluate(VISIBLY_FOCUSED), f"{target} has the focus and does not show it"

    async def _tab_until(self, page: Page, target: Locator, condition: str) -> None:
        for _ in range(MAX_TABS):
            if await target.evaluate(condition):
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target} on {page.url}")


VISIBLY_FOCUSED = """element => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return outlined || style.boxShadow !== "none";
}"""


async def _answer(chooser: FileChooser, file: Path) -> None:
    await chooser.set_files(file)
