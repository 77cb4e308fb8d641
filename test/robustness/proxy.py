#!/usr/bin/python3
"""TCP connections between members, on links whose faults are set while they are in use.

A process of its own. `network.Network` starts it and tells it what to do, in JSON, one object a
line of its input, each answered by a line. It ends with its input.

  {"do": "listen", "port": 1, "target": 2, "name": "m1"}    port 1 leads to m1, which listens at 2
  {"do": "set", "from": "m0", "to": "m1", "delay": 0.1}     the rest is as in the beginning
  {"do": "reset", "name": "m0"}                             all connections to m0 and from it, once
  {"do": "count"}                                           bytes that each link has delivered

A link is what one process sends to another, on whichever connection. If m0 dialled m1, the requests
are on the link from m0 to m1, the answers on that from m1 to m0. So one direction can fail alone.

What waits in a connection is bounded: PIPE_BYTES_MAX a direction. Beyond it no more is read, and
the sender is held up as by a slow network.
"""

import asyncio
import json
import os
import random
import signal
import socket
import struct
import sys
from collections import deque
from dataclasses import dataclass, field

from dialler import Diallers

PIPE_BYTES_MAX = 1 << 20

# States of a link. Connections between two members need two of them.
OPEN = "open"
HELD = "held"  # what is sent waits until the link is open again
DROPPED = "dropped"  # what is sent is lost; whoever has lost something is reset in the end
CUT = "cut"  # connections dialled this way are reset, and so is each new one


@dataclass
class Link:
    """Seconds and bytes a second. Chunks are what one read of the sender's socket gave."""

    state: str = OPEN
    delay: float = 0
    jitter: float = 0  # each chunk's delay is up to this much shorter or longer
    hold_probability: float = 0  # that a chunk, and so what comes behind it, waits for hold_seconds
    hold_seconds: float = 0
    rate: float = 0  # 0: unlimited
    free_at: float = field(default=0, repr=False)  # when the rate allows the next chunk
    delivered: int = field(default=0, repr=False)

    def due(self, now: float, size: int, chance: random.Random) -> float:
        """When a chunk that is sent now arrives."""
        if self.rate:
            self.free_at = max(now, self.free_at) + size / self.rate
            now = self.free_at
        now += max(0.0, self.delay + chance.uniform(-self.jitter, self.jitter))
        if self.hold_probability and chance.random() < self.hold_probability:
            now += self.hold_seconds
        return now


