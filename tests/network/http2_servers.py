"""Servers of HTTP/2: nghttpx, which does it well, and two that do what others do at the worst moment."""

import os
import shutil
import socket
import struct
import subprocess

from servers import Server

PROGRAM = shutil.which("nghttpx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")


class Nghttpx:
    """In front of the emulator. The listening socket is ours and stays open: whoever connects while it is being
    restarted waits, and is not refused."""

    def __init__(self, emulator, certificate):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._command = [
            PROGRAM, "--conf=/dev/null", "--single-process", "--workers=1", "--no-ocsp",
            "--errorlog-file=/dev/null", "--accesslog-file=/dev/null", f"--frontend=127.0.0.1,{self.port}",
            f"--backend=127.0.0.1,{emulator.port};;tls;sni=localhost", f"--cacert={emulator.ca_file}",
            certificate.key, certificate.file,
        ]  # fmt: skip
        self.start()

    def start(self):
        descriptor = self._listener.fileno()
        self._process = subprocess.Popen(
            self._command,
            pass_fds=[descriptor],
            env={**os.environ, "NGHTTPX_ACCEPT_1": f"tcp,{descriptor}"},  # as it hands its sockets to a successor
        )

    def kill(self):
        self._process.kill()
        self._process.wait()

    def close(self):
        self.kill()
        self._listener.close()


STARTED = b'{"status":{"success":true,"code":200,"message":"SUCCESS"},"user":{"sessionId":"P-1"}}'
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK = END_STREAM = 1
END_HEADERS = 4
INITIAL_WINDOW_SIZE = 4
NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM = 0, 2, 7


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


async def read_frame(reader):
    length, kind, flags, stream = struct.unpack(">IBBI", b"\0" + await reader.readexactly(9))
    await reader.readexactly(length)
    return kind, flags, stream


def head(stream, status, body):
    """:status, content-type and content-length, by their numbers in HPACK's table."""
    fields = [(b"\x08", b"%d" % status), (b"\x0f\x10", b"application/json"), (b"\x0f\x0d", b"%d" % len(body))]
    block = b"".join(number + bytes([len(text)]) + text for number, text in fields)
    return frame(HEADERS, END_HEADERS, stream, block)


def reset(stream, error):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", error))


class Http2Server(Server):
    """Answers when the head of a request is there, or its end. `window`: how much of a body may be sent unasked."""

    def __init__(self, background, tls, window=65535):
        self.requests = 0
        self._window = struct.pack(">HI", INITIAL_WINDOW_SIZE, window)
        tls.set_alpn_protocols(["h2"])
        super().__init__(background, tls)

    async def serve(self, reader, writer):
        await reader.readexactly(len(PREFACE))
        writer.write(frame(SETTINGS, 0, 0, self._window))
        while True:
            kind, flags, stream = await read_frame(reader)
            if kind == SETTINGS and not flags & ACK:
                writer.write(frame(SETTINGS, ACK, 0))
            if kind == PING:
                self.on_echo(writer)
            if kind == HEADERS:
                self.requests += 1
                self.on_head(writer, stream)
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                self.on_end(writer, stream)

    def on_head(self, writer, stream):
        pass

    def on_end(self, writer, stream):
        pass

    def on_echo(self, writer):
        pass


class StrangeServer(Http2Server):
    """Treats the next request in the manner that `manner` says."""

    def __init__(self, *arguments):
        self.manner = self.answer
        super().__init__(*arguments)

    def on_end(self, writer, stream):
        manner, self.manner = self.manner, self.answer
        manner(writer, stream)

    def answer(self, writer, stream):
        writer.write(head(stream, 200, STARTED) + frame(DATA, END_STREAM, stream, STARTED))

    def answer_half(self, writer, stream):
        writer.write(head(stream, 200, STARTED) + frame(DATA, 0, stream, STARTED[:20]) + reset(stream, INTERNAL_ERROR))

    def fail(self, writer, stream):
        writer.write(reset(stream, INTERNAL_ERROR))

    def refuse(self, writer, stream):
        writer.write(reset(stream, REFUSED_STREAM))

    def ignore(self, _writer, _stream):
        pass

    def go_away(self, writer, _stream):
        writer.write(frame(GOAWAY, 0, 0, struct.pack(">II", 0, NO_ERROR)))
        writer.close()

    def hang_up(self, writer, _stream):
        writer.transport.abort()


class SilentServer(Http2Server):
    """Its first connection stops answering when it is told to, and stays open; any other answers.

    `spoken_to`: how often each connection was asked."""

    def __init__(self, *arguments):
        self.silent = False
        self.spoken_to = {}
        super().__init__(*arguments)

    def on_end(self, writer, stream):
        number = self.tls_objects.index(writer.get_extra_info("ssl_object"))
        self.spoken_to[number] = self.spoken_to.get(number, 0) + 1
        if number or not self.silent:
            writer.write(head(stream, 200, STARTED) + frame(DATA, END_STREAM, stream, STARTED))


class EarlyServer(Http2Server):
    """Answers when there is a head. With no window it has not seen anything of the body then. `in_pieces`: the client
    gets the next piece of an answer when it has shown that it has read the one before."""

    def __init__(self, *arguments, in_pieces, status=200, body=STARTED, **settings):
        self._in_pieces = in_pieces
        self._reply = status, body
        self._pieces = []
        super().__init__(*arguments, **settings)

    def on_head(self, writer, stream):
        status, body = self._reply
        pieces = [head(stream, status, body), frame(DATA, END_STREAM, stream, body), reset(stream, NO_ERROR)]
        if self._in_pieces:
            self._pieces += [piece + frame(PING, 0, 0, bytes(8)) for piece in pieces[1:]]
            writer.write(pieces[0] + frame(PING, 0, 0, bytes(8)))
        else:
            writer.write(b"".join(pieces))

    def on_echo(self, writer):
        if self._pieces:
            writer.write(self._pieces.pop(0))
