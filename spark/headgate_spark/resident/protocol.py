"""The conversation over the socket: newline-delimited JSON, requests with ids, answers, events. Knows no jobs."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

# A client that takes nothing while this much waits for it is cut off; it can come again.
MAX_UNREAD_BYTES = 4 << 20


class RequestRefusedError(Exception):
    """Answered to the client as `type` and message."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


class Client:
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, message: dict[str, Any]) -> None:
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self._writer.transport.abort()
            return
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1)


Handler = Callable[[Client, dict[str, Any]], Awaitable[object]]


async def converse(client: Client, reader: asyncio.StreamReader, handle: Handler) -> None:
    """Answers until the client goes. Requests run at the same time: a slow one holds up no other."""
    pending: set[asyncio.Task[None]] = set()
    try:
        while line := await reader.readline():
            task = asyncio.create_task(_answer(client, line, handle))
            pending.add(task)
            task.add_done_callback(pending.discard)
    except (OSError, ValueError):
        # The connection broke, or a line was longer than any request is.
        pass
    finally:
        for task in pending:
            task.cancel()
        await client.close()


async def _answer(client: Client, line: bytes, handle: Handler) -> None:
    request_id: object = None
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("a request is a JSON object")
        request_id = request.get("id")
        result = await handle(client, request)
    except RequestRefusedError as error:
        client.send({"id": request_id, "ok": False, "error": {"type": error.type, "message": str(error)}})
    except ValueError as error:
        client.send({"id": request_id, "ok": False, "error": {"type": "BadRequest", "message": str(error)}})
    else:
        client.send({"id": request_id, "ok": True, "result": result})
