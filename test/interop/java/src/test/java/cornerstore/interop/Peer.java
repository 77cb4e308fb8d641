package cornerstore.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import cornerstore.interop.InteropGrpc.InteropBlockingStub;
import cornerstore.interop.InteropGrpc.InteropStub;
import cornerstore.interop.InteropOuterClass.Reply;
import cornerstore.interop.InteropOuterClass.Request;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;

/** A grpc-java client of rpc_test_server, whose channels live as long as a test. */
class Peer {
  private final List<ManagedChannel> channels = new ArrayList<>();

  @AfterEach
  void closeChannels() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  /** The value of a variable that the test run must set. */
  static String given(String name) {
    String value = System.getenv(name);
    assertTrue(value != null, name + " is not set");
    return value;
  }

  /** To the server whose address is in the variable `name`. */
  ManagedChannel connectTo(String name, UnaryOperator<NettyChannelBuilder> options) {
    NettyChannelBuilder builder = NettyChannelBuilder.forTarget(given(name));
    builder.maxInboundMessageSize(64 << 20);
    channels.add(options.apply(builder).build());
    return channels.get(channels.size() - 1);
  }

  ManagedChannel connect() {
    return connectTo("INTEROP_ADDRESS", NettyChannelBuilder::usePlaintext);
  }

  static InteropBlockingStub blocking(Channel channel) {
    return InteropGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  static InteropStub asynchronous(Channel channel) {
    return InteropGrpc.newStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  static Request payload(String text) {
    return payload(ByteString.copyFromUtf8(text));
  }

  static Request payload(ByteString bytes) {
    return Request.newBuilder().setPayload(bytes).build();
  }

  static Request failing(Status.Code code, String message) {
    return Request.newBuilder().setCode(code.value()).setMessage(message).build();
  }

  static Request hanging() {
    return Request.newBuilder().setCount(1).setHang(true).build();
  }

  static Reply progress(Channel channel) {
    return blocking(channel).progress(Request.getDefaultInstance());
  }

  /** Until the server has no call open that hangs. */
  static void waitUntilNoneHangs(Channel channel) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (progress(channel).getBytes() != 0) {
      assertTrue(System.nanoTime() < end, "the server has not heard of it");
      Thread.sleep(1);
    }
  }

  interface Call {
    void run() throws Exception;
  }

  static StatusRuntimeException assertFails(Status.Code code, Call call) {
    StatusRuntimeException error = assertThrows(StatusRuntimeException.class, call::run);
    assertEquals(code, error.getStatus().getCode(), error.toString());
    return error;
  }

  static void assertFails(Status.Code code, String text, Call call) {
    assertEquals(text, assertFails(code, call).getStatus().getDescription());
  }
}
