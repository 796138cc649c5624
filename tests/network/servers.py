"""What stands between a client and the emulator. All of it on loopback, in one thread with an event loop."""

import asyncio
import base64
import contextlib
import socket
import ssl
import threading

PIECE = 65536


class Background:
    """The event loop where these live, while the test itself may block."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def close(self):
        self.run(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel_all(self):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Server:
    """Counts connections. `tls`: a context, when it is to speak TLS."""

    def __init__(self, background, tls=None):
        self.connections = 0
        self.open = set()
        self.most_open = 0
        self.tls_objects = []
        self._background = background
        self._server = background.run(asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls, backlog=1024))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    async def _accept(self, reader, writer):
        self.connections += 1
        self.open.add(writer)
        self.most_open = max(self.most_open, len(self.open))
        self.tls_objects.append(writer.get_extra_info("ssl_object"))
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self.serve(reader, writer)
        finally:
            writer.close()
            self.open.discard(writer)

    async def serve(self, reader, writer):
        raise NotImplementedError

    def drop_connections(self):
        self._background.run(self._drop_connections())

    async def _drop_connections(self):
        for writer in self.open:
            with contextlib.suppress(AttributeError):  # Python 3.11 says so of a TLS connection that is gone
                writer.transport.abort()

    def close(self):
        self._background.run(self._close())

    async def _close(self):
        self._server.close()
        await self._drop_connections()


async def pump(reader, writer, heard=None):
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            if heard is not None:
                heard += piece
            writer.write(piece)
            await writer.drain()
    writer.close()


async def splice(reader, writer, port, tls=None, heard=None):
    """Joins a connection to a new one."""
    name = "127.0.0.1" if tls else None
    onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
    try:
        await asyncio.gather(pump(reader, onward_writer, heard), pump(onward_reader, writer))
    finally:
        onward_writer.close()


class Relay(Server):
    """Passes on what it gets; with `tls` and `onward_tls` it is the server whose TLS the client sees."""

    def __init__(self, background, port, tls=None, onward_tls=None):
        self.heard = bytearray()  # from all clients
        self._onward = port, onward_tls
        super().__init__(background, tls)
        self.url = f"https://127.0.0.1:{self.port}"  # TLS it is in any case, the next one's if not its own

    async def serve(self, reader, writer):
        await splice(reader, writer, *self._onward, self.heard)


class Refusal(Server):
    """Speaks TLS as far as the handshake, which is to fail; and says why, which asyncio's own does not."""

    def __init__(self, background, tls):
        self.heard = b""
        self._tls = tls
        super().__init__(background)
        self.url = f"https://127.0.0.1:{self.port}"

    async def serve(self, reader, writer):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._tls.wrap_bio(incoming, outgoing, server_side=True)
        refused = False
        while piece := await reader.read(PIECE):  # to the end: who hangs up early takes the alert back
            if refused:
                continue
            incoming.write(piece)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                refused = True
            writer.write(outgoing.read())
            if refused:
                writer.write_eof()


class ConnectProxy(Server):
    """A proxy that wants to know who asks, and finds every origin at one port of this machine."""

    def __init__(self, background, port, user="user", password="password"):
        self.heads = []  # of all requests to itself
        self.heard = bytearray()  # what went through it
        self._port = port
        self._authorization = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
        super().__init__(background)

    async def serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if b"\r\nProxy-Authorization: " + self._authorization + b"\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        elif head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await splice(reader, writer, self._port, heard=self.heard)


class SocksProxy(Server):
    """Speaks SOCKS 4, 4a and 5, wants no password, and finds every origin at one port of this machine."""

    def __init__(self, background, port):
        self.asked = []  # for names, or for addresses
        self._port = port
        super().__init__(background)

    async def serve(self, reader, writer):
        [version] = await reader.readexactly(1)
        self.asked.append(await (self._socks5(reader, writer) if version == 5 else self._socks4(reader, writer)))
        await splice(reader, writer, self._port)

    async def _socks4(self, reader, writer):
        request = await reader.readexactly(7)  # command, port, address
        await reader.readuntil(b"\0")  # the user
        by_name = request[3:6] == b"\0\0\0" and request[6]
        host = (await reader.readuntil(b"\0"))[:-1].decode() if by_name else socket.inet_ntoa(request[3:])
        writer.write(b"\0\x5a" + bytes(6))
        return host

    async def _socks5(self, reader, writer):
        await reader.readexactly((await reader.readexactly(1))[0])  # ways to sign in
        writer.write(b"\5\0")
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = socket.inet_ntoa(await reader.readexactly(4))
        await reader.readexactly(2)  # the port
        writer.write(b"\5\0\0\1" + bytes(6))
        return host
