"""A stream of watches, as a client has it."""

import queue
import threading

import grpc

from protocol import Client, rpc

WATCH = "/etcdserverpb.Watch/Watch"
PROGRESS_ID = -1


class WatchStream:
    """Sends what it is told to and keeps what comes, in its order."""

    def __init__(self, client: Client, metadata: tuple[tuple[str, str], ...] = ()) -> None:
        self._requests: queue.Queue = queue.Queue()
        self._changed = threading.Condition()
        self._answers: list = []
        self.error: grpc.RpcError | None = None
        self._ended = False
        method = client.channel.stream_stream(
            WATCH, request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=rpc.WatchResponse.FromString)
        self._call = method(iter(self._requests.get, None), metadata=metadata)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def create(self, key: bytes, range_end: bytes = b"", **fields) -> None:
        self._requests.put(rpc.WatchRequest(create_request=rpc.WatchCreateRequest(
            key=key, range_end=range_end, **fields)))

    def cancel(self, watch_id: int) -> None:
        self._requests.put(rpc.WatchRequest(
            cancel_request=rpc.WatchCancelRequest(watch_id=watch_id)))

    def ask_for_progress(self) -> None:
        self._requests.put(rpc.WatchRequest(progress_request=rpc.WatchProgressRequest()))

    def half_close(self) -> None:
        self._requests.put(None)

    def answers(self) -> list:
        with self._changed:
            return list(self._answers)

    def wait(self, condition, timeout_seconds: float = 30):
        """The answers, once `condition` holds of them or the stream has ended."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended or condition(self._answers),
                                          timeout_seconds):
                raise TimeoutError(f"{len(self._answers)} answers: {self._answers[-3:]}")
            return list(self._answers)

    def has_ended(self) -> bool:
        with self._changed:
            return self._ended

    def wait_for_end(self, timeout_seconds: float = 30) -> None:
        self.wait(lambda _: False, timeout_seconds)

    def close(self) -> None:
        self._call.cancel()
        self._reader.join(timeout=30)

    def _read(self) -> None:
        try:
            for answer in self._call:
                with self._changed:
                    self._answers.append(answer)
                    self._changed.notify_all()
        except grpc.RpcError as error:
            self.error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def events(answers: list, watch_id: int) -> list:
    """Of one watch, in their order."""
    return [event for answer in answers if answer.watch_id == watch_id for event in answer.events]
