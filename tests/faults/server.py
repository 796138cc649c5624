# SPDX-License-Identifier: Apache-2.0
"""Offers each fault to each operation, at a port of its own, so that whatever arrives there is that cell's.

    server.py FOLDER

Writes FOLDER/cells.json: for each cell where to connect, what to call, and what to expect. Says "ready", and ends when
its standard input does. The control server answers any GET with how many requests each cell has seen. Before that,
idle connections are disturbed where that is the fault.
"""

import base64
import json
import logging
import os
import pathlib
import resource
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "network")]

import table  # noqa: E402
from certificates import Authority  # noqa: E402
from manners import Http1Server, Http2Fault, Unpersuaded, http, read_request  # noqa: E402
from servers import Background, Server  # noqa: E402

BRAND = "Faults"
IDENTIFIER = "919999999971"
DAY = 86400
MARGIN_MS = 3_000_000  # so that a token that lives ten minutes more is about to expire
NO_MEMORY = "no-memory.faults.test"
NO_TLS = ("silent", "reset_at_hello", "hang_up_at_hello", "alert", "plain_http")


# ---- Tokens and answers ----


def part(members):
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def token(role, life, since=0, **claims):
    now = int(time.time())
    identity = {"idv": [f"MOBILE|{IDENTIFIER}"], "dev": "device-1", "org": BRAND.upper(), "alg": "HS256"}
    return f"{part(identity)}.{part({'iat': now - since, 'exp': now + life, 'rol': role, **claims})}.c2lnbmF0dXJl"


def make_tokens():
    return {
        "$view": token("VIEW", 10 * DAY),
        "$pending": token("MFA_PENDING", 10 * DAY, uid="1"),
        "$user": token("USER", 10 * DAY, uid="1"),
        "$expiring": token("USER", 600, since=DAY, uid="1"),
        "$expired": token("USER", -DAY, since=2 * DAY, uid="1"),
        "$new": token("USER", 20 * DAY, uid="1"),
        "$key": token("AUTH", 10 * DAY, uid="1"),
        "$new_key": token("AUTH", 20 * DAY, uid="1"),
        "$identifier": IDENTIFIER,
    }


def filled(members, tokens):
    return {name: tokens.get(value, value) if isinstance(value, str) else value for name, value in members.items()}


def healthy(tokens):
    """What the Auth Engine, and a gateway, say to a path when nothing is wrong."""

    def answer(path):
        told = {"status": {"success": True, "code": 200, "message": "SUCCESS"}}
        if path.endswith("token/generate"):
            told |= {"auth": {"token": tokens["$view"], "key": None}, "user": {"sessionId": "P-1"}}
        elif path.endswith("regenerate"):
            told |= {"auth": {"token": tokens["$new"], "key": None}, "user": {"role": "USER"}}
        elif path.endswith(("otp/validate", "password/validate")):
            told |= {"auth": {"token": tokens["$new"], "key": tokens["$new_key"]}, "user": {"role": "USER"}}
        return told

    return answer


# ---- Certificates ----


