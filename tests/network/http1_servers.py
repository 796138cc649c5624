"""A server of HTTP/1.1 that speaks out of turn, or hangs up at the wrong moment."""

import asyncio

from servers import Server

BODY = '{{"status":{{"success":true,"code":200,"message":"SUCCESS"}},"user":{{"sessionId":"{}"}}}}'


def reply(status="200 OK", session="P-1"):
    body = BODY.format(session) if status.startswith("200") else "<html>"
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


class StoppingServer(Server):
    """Reads the head of a request and a little of its body, then no more."""

    def __init__(self, background, tls=None):
        self.requests = 0
        super().__init__(background, tls)

    async def serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(1000)
        self.requests += 1
        writer.transport.pause_reading()
        await asyncio.Event().wait()


class TalkativeServer(Server):
    """Answers each request with the next of `replies`, and then with a success; the first `together` once they are all
    there. `deadly`: a request on a connection that has had an answer ends it."""

    def __init__(self, background, tls=None, replies=(), together=1):
        self.requests = 0
        self._together = together
        self.replies = list(replies)
        self.deadly = False
        super().__init__(background, tls)

    async def serve(self, reader, writer):
        answered = False
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
            self.requests += 1
            if self.deadly and answered:
                return
            while self.requests < self._together:
                await asyncio.sleep(0.001)
            writer.write(self.replies.pop(0) if self.replies else reply())
            answered = True

    def until_connected(self):
        """A client that has connected is ahead of the server that has yet to accept."""

        async def wait():
            while not self.open:
                await asyncio.sleep(0.001)

        self._background.run(wait())

    def say(self, words):
        """On every open connection, unasked."""

        async def say():
            for writer in self.open:
                writer.write(words)

        self._background.run(say())

    def hang_up(self):
        async def close():
            for writer in self.open:
                writer.close()

        self._background.run(close())
