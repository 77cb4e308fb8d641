package cornerstore.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import cornerstore.interop.InteropOuterClass.Reply;
import cornerstore.interop.InteropOuterClass.Request;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The cases of ../cases.txt that are about calls. */
class CallsTest extends Peer {
  @Test
  void unary() {
    assertEquals("hello", blocking(connect()).unary(payload("hello")).getPayload().toStringUtf8());
  }

  @Test
  void twentyMegabytes() {
    ByteString bytes = ByteString.copyFromUtf8("0123456789abcdef".repeat(20 << 16));
    assertEquals(bytes, blocking(connect()).unary(payload(bytes)).getPayload());
  }

  @Test
  void oddErrorTexts() {
    String odd = "50% déjà vu\nnext line 日本語";
    Request request = failing(Status.Code.FAILED_PRECONDITION, odd);
    assertFails(Status.Code.FAILED_PRECONDITION, odd, () -> blocking(connect()).unary(request));
  }

  @Test
  void unknownMethods() {
    assertFails(
        Status.Code.UNIMPLEMENTED,
        "unknown method Nothing for service cornerstore.interop.Interop",
        () -> call("cornerstore.interop.Interop/Nothing"));
    assertFails(Status.Code.UNIMPLEMENTED, "unknown service a.B", () -> call("a.B/C"));
  }

