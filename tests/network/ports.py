"""Where a server that a test starts may listen, if it cannot choose for itself."""

import random
import socket

# Below the ports from which connections are made: a test beside this one takes such a port at any moment, and a client
# that tries again and again, while a server restarts, in the end connects to itself.
PORTS = range(20000, 32768)


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
