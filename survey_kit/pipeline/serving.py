"""Pages shown to this machine's own browser while they are written; they reload when they are made anew."""

from __future__ import annotations

import contextlib
import errno
import json
import mimetypes
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from survey_kit.errors import ReportError

HOST: Final = "127.0.0.1"  # never another: the pages are not published
EVENTS: Final = "/_preview/events"
BEAT: Final = 10.0  # seconds between signs of life on an open line
_SCRIPT: Final = Path(__file__).parent / "preview.js"
_TEXTS: Final = frozenset({".html", ".css", ".js", ".svg", ".csv", ".json", ".txt", ".xml", ".md"})


@dataclass(slots=True, kw_only=True)
class Board:
    """What open pages are told: how often the pages were made, and what is wrong now.

    Attributes
    ----------
    folder
        The pages; no file outside of it is ever given.
    version
        How often the pages were made anew.
    fault
        What is wrong, as ``what``, ``where``, ``found``, ``fix``, ``stays``; None when nothing is.
    """

    folder: Path
    version: int = 0
    fault: Mapping[str, str] | None = None
    closed: bool = False
    _news: threading.Condition = field(default_factory=threading.Condition)
    _serial: int = 0

    def tell(self, *, made: bool = False, fault: Mapping[str, str] | None = None) -> None:
        """Say that pages were made, and what is wrong or that nothing is."""
        with self._news:
            self.version += made
            self.fault = fault
            self._serial += 1
            self._news.notify_all()

    def close(self) -> None:
        """Let every open line end."""
        with self._news:
            self.closed = True
            self._news.notify_all()

    def wait(self, seen: int) -> tuple[int, str]:
        """Wait for news after `seen`, at most a beat; give what was seen now and the news, or an empty text."""
        with self._news:
            self._news.wait_for(lambda: self.closed or self._serial != seen, timeout=BEAT)
            if self.closed or self._serial == seen:
                return seen, ""
            return self._serial, json.dumps({"version": self.version, "fault": self.fault}, ensure_ascii=False)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, board: Board) -> None:
        self.board = board
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking for the name of this machine."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away."""


@contextlib.contextmanager
def served(board: Board, port: int) -> Iterator[str]:
    """Serve the pages of a board on this machine alone; give their address.

    Parameters
    ----------
    board
        The pages, and what is told to those who have them open.
    port
        The port; 0 takes a free one.
    """
    try:
        server = _Server(port, board)
    except OSError as fault:
        if fault.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        fix = "Name another with --port; 0 takes a free one."
        raise ReportError("This port cannot be had.", where=f"{HOST}:{port}", found=fault.strerror, fix=fix) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        board.close()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "survey-kit"
    sys_version = ""

    def do_GET(self) -> None:
        """Give a file of the folder, or the line of news."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Give the head of the same."""
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the library's)
        """Keep quiet."""

    def _answer(self, *, body: bool) -> None:
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        if host not in {HOST, "localhost"}:  # a name of elsewhere that leads here would let its pages read these
            self._give(403, "text/plain; charset=utf-8", b"This server answers this machine alone.", body=body)
        elif urlsplit(self.path).path == EVENTS:
            self._news(body=body)
        else:
            self._file(body=body)

    def _file(self, *, body: bool) -> None:
        board = self.server.board
        version = board.version
        path = inside(board.folder, urlsplit(self.path).path)
        if path is None:
            waiting = version == 0
            title = "The pages are being made" if waiting else "There is no such page"
            page = f"<!DOCTYPE html><html lang=en><title>{escape(title)}</title><body><h1>{escape(title)}</h1></body></html>"
            self._give(503 if waiting else 404, "text/html; charset=utf-8", _live(page.encode(), version), body=body)
            return
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content = path.read_bytes()
        if path.suffix == ".html":
            content = _live(content, version)
        self._give(200, kind + ("; charset=utf-8" if path.suffix in _TEXTS else ""), content, body=body)

    def _give(self, status: int, kind: str, content: bytes, *, body: bool) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _news(self, *, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        seen = -1
        while body and not self.server.board.closed:
            seen, news = self.server.board.wait(seen)
            self.wfile.write(f"data: {news}\n\n".encode() if news else b": here\n\n")
            self.wfile.flush()


def inside(folder: Path, asked: str) -> Path | None:
    """Give the file that an address asks for, or None: nothing hidden, nothing outside the folder, not by a link either."""
    name = unquote(asked).lstrip("/")
    if "\0" in name or "\\" in name or any(part.startswith(".") for part in name.split("/")):
        return None
    root = folder.resolve()
    path = (root / name).resolve()
    if path.is_dir():
        path = (path / "index.html").resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def _live(page: bytes, version: int) -> bytes:
    """Put the script that reloads into a page on its way out; the file itself is left alone."""
    script = _SCRIPT.read_text(encoding="utf-8").replace("/*version*/ 0", str(version))
    told = f"<script>{script}</script>".encode()
    head, mark, tail = page.rpartition(b"</body>")
    return head + told + mark + tail if mark else page + told
