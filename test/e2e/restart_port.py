"""Lets a client in another process have its member restarted."""

import socket
import threading

from member import Member


class RestartPort:
    """Who connects to `address` has the member killed and started again, and then reads
    "restarted" to the end of the connection. One at a time, while the `with` block lasts."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:{}".format(self.listener.getsockname()[1])
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "RestartPort":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # shut down
            with connection:
                self.member.kill()
                self.member.start()
                connection.sendall(b"restarted")
