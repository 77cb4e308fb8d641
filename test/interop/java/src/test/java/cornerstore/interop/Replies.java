package cornerstore.interop;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import cornerstore.interop.InteropOuterClass.Reply;
import cornerstore.interop.InteropOuterClass.Request;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The replies of a stream, each asked for when it is taken. */
class Replies implements ClientResponseObserver<Request, Reply> {
  private record Event(Reply reply, Throwable error) {}

  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private ClientCallStreamObserver<Request> call;

  @Override
  public void beforeStart(ClientCallStreamObserver<Request> call) {
    this.call = call;
    call.disableAutoRequestWithInitial(0);
  }

  @Override
  public void onNext(Reply reply) {
    events.add(new Event(reply, null));
  }

  @Override
  public void onError(Throwable error) {
    events.add(new Event(null, error));
  }

  @Override
  public void onCompleted() {
    events.add(new Event(null, null));
  }

  void cancel() {
    call.cancel("the test has seen enough", null);
  }

  /** The next one, or null at the end; throws what ended the stream. */
  Reply next() throws Exception {
    call.request(1);
    Event event = events.poll(30, TimeUnit.SECONDS);
    assertNotNull(event, "nothing came");
    if (event.error() instanceof Exception error) throw error;
    return event.reply();
  }
}