class Pipe:
    """One direction of a connection: what `source` reads is written to `sink` when it is due."""

    def __init__(self, connection: "Connection", sender: str, receiver: str) -> None:
        self._connection = connection
        self._links = connection.links
        self.sender, self.receiver = sender, receiver
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self.lost = False
        self.finished = False
        self._queue: deque[tuple[float, bytes]] = deque()  # empty: the sender has finished
        self._bytes = 0
        self._last_due = 0.0
        self._sink_is_full = False
        self._source_is_paused = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def link(self) -> Link:
        return self._links.get(self.sender, self.receiver)

    def feed(self, chunk: bytes) -> None:
        link = self.link
        if link.state == DROPPED:
            self.lost = True
            return
        now = self._links.loop.time()
        # TCP keeps the order, so what is late delays what follows.
        self._last_due = max(self._last_due, link.due(now, len(chunk), self._links.chance))
        self._queue.append((self._last_due, chunk))
        self._bytes += len(chunk)
        if self._bytes > PIPE_BYTES_MAX and not self._source_is_paused:
            self._source_is_paused = True
            self.source.pause_reading()
        self.pump()

    def go_on(self) -> None:
        """The link has changed. What waits comes no later for it, and earlier if it is quicker now."""
        now = self._links.loop.time()
        waiting, self._queue, self._last_due = self._queue, deque(), 0.0
        for due, chunk in waiting:
            due = min(due, self.link.due(now, len(chunk), self._links.chance))
            self._last_due = max(self._last_due, due)
            self._queue.append((self._last_due, chunk))
        self.pump()

    def pump(self) -> None:
        """Delivers what may be delivered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        link = self.link
        if self.sink is None or self._sink_is_full or link.state == HELD:
            return
        now = self._links.loop.time()
        while self._queue and self._queue[0][0] <= now and not self._sink_is_full:
            self._deliver(link, self._queue.popleft()[1])
        if self._queue and not self._sink_is_full:
            self._timer = self._links.loop.call_at(self._queue[0][0], self.pump)
        if self._source_is_paused and self._bytes <= PIPE_BYTES_MAX // 2:
            self._source_is_paused = False
            self.source.resume_reading()

    def _deliver(self, link: Link, chunk: bytes) -> None:
        if self.sink.is_closing():
            self._queue.clear()
        elif chunk:
            self._bytes -= len(chunk)
            link.delivered += len(chunk)
            self.sink.write(chunk)
        else:
            self.finished = True
            try:
                self.sink.write_eof()
            except OSError:  # it is reset, which is not told yet
                self._connection.reset()
            self._connection.close_if_finished()

    def set_sink_full(self, full: bool) -> None:
        self._sink_is_full = full
        if not full:
            self.pump()

    def stop(self) -> None:
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class End(asyncio.Protocol):
    """One end of a connection: reads into one pipe, and is what the other one writes to."""

    def __init__(self, connection: "Connection", reads: Pipe, written: Pipe) -> None:
        self._connection = connection
        self._reads = reads
        self._written = written

    def connection_made(self, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reads.source = self._written.sink = transport
        self._connection.add(transport)
        self._written.pump()

    def data_received(self, data: bytes) -> None:
        self._reads.feed(data)

    def eof_received(self) -> bool:
        self._reads.feed(b"")
        return True  # the other direction goes on

    def pause_writing(self) -> None:
        self._written.set_sink_full(True)

    def resume_writing(self) -> None:
        self._written.set_sink_full(False)

    def connection_lost(self, error: Exception | None) -> None:
        self._connection.reset()


class Connection:
    """From a dialler to a member, by way of the proxy. It is closed as a whole."""

    def __init__(self, links: "Links", dialler: str, name: str) -> None:
        self.links = links
        self.dialler, self.name = dialler, name
        self.there = Pipe(self, dialler, name)
        self.back = Pipe(self, name, dialler)
        self._ends: list[asyncio.Transport] = []
        self._is_reset = False
        links.connections.add(self)

    async def run(self, accepted: socket.socket, port: int) -> None:
        loop = self.links.loop
        try:
            # First the way on, so that what is read has somewhere to go.
            await loop.create_connection(lambda: End(self, self.back, self.there),
                                         "127.0.0.1", port)
            await loop.connect_accepted_socket(lambda: End(self, self.there, self.back),
                                               accepted)
        except OSError:  # the member does not run
            _reset(accepted)
            accepted.close()
            self.reset()

    def add(self, transport: asyncio.Transport) -> None:
        self._ends.append(transport)
        if self._is_reset:  # meanwhile
            self.reset()

    def close_if_finished(self) -> None:
        if self.there.finished and self.back.finished:
            for transport in self._ends:
                transport.close()

    def reset(self) -> None:
        self._is_reset = True
        self.links.connections.discard(self)
        self.there.stop()
        self.back.stop()
        for transport in self._ends:
            if not transport.is_closing():
                _reset(transport.get_extra_info("socket"))
                transport.abort()


def _reset(connected) -> None:
    """What is closed after it is closed by RST."""
    try:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


class Links:
    def __init__(self, loop: asyncio.AbstractEventLoop, seed: int) -> None:
        self.loop = loop
        self.chance = random.Random(seed)
        self.connections: set[Connection] = set()
        self._diallers = Diallers(os.getppid())
        self._links: dict[tuple[str, str], Link] = {}

    def get(self, sender: str, receiver: str) -> Link:
        return self._links.setdefault((sender, receiver), Link())

    def set(self, sender: str, receiver: str, conditions: dict) -> None:
        before = self.get(sender, receiver)
        link = Link(**conditions, delivered=before.delivered)
        self._links[sender, receiver] = link
        for connection in list(self.connections):
            pipes = [pipe for pipe in (connection.there, connection.back)
                     if (pipe.sender, pipe.receiver) == (sender, receiver)]
            if link.state == CUT and (connection.dialler, connection.name) == (sender, receiver):
                connection.reset()
            elif link.state == OPEN and any(pipe.lost for pipe in pipes):
                connection.reset()
            else:
                for pipe in pipes:
                    pipe.go_on()

    def reset(self, name: str) -> None:
        for connection in list(self.connections):
            if name in (connection.dialler, connection.name):
                connection.reset()

    async def listen(self, port: int, target: int, name: str) -> None:
        listener = socket.create_server(("127.0.0.1", port), backlog=256)
        listener.setblocking(False)
        while True:
            accepted, (_, client_port) = await self.loop.sock_accept(listener)
            dialler = self._diallers.name(port, client_port)
            if self.get(dialler, name).state == CUT:
                _reset(accepted)
                accepted.close()
                continue
            connection = Connection(self, dialler, name)
            self.loop.create_task(connection.run(accepted, target))

    def delivered(self) -> list[tuple[str, str, int]]:
        return [(*ends, link.delivered) for ends, link in self._links.items()]


async def main(seed: int) -> None:
    loop = asyncio.get_running_loop()
    links = Links(loop, seed)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        command = json.loads(line)
        answer = {}
        match command.pop("do"):
            case "listen":
                tasks.add(loop.create_task(links.listen(**command)))
                await asyncio.sleep(0)
            case "set":
                links.set(command.pop("from"), command.pop("to"), command)
            case "reset":
                links.reset(**command)
            case "count":
                answer = {"delivered": links.delivered()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # at ^C, too, it ends with its input
    asyncio.run(main(int(sys.argv[1])))
