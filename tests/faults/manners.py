# SPDX-License-Identifier: Apache-2.0
"""How a server treats a connection, one function for each fault. A fault's own row names it."""

import asyncio
import json
import socket
import struct

from http2_servers import (
    DATA,
    END_STREAM,
    GOAWAY,
    INTERNAL_ERROR,
    NO_ERROR,
    REFUSED_STREAM,
    STARTED,
    Http2Server,
    frame,
    head,
    reset,
)  # fmt: skip
from servers import Refusal, Server

FOR_EVER = 3600
PAGE = "<html><body>Error</body></html>"
ALERT = bytes([21, 3, 3, 0, 2, 2, 40])  # fatal: handshake failure
TOO_LONG = 2 << 20
UNBEARABLE = 400_000  # preload_faults.c refuses the memory that a reply of this size takes


def http(status, body="", headers=None):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def cut_off(writer):
    """A reset, where closing would be a polite end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_request(reader):
    """Its path."""
    told = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in told.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
    return told.split(b" ", 2)[1].decode()


# ---- What happens before there is a request ----


async def silent(_server, _reader, _writer):
    await asyncio.sleep(FOR_EVER)


async def reset_at_hello(_server, reader, writer):
    await reader.read(1)
    cut_off(writer)


async def hang_up_at_hello(_server, reader, _writer):
    await reader.read(4096)


async def alert(_server, reader, writer):
    await reader.read(4096)
    writer.write(ALERT)


async def plain_http(_server, reader, writer):
    await reader.read(4096)
    writer.write(http("400 Bad Request", PAGE))


async def reset_in_request(_server, reader, writer):
    await reader.read(1)
    cut_off(writer)


# ---- Proxies ----


async def proxy_407(_server, reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(http("407 Who", headers={"Proxy-Authenticate": "Basic realm=x"}))


async def proxy_403(_server, reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(http("403 Forbidden", PAGE))


async def proxy_429(_server, reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(http("429 Too Many Requests", PAGE))


async def proxy_502(_server, reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(http("502 Bad Gateway", PAGE))


async def proxy_garbage(_server, reader, writer):
    await reader.read(4096)
    writer.write(b"\x7fgarbage\r\n\r\n" * 8)


async def socks_choice(reader, writer, choice):
    """The client says how it could sign in, and is told which way to take."""
    await reader.readexactly((await reader.readexactly(2))[1])
    writer.write(bytes([5, choice]))


async def socks_answer(reader, writer, reply):
    await socks_choice(reader, writer, 0)
    await reader.readexactly(4)
    writer.write(bytes([5, reply, 0, 1]) + bytes(6))


async def socks_forbids(_server, reader, writer):
    await socks_answer(reader, writer, 2)


async def socks_unreachable(_server, reader, writer):
    await socks_answer(reader, writer, 4)


async def socks_rejects_user(_server, reader, writer):
    await socks_choice(reader, writer, 2)
    await reader.readexactly((await reader.readexactly(2))[1] + 1)  # user
    writer.write(b"\1\1")


async def socks_takes_nobody(_server, reader, writer):
    await socks_choice(reader, writer, 255)


# ---- What happens after the request ----


async def silent_after_request(_server, _writer):
    await asyncio.sleep(FOR_EVER)


async def hang_up(_server, writer):
    writer.close()


async def reset_after(_server, writer):
    cut_off(writer)


async def reset_in_head(_server, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    cut_off(writer)


async def reset_in_body(_server, writer):
    writer.write(http("200 OK", "x" * 400)[:-300])
    await writer.drain()
    await asyncio.sleep(0.05)  # a reset takes away what was not yet read
    cut_off(writer)


async def truncate(_server, writer):
    writer.write(http("200 OK", "x" * 400)[:-300])
    writer.close()


async def stall_in_head(_server, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await asyncio.sleep(FOR_EVER)


async def stall_in_body(_server, writer):
    writer.write(http("200 OK", "x" * 400)[:-300])
    await asyncio.sleep(FOR_EVER)


async def trickle(_server, writer):
    for byte in http("200 OK", "x" * 400):
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)


async def bad_chunks(_server, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n{}\r\n0\r\n\r\n")
    await asyncio.sleep(FOR_EVER)


async def garbage(_server, writer):
    writer.write(b"\x7fgarbage\r\n\r\n" * 8)
    writer.close()


async def too_long(_server, writer):
    writer.write(http("200 OK", "{" + " " * TOO_LONG + "}"))


async def no_memory(_server, writer):
    writer.write(http("200 OK", "{" + " " * UNBEARABLE + "}"))


BEFORE = {
    function.__name__: function
    for function in (
        silent, reset_at_hello, hang_up_at_hello, alert, plain_http, reset_in_request,
        proxy_407, proxy_403, proxy_429, proxy_502, proxy_garbage, socks_forbids, socks_unreachable, socks_rejects_user,
        socks_takes_nobody,
    )
}  # fmt: skip
AFTER = {
    "reset": reset_after,
    **{
        function.__name__: function
        for function in (
            silent_after_request, hang_up, reset_in_head, reset_in_body, truncate, stall_in_head, stall_in_body,
            trickle, bad_chunks, garbage, too_long, no_memory,
        )
    },
}  # fmt: skip


# ---- Servers ----


class Http1Server(Server):
    """`answers`: what a healthy Auth Engine says to a path. With `kept`, the first request of a connection gets that,
    and the fault is for the next."""

    def __init__(self, background, tls, fault, answers):
        self.requests = 0
        self._fault = fault
        self._answers = answers
        self._is_idle = set()
        super().__init__(background, tls)

    async def serve(self, reader, writer):
        name = self._fault.get("server")
        if name in BEFORE:
            await BEFORE[name](self, reader, writer)
            return
        is_first = True
        while True:
            path = await read_request(reader)
            self.requests += 1
            self._is_idle.discard(writer)
            await self._answer(path, writer, is_first)
            is_first = False
            await writer.drain()

    async def _answer(self, path, writer, is_first):
        name = self._fault.get("server")
        if "reply" in self._fault:
            told = self._fault["reply"]
            writer.write(http(told["status"], told["body"].replace("$page", PAGE), told.get("headers")))
        elif name in AFTER and not (is_first and self._fault.get("kept")):
            await AFTER[name](self, writer)
        else:
            writer.write(http("200 OK", json.dumps(self._answers(path))))
            self._is_idle.add(writer)
        if name == "never_reads":
            writer.transport.pause_reading()
            await asyncio.sleep(FOR_EVER)

    async def disturb_idle(self):
        """What nobody has asked for, on the connections that rest."""
        for writer in self._is_idle:
            if self._fault.get("server") == "words_when_idle":
                writer.write(http("408 Request Timeout", PAGE))
            elif self._fault.get("server") == "close_when_idle":
                writer.close()
        self._is_idle.clear()


class Unpersuaded(Refusal):
    """Wants a certificate that nobody here has. With TLS 1.3 the client hears of it after its request, which is not
    read."""

    requests = 0

    async def disturb_idle(self):
        pass


class Http2Fault(Http2Server):
    """Treats each request in the manner that the fault says."""

    def __init__(self, background, tls, fault, _answers):
        self._treat = getattr(self, "_" + fault["server"].removeprefix("h2_"))
        self._greets = fault.get("kept", False)
        self._greeted = set()
        super().__init__(background, tls)

    async def disturb_idle(self):
        pass

    def on_end(self, writer, stream):
        if self._greets and writer not in self._greeted:
            self._greeted.add(writer)
            writer.write(head(stream, 200, STARTED) + frame(DATA, END_STREAM, stream, STARTED))
        else:
            self._treat(writer, stream)

    def _reset(self, writer, stream):
        writer.write(reset(stream, INTERNAL_ERROR))

    def _refuse(self, writer, stream):
        writer.write(reset(stream, REFUSED_STREAM))

    def _half(self, writer, stream):
        body = b"x" * 100
        writer.write(head(stream, 200, body) + frame(DATA, 0, stream, body[:20]) + reset(stream, INTERNAL_ERROR))

    def _goaway(self, writer, _stream):
        writer.write(frame(GOAWAY, 0, 0, struct.pack(">II", 0, NO_ERROR)))
        writer.close()

    def _hang_up(self, writer, _stream):
        cut_off(writer)

    def _silent(self, _writer, _stream):
        pass
