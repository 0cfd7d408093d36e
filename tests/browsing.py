"""A headless Chromium that can reach this machine only, and remembers everything it asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, WebSocket, sync_playwright

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# Streamlit's page looks for its server below the page's own path first; the misses are how it finds the root.
PROBES = ("/_stcore/health", "/_stcore/host-config")


@dataclass
class Visit:
    """One browser window: what it asked for and what went wrong in it."""

    context: BrowserContext
    page: Page
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def received(self) -> int:
        """Return the bytes that came by WebSocket so far."""
        return sum(self.frames)

    frames: list[int] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)


@contextmanager
def browser(path: str) -> Iterator[Browser]:
    """Start a Chromium and end it afterwards."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield running
        finally:
            running.close()


@contextmanager
def visit(running: Browser, *, locale: str = "vi-VN", width: int = 1360, height: int = 900) -> Iterator[Visit]:
    """Open a window; requests to anywhere but this machine are refused and written down."""
    context = running.new_context(locale=locale, viewport={"width": width, "height": height}, accept_downloads=True)
    page = context.new_page()
    seen = Visit(context=context, page=page)

    def guard(route: Route) -> None:
        url = route.request.url
        seen.asked.append(url)
        if url.startswith(("http://127.0.0.1:", "http://localhost:", "file:", "data:", "blob:")):
            route.continue_()
        else:
            seen.refused.append(url)
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        url = str(message.location.get("url", ""))
        if message.type == "error" and not url.endswith(PROBES):
            seen.errors.append(f"{message.text} ({url})")

    context.route("**/*", guard)
    page.on("console", heard)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))

    def listened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: seen.frames.append(len(frame)))
        socket.on("framesent", lambda frame: seen.sent.append(frame if isinstance(frame, bytes) else frame.encode()))

    page.on("websocket", listened)
    try:
        yield seen
    finally:
        context.close()
