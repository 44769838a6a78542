"""Serves MiniStack's application until it is told to stop, then saves and ends."""

import asyncio
import errno
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from spotforge_emulator.child_processes import end_children
from spotforge_emulator.save_failures import watch_saving
from spotforge_emulator.settings import Settings
from spotforge_emulator.startup_error import StartupError
from spotforge_emulator.state_directory import mark_running, mark_saved, was_interrupted

logger = logging.getLogger("spotforge.emulator")

PARENT_CHECK_SECONDS = 0.5
# SIGTERM promises an end within 10 s: after 8 the process goes, saved or not.
LAST_RESORT_SECONDS = 8.0
DRAIN_SECONDS = 1.0

Message = MutableMapping[str, Any]
Application = Callable[..., Awaitable[None]]


def bind(port: int) -> socket.socket:
    """The listening socket on 127.0.0.1; StartupError when somebody else has the port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartupError(f"Port {port} on 127.0.0.1 is in use: stop what listens there or choose another port.") from error
        raise StartupError(f"Port {port} on 127.0.0.1 cannot be opened ({error.strerror}): choose another port.") from error
    return listener


def serve(application: Application, listener: socket.socket, settings: Settings) -> int:
    """Runs until SIGTERM, SIGINT or the parent's death. Returns the exit code."""
    parent = os.getppid()
    return asyncio.run(_serve(application, listener, settings, parent))


async def _serve(application: Application, listener: socket.socket, settings: Settings, parent: int) -> int:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            threading.Thread(target=_last_resort, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    watcher = asyncio.create_task(_watch_parent(parent, stop))

    failures = watch_saving()
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = DRAIN_SECONDS
    config.errorlog = None
    await hypercorn_serve(_announcing(application, settings), config, shutdown_trigger=stopping.wait)
    watcher.cancel()
    end_children()
    if failures.messages:
        print(failures.sentence(settings.state), file=sys.stderr, flush=True)  # noqa: T201
        return 2
    mark_saved(settings.state)
    return 0


async def _watch_parent(parent: int, stop: Callable[[], None]) -> None:
    """Stops when the process that started this one is gone, so that a killed tier leaves nothing behind."""
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_CHECK_SECONDS)
    logger.warning("The process that started the emulator is gone: stopping.")
    stop()


def _last_resort() -> None:
    time.sleep(LAST_RESORT_SECONDS)
    end_children(grace_seconds=0)
    print("The emulator did not stop in time and was ended; its state may be incomplete.", file=sys.stderr, flush=True)  # noqa: T201
    os._exit(1)


def _announcing(application: Application, settings: Settings) -> Application:
    """Prints the ready line once MiniStack has restored its state."""

    async def announced(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return

        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                interrupted = was_interrupted(settings.state)
                mark_running(settings.state)
                print(  # noqa: T201 - the interface: one line on stdout
                    json.dumps({"ready": True, "endpoint": settings.endpoint, "previousRunSaved": not interrupted}), flush=True
                )

        await application(scope, receive, announce)

    return announced
