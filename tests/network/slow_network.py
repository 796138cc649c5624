"""A network so slow that nothing else takes any time: round trips can be counted without a clock."""

import select
import socket

QUIET_S = 0.05  # what a client does on its own, without news from the network, it does at once
STUCK_S = 20


class SlowNetwork:
    """Passes one connection at a time on to a port of this machine. What the client says arrives only when it has
    nothing more to say before it hears something new. It has to run in the thread that runs the client."""

    def __init__(self, port):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = port
        self._near: socket.socket | None = None
        self._far: socket.socket | None = None
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self.round_trips = 0

    def carry(self, client, call):
        """Until the call is done; gives its result."""
        while True:
            while select.select([client], [], [], QUIET_S)[0]:
                client.poll()
            if call.done():
                return call.result()
            if not self._is_readable(self._near or self._listener):
                self._wait_for_news(client)
            elif self._near:
                self._carry_flight()
            else:
                self._accept()
            self._carry_answer()

    @staticmethod
    def _is_readable(end):
        return bool(end and select.select([end], [], [], 0)[0])

    def _wait_for_news(self, client):
        ends = [client, self._near or self._listener] + [self._far] * bool(self._far)
        assert select.select(ends, [], [], STUCK_S)[0], "neither side has anything to say"

    def _accept(self):
        self._near, _ = self._listener.accept()
        self._far = socket.create_connection(("127.0.0.1", self._port))
        self.connections += 1
        self.round_trips += 1  # that of TCP

    def _carry_flight(self):
        assert self._near and self._far
        flight = self._near.recv(1 << 20)
        if not flight:
            self.hang_up()
            return
        self._far.sendall(flight)
        self.round_trips += 1

    def _carry_answer(self):
        # Piecemeal, as the server writes it: that costs nothing, if the client has nothing to say to one piece.
        if self._near and self._far and self._is_readable(self._far):
            answer = self._far.recv(1 << 20)
            if answer:
                self._near.sendall(answer)
            else:
                self.hang_up()

    def hang_up(self):
        for end in filter(None, (self._near, self._far)):
            end.close()
        self._near = self._far = None

    def close(self):
        self.hang_up()
        self._listener.close()