  private void call(String method) {
    MethodDescriptor<Request, Reply> descriptor =
        InteropGrpc.getUnaryMethod().toBuilder().setFullMethodName(method).build();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS);
    ClientCalls.blockingUnaryCall(connect(), descriptor, options, Request.getDefaultInstance());
  }

  @Test
  void binaryMetadata() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; ++i) all[i] = (byte) i;
    Metadata.Key<byte[]> bytes =
        Metadata.Key.of("echo-bytes-bin", Metadata.BINARY_BYTE_MARSHALLER);
    Metadata.Key<String> text = Metadata.Key.of("echo-text", Metadata.ASCII_STRING_MARSHALLER);
    Metadata metadata = new Metadata();
    metadata.put(bytes, all);
    metadata.put(text, "plain");
    for (Status.Code code : List.of(Status.Code.OK, Status.Code.ABORTED)) {
      AtomicReference<Metadata> headers = new AtomicReference<>();
      AtomicReference<Metadata> trailers = new AtomicReference<>();
      var stub =
          blocking(connect())
              .withInterceptors(
                  MetadataUtils.newAttachHeadersInterceptor(metadata),
                  MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
      try {
        stub.unary(failing(code, ""));
      } catch (StatusRuntimeException error) {
        assertEquals(code, error.getStatus().getCode());
      }
      assertArrayEquals(all, trailers.get().get(bytes));
      assertEquals("plain", trailers.get().get(text));
    }
  }

  @Test
  void gzip() {
    AtomicLong received = new AtomicLong();
    ClientInterceptor measure =
        new ClientInterceptor() {
          @Override
          public <Q, A> ClientCall<Q, A> interceptCall(
              MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            return next.newCall(method, options.withStreamTracerFactory(wireSizes(received)));
          }
        };
    ByteString bytes = ByteString.copyFromUtf8("z".repeat(500_000));
    Reply reply =
        blocking(connect())
            .withCompression("gzip")
            .withInterceptors(measure)
            .unary(payload(bytes));
    assertEquals(bytes, reply.getPayload());
    assertTrue(received.get() > 0 && received.get() < 10_000, "the answer took " + received);
  }

  private static ClientStreamTracer.Factory wireSizes(AtomicLong received) {
    return new ClientStreamTracer.Factory() {
      @Override
      public ClientStreamTracer newClientStreamTracer(
          ClientStreamTracer.StreamInfo info, Metadata headers) {
        return new ClientStreamTracer() {
          @Override
          public void inboundWireSize(long bytes) {
            received.addAndGet(bytes);
          }
        };
      }
    };
  }

  @Test
  void tooLarge() {
    Request request = payload(ByteString.copyFrom(new byte[64 << 20]));
    assertFails(
        Status.Code.RESOURCE_EXHAUSTED,
        "grpc: received message larger than max (67108869 vs. 67108864)",
        () -> blocking(connect()).unary(request));
  }

  @Test
  void serverStreamCounts() throws Exception {
    Replies replies = new Replies();
    Request request = Request.newBuilder().setCount(20_000).setSize(10).build();
    asynchronous(connect()).serverStream(request, replies);
    for (int number = 1; number <= 20_000; ++number) {
      Reply reply = replies.next();
      assertEquals(number, reply.getMessages());
      assertEquals(10, reply.getPayload().size());
    }
    assertNull(replies.next());
  }

  @Test
  void serverStreamWaits() throws Exception {
    Channel channel = connect();
    long before = progress(channel).getMessages();
    Replies replies = new Replies();
    Request request = Request.newBuilder().setCount(2000).setSize(10_000).build();
    asynchronous(channel).serverStream(request, replies);
    for (int number = 1; number <= 2000; ++number) {
      Reply reply = replies.next();
      assertEquals(number, reply.getMessages());
      assertEquals(10_000, reply.getPayload().size());
      if (number == 10) {
        Thread.sleep(300);
        long produced = progress(channel).getMessages() - before;
        System.out.println("while the reader paused, the server produced " + produced);
        assertTrue(produced <= 1000, "the server produced " + produced);
      }
    }
    assertNull(replies.next());
  }

  @Test
  void serverStreamEndsWithAnError() throws Exception {
    Replies replies = new Replies();
    Request request =
        failing(Status.Code.RESOURCE_EXHAUSTED, "enough").toBuilder().setCount(3).build();
    asynchronous(connect()).serverStream(request, replies);
    for (int number = 1; number <= 3; ++number) assertEquals(number, replies.next().getMessages());
    assertFails(Status.Code.RESOURCE_EXHAUSTED, "enough", replies::next);
  }

  @Test
  void clientStreamCounts() throws Exception {
    Replies replies = new Replies();
    StreamObserver<Request> requests = asynchronous(connect()).clientStream(replies);
    for (int i = 0; i < 20_000; ++i) requests.onNext(payload("abc"));
    requests.onCompleted();
    Reply reply = replies.next();
    assertEquals(20_000, reply.getMessages());
    assertEquals(60_000, reply.getBytes());
  }

  @Test
  void bidiStreamEchoes() throws Exception {
    Replies replies = new Replies();
    StreamObserver<Request> requests = asynchronous(connect()).bidiStream(replies);
    for (int from = 0; from < 20_000; from += 100) {
      for (int i = from; i < from + 100; ++i) requests.onNext(payload(Integer.toString(i)));
      for (int i = from; i < from + 100; ++i) {
        assertEquals(Integer.toString(i), replies.next().getPayload().toStringUtf8());
      }
    }
    requests.onCompleted();
    assertNull(replies.next());
  }

  @Test
  void earlyErrors() {
    Channel channel = connect();
    for (int i = 0; i < 200; ++i) {
      Replies replies = new Replies();
      asynchronous(channel)
          .bidiStream(replies)
          .onNext(failing(Status.Code.PERMISSION_DENIED, "not you"));
      assertFails(Status.Code.PERMISSION_DENIED, "not you", replies::next);
    }
  }

  @Test
  void deadline() throws Exception {
    Channel channel = connect();
    var stub = InteropGrpc.newBlockingStub(channel).withDeadlineAfter(100, TimeUnit.MILLISECONDS);
    assertFails(Status.Code.DEADLINE_EXCEEDED, () -> stub.unary(hanging()));
    waitUntilNoneHangs(channel);
  }

  @Test
  void cancellation() throws Exception {
    Channel channel = connect();
    Replies replies = new Replies();
    asynchronous(channel).serverStream(hanging(), replies);
    assertEquals(1, replies.next().getMessages());
    assertEquals(1, progress(channel).getBytes());
    replies.cancel();
    assertFails(Status.Code.CANCELLED, replies::next);
    waitUntilNoneHangs(channel);
  }

  @Test
  void parallelCalls() throws Exception {
    Channel channel = connect();
    List<Replies> all = new ArrayList<>();
    for (int i = 0; i < 500; ++i) {
      Replies replies = new Replies();
      asynchronous(channel).unary(payload(Integer.toString(i)), replies);
      all.add(replies);
    }
    for (int i = 0; i < 500; ++i) {
      assertEquals(Integer.toString(i), all.get(i).next().getPayload().toStringUtf8());
    }
  }
}
