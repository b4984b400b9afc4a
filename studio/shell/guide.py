"""Leads through the window as a person goes: opens pages, waits for what they ask for, and has pictures taken."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.seeing.view import SceneView
from studio.shell.camera import Camera
from studio.shell.window import StudioWindow

if TYPE_CHECKING:
    from studio.live.run_model import RunModel

SIZES = ((1280, 800), (1920, 1080))


class Guide:
    """What every part of a tour needs; `told` hears in a sentence what is being done."""

    def __init__(self, window: StudioWindow, camera: Camera, told: Callable[[str], None]) -> None:
        self.window, self.session, self.camera, self.told = window, window.session, camera, told

    def page(self, name: str) -> Any:
        """The open page of this name."""
        self.window.pages.open(name)
        return self.window.pages.panels[name]

    def shoot(self, page: str, name: str, sizes: tuple[tuple[int, int], ...] = SIZES) -> None:
        """Pictures of a page in both themes at each size, once everything it asked for has come; "" for no page."""
        if page:
            self.window.pages.open(page)
            self.camera.until_idle("what the page counts")  # it asks for what it lacks once it is seen
        self.camera.shoot(name, sizes)
        self.told(f"  {name}")

    def shoot_small(self, page: str, name: str) -> None:
        """The same at the smaller size only."""
        self.shoot(page, name, SIZES[:1])

    def shoot_views(self, name: str) -> None:
        """The further views of a page that has several."""
        page: Any = self.page(name)
        names = [view.name for view in getattr(type(page), "views", ())]  # of its class: what it has built is no list
        for view in names[1:]:
            page.open_view(view)
            self._measure(getattr(page, "view", None))
            self.shoot_small(name, f"{name}-{view}")
        if names:
            page.open_view(names[0])

    def _measure(self, view: Any) -> None:
        """Have a view of the inside begin what waits for its button."""
        if isinstance(view, SceneView):
            self.camera.until_idle("the model")
            if not view.why_nothing():
                view.start_measuring()

    def press(self, page: Any) -> None:
        """The page's primary button, once it can be pressed."""
        self.camera.until("the button", page.primary.isEnabled)
        page.primary.click()

    def begin(self, page: Any) -> "RunModel":
        """Press the primary button of a page; the run that it starts."""
        known = set(self.session.runs)
        self.press(page)
        new = [model for name, model in self.session.runs.items() if name not in known]
        if not new:
            raise StudioError(f"The run did not start. {page.banner.message.text()}", page.banner.hint.text())
        return new[0]

    def finished(self, model: "RunModel") -> None:
        """Wait for the end of a run; anything but its last step is a `StudioError`."""
        self.camera.until("the end of the run", lambda: not model.living)
        if model.state != "finished":
            raise StudioError(f"“{model.name}” ended early: {model.ending.message or model.state}")
