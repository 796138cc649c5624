# SPDX-License-Identifier: Apache-2.0
"""What capauth costs in C, in callgrind's instructions, by what libcurl costs in the same run: test_speed.py PROGRAMS

A ratio of two counts, so it does not depend on the machine. Over plain HTTP, from a service that answers a little late:
so each answer is waited for, and how many turns that takes does not depend on who is faster.
"""

import asyncio
import base64
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest

# Some 3 % above what was measured with libcurl 7.88 and gcc 12: 0.944, and 4.84. A twentieth more is noticed.
# The peer of the second looks at nothing of the reply, and there is no TLS to pay for.
SIGN_IN_MOST = 0.975
GATEWAY_MOST = 5.0
ANSWERS_AFTER = 0.004  # seconds

PROGRAMS = pathlib.Path(sys.argv.pop(1))


def token(role):
    """As long as the Auth Engine's are."""
    claims = {"iss": "CAPILLARY", "exp": int(time.time()) + 86400, "iat": int(time.time()), "rol": role, "uid": "1"}
    parts = ({"idv": ["MOBILE|919999999993"], "alg": "HS256"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join([*encoded, ""]).ljust(420, "s")


def replies():
    status = {"status": {"success": True, "code": 200, "message": "SUCCESS"}}
    row = {"id": 1234567, "date": "2026-01-31T10:00:00Z", "store": "Bench", "amount": 1234.5, "points": [12, 34]}

    def signed(role, key):
        return {**status, "auth": {"token": token(role), "key": key}, "user": {"sessionId": "P-d0729ebd", "role": role}}

    found = {
        "/auth/v1/token/generate": signed("VIEW", None),
        "/auth/v1/otp/generate": status,
        "/auth/v1/otp/validate": signed("USER", "k" * 420),
        "/mobile/v2/api/95k": {"entity": [row] * 820, **status},
    }
    return {path: json.dumps(reply).encode() for path, reply in found.items()}


async def serve(replies, started):
    async def connected(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1].decode()
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await reader.readexactly(int(line.split(b":")[1]))
            await asyncio.sleep(ANSWERS_AFTER)
            body = replies[path]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body)

    async def until_it_ends(reader, writer):
        try:
            await connected(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(until_it_ends, "127.0.0.1", 0)
    started(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def url_of_service():
    """Of one that runs as long as this program."""
    port: queue.Queue[int] = queue.Queue()
    threading.Thread(target=asyncio.run, args=(serve(replies(), port.put),), daemon=True).start()
    return f"http://127.0.0.1:{port.get()}"


class Speed(unittest.TestCase):
    environment: dict[str, str]
    figures: list[str]

    @classmethod
    def setUpClass(cls):
        cls.environment = {**os.environ, "CAPAUTH_BENCH_URL": url_of_service(), "CAPAUTH_BENCH_CA_FILE": "/dev/null"}
        cls.figures = []

    @classmethod
    def tearDownClass(cls):
        if folder := os.environ.get("CAPAUTH_FIGURES"):
            os.makedirs(folder, exist_ok=True)
            (pathlib.Path(folder) / "speed").write_text(f"speed: {'; '.join(cls.figures)}\n", encoding="utf-8")

    def instructions(self, program, count, *arguments):
        """Of one of so many."""
        with tempfile.NamedTemporaryFile("r") as out:
            subprocess.run(
                ["valgrind", "--tool=callgrind", "-q", "--toggle-collect=bench_measure"]
                + [f"--callgrind-out-file={out.name}", PROGRAMS / f"speed_{program}", str(count), *arguments],
                env=self.environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )
            return int(next(line for line in out if line.startswith("summary:")).split()[1]) / count

    def compare(self, what, ours, peer, most):
        ratio = ours / peer
        self.figures.append(f"{what} {ours:,.0f} instructions, {ratio:.3f} of the peer's (at most {most})")
        self.assertLessEqual(ratio, most, self.figures[-1])

    def test_sign_in_costs_no_more_than_by_libcurl_and_json_c(self):
        ours, peer = self.instructions("capauth_sign_in", 30), self.instructions("libcurl_json_c", 30)
        self.compare("a sign-in", ours, peer, SIGN_IN_MOST)

    def test_long_gateway_reply_is_walked_as_fast_as_before(self):
        ours = self.instructions("capauth_gateway", 10, "95k")
        self.compare("a reply of 95 KB", ours, self.instructions("libcurl_gateway", 10, "95k"), GATEWAY_MOST)


if __name__ == "__main__":
    unittest.main()
