package cornerstore.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cornerstore.interop.InteropOuterClass.Request;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The cases of ../cases.txt that are about connections and the services beside the own ones. */
class ConnectionsTest extends Peer {
  private static void echo(StreamObserver<Request> requests, Replies replies, String text)
      throws Exception {
    requests.onNext(payload(text));
    assertEquals(text, replies.next().getPayload().toStringUtf8());
  }

  @Test
  void pingsOfTheServer() throws Exception {
    ManagedChannel channel = connectTo("INTEROP_PING_ADDRESS", NettyChannelBuilder::usePlaintext);
    Replies replies = new Replies();
    StreamObserver<Request> requests = asynchronous(channel).bidiStream(replies);
    echo(requests, replies, "before");
    Thread.sleep(2000);
    echo(requests, replies, "after");
  }

  @Test
  void gracefulShutdown() throws Exception {
    ManagedChannel channel = connectTo("INTEROP_DRAIN_ADDRESS", NettyChannelBuilder::usePlaintext);
    Replies replies = new Replies();
    StreamObserver<Request> requests = asynchronous(channel).bidiStream(replies);
    echo(requests, replies, "before");
    blocking(channel).drain(Request.getDefaultInstance());
    assertFails(Status.Code.UNAVAILABLE, () -> blocking(channel).unary(payload("")));
    echo(requests, replies, "after");
    requests.onCompleted();
    assertNull(replies.next());
  }

  @Test
  void health() {
    var stub = HealthGrpc.newBlockingStub(connect()).withDeadlineAfter(10, TimeUnit.SECONDS);
    HealthCheckRequest nobody = HealthCheckRequest.newBuilder().setService("nobody").build();
    ServingStatus status = stub.check(HealthCheckRequest.getDefaultInstance()).getStatus();
    assertEquals(ServingStatus.SERVING, status);
    assertFails(Status.Code.NOT_FOUND, "unknown service", () -> stub.check(nobody));
    assertEquals(ServingStatus.SERVICE_UNKNOWN, stub.watch(nobody).next().getStatus());
  }

  @Test
  void reflection() throws Exception {
    LinkedBlockingQueue<ServerReflectionResponse> answers = new LinkedBlockingQueue<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(connect())
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable error) {}

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    List<String> names =
        answers.poll(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList().stream()
            .map(service -> service.getName())
            .toList();
    assertTrue(names.contains("cornerstore.interop.Interop"), names.toString());
    assertTrue(names.contains("grpc.health.v1.Health"), names.toString());
    String symbol = "grpc.health.v1.Health";
    requests.onNext(ServerReflectionRequest.newBuilder().setFileContainingSymbol(symbol).build());
    ServerReflectionResponse files = answers.poll(10, TimeUnit.SECONDS);
    assertTrue(files.getFileDescriptorResponse().getFileDescriptorProtoCount() > 0);
    requests.onCompleted();
  }

  private static File certificate(String name) {
    return new File(given("INTEROP_CERTIFICATES"), name);
  }

  private static SslContextBuilder trust() {
    return GrpcSslContexts.forClient().trustManager(certificate("ca.pem"));
  }

  private ManagedChannel connectWith(SslContext context) {
    return connectTo(
        "INTEROP_MUTUAL_TLS_ADDRESS",
        builder -> builder.sslContext(context).overrideAuthority("localhost"));
  }

  @Test
  void clientCertificates() throws Exception {
    SslContext context =
        trust().keyManager(certificate("client.pem"), certificate("client.key")).build();
    Request request = Request.newBuilder().setSize(1 << 20).build();
    assertEquals(1 << 20, blocking(connectWith(context)).unary(request).getPayload().size());
  }

  @Test
  void noClientCertificate() throws Exception {
    SslContext context = trust().build();
    assertFails(
        Status.Code.UNAVAILABLE, () -> blocking(connectWith(context)).unary(payload("")));
  }
}