class Contexts:
    """TLS as the faults want it: each made once."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        good = self.authority.issue("server", host=f"IP:127.0.0.1,DNS:{NO_MEMORY}")
        self._good = good.server()
        self._http2 = good.server()
        self._bad = {
            "expired": self.authority.issue("expired", begin="20200101000000Z", end="20210101000000Z").server(),
            "wrong_host": self.authority.issue("other", host="DNS:auth.other.test").server(),
            "self_signed": self.authority.self_signed("alone").server(),
            "wants_certificate": good.server(verify_mode=2),
        }
        self._bad["wants_certificate"].load_verify_locations(self.authority.file)

    def of(self, fault):
        if "proxy" in fault or fault.get("server") in NO_TLS:
            return None
        if fault.get("http2"):
            return self._http2
        return self._bad.get(fault.get("server"), self._good)


# ---- Where nobody listens ----


class Closed:
    """A port that is taken, and refuses. With `backlog` it listens, and all who can wait to be let in do so already:
    whoever comes next hears nothing."""

    requests = 0

    def __init__(self, backlog=None):
        self._sockets = [socket.socket()]
        self._sockets[0].bind(("127.0.0.1", 0))
        self.port = self._sockets[0].getsockname()[1]
        if backlog is not None:
            self._sockets[0].listen(backlog)
            self._fill(backlog + 2)

    def _fill(self, count):
        for _ in range(count):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", self.port))
            self._sockets.append(waiting)

    async def disturb_idle(self):
        pass


def origin_of(fault, port):
    """What preload_faults.c makes of these hosts is said there."""
    hosts = {
        "unknown_host": "missing.faults.test",
        "slow_host": "slow.faults.test",
        "no_descriptors": "[::1]",
        "no_memory": NO_MEMORY,
    }
    host = "auth.brand.test" if "proxy" in fault else hosts.get(fault.get("server"), "127.0.0.1")
    return f"https://{host}:{port}"


# ---- Cells ----


class Cells:
    def __init__(self, background, folder):
        self.table = table.load()
        self.servers = {}
        self._background = background
        self._contexts = Contexts(folder)
        self._tokens = make_tokens()
        self._answers = healthy(self._tokens)

    def _server(self, fault):
        if fault.get("server") in ("closed", "unknown_host", "slow_host", "no_descriptors"):
            return Closed()
        if fault.get("server") == "full":
            return Closed(backlog=0)
        if fault.get("server") == "wants_certificate":
            return Unpersuaded(self._background, self._contexts.of(fault))
        kind = Http2Fault if fault.get("http2") else Http1Server
        return kind(self._background, self._contexts.of(fault), fault, self._answers)

    def _client(self, fault, port):
        options = {
            "base_url": origin_of(fault, port),
            "ca_file": str(self._contexts.authority.file),
            "proxy": f"{fault['proxy']}://127.0.0.1:{port}" if "proxy" in fault else "",
            "http2": fault.get("http2", False),
            "timeout_ms": 20000 if fault.get("kept") else fault.get("timeout_ms", 20000),
            "connect_timeout_ms": fault.get("connect_timeout_ms", 10000),
            "max_retries": table.RETRIES,
            "refresh_margin_ms": MARGIN_MS,
        }
        return options

    def _session(self, operation, origin):
        state = {
            "v": 1, "origin": origin, "flow": "mobile", "brand": BRAND, "device": "device-1",
            "identifierType": "MOBILE", "identifier": IDENTIFIER, **self.table.sessions[operation["session"]],
        }  # fmt: skip
        return json.dumps(filled(state, self._tokens))

    def cell(self, fault, operation):
        server = self._server(fault)
        name = f"{fault['name']} / {operation['name']}"
        self.servers[name] = server
        client = self._client(fault, server.port)
        return {
            "name": name,
            "client": client,
            "session": self._session(operation, client["base_url"]),
            "method": operation.get("method", operation["name"]),
            "arguments": operation.get("arguments", {}),
            "timeout_ms": fault.get("timeout_ms", 0) if fault.get("kept") else 0,
            "expected": filled(table.expected(self.table, fault, operation), self._tokens),
        }

    def all(self):
        return [
            {
                "name": fault["name"],
                "kept": fault.get("kept", False),
                "cells": [self.cell(fault, operation) for operation in self.table.operations],
            }
            for fault in self.table.faults
        ]


class Control(Server):
    def __init__(self, background, cells):
        self._cells = cells
        super().__init__(background)

    async def serve(self, reader, writer):
        while True:
            await read_request(reader)
            for server in self._cells.servers.values():
                await server.disturb_idle()
            counts = {name: server.requests for name, server in self._cells.servers.items()}
            writer.write(http("200 OK", json.dumps(counts)))
            await writer.drain()


def main(folder):
    logging.disable()  # asyncio would tell of each connection that is gone
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    background = Background()
    cells = Cells(background, folder)
    faults = cells.all()
    control = Control(background, cells)
    text = json.dumps({"control": control.url, "faults": faults})
    (pathlib.Path(folder) / "cells.json").write_text(text, encoding="utf-8")
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)  # there is nothing to tidy up, and most connections are stuck on purpose


if __name__ == "__main__":
    main(sys.argv[1])
