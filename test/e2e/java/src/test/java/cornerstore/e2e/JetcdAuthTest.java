package cornerstore.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.options.PutOption;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * jetcd as a user of the members that ETCD_SIMPLE and ETCD_JWT name, and of ETCD_FORGETFUL, which
 * forgets a token that nobody has used for a second.
 */
class JetcdAuthTest {
  private static final Duration FORGOTTEN = Duration.ofMillis(2500);

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, UTF_8);
  }

  private static ClientBuilder of(String member) {
    return Client.builder().endpoints(System.getenv(member));
  }

  private static Client ann(String member) {
    String password = System.getenv("ETCD_ANN_PASSWORD");
    return of(member).user(bytes("ann")).password(bytes(password)).build();
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static void assertFails(Status.Code code, String text, CompletableFuture<?> future) {
    ExecutionException error = assertThrows(ExecutionException.class, () -> await(future));
    Status status = Status.fromThrowable(error);
    assertEquals(code, status.getCode());
    assertEquals(text, status.getDescription());
  }

  private static String get(Client client, String key) throws Exception {
    return await(client.getKVClient().get(bytes(key))).getKvs().get(0).getValue().toString(UTF_8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ETCD_SIMPLE", "ETCD_JWT"})
  void aUserMayWhatHisRoleAllows(String member) throws Exception {
    try (Client client = ann(member)) {
      var kv = client.getKVClient();
      await(kv.put(bytes("a/java"), bytes("1")));
      assertEquals("1", get(client, "a/java"));
      String denied = "etcdserver: permission denied";
      assertFails(Status.Code.PERMISSION_DENIED, denied, kv.put(bytes("b"), bytes("1")));
      assertFails(Status.Code.PERMISSION_DENIED, denied, kv.get(bytes("b")));
      ExecutionException error =
          assertThrows(
              ExecutionException.class, () -> await(client.getAuthClient().userList()));
      assertTrue(error.getMessage().contains(denied), error.getMessage());
      long lease = await(client.getLeaseClient().grant(60)).getID();
      PutOption leased = PutOption.builder().withLeaseId(lease).build();
      await(kv.put(bytes("a/leased"), bytes("1"), leased));
      assertEquals(lease, await(client.getLeaseClient().keepAliveOnce(lease)).getID());
      await(client.getLeaseClient().revoke(lease));
      assertEquals(0, await(kv.get(bytes("a/leased"))).getCount());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ETCD_SIMPLE", "ETCD_JWT"})
  void whoIsNobodyIsRefused(String member) {
    try (Client client = of(member).build()) {
      assertFails(
          Status.Code.INVALID_ARGUMENT,
          "etcdserver: user name is empty",
          client.getKVClient().get(bytes("a/java")));
    }
    try (Client client = of(member).user(bytes("ann")).password(bytes("wrong")).build()) {
      ExecutionException error =
          assertThrows(
              ExecutionException.class, () -> await(client.getKVClient().get(bytes("a/java"))));
      assertEquals(Status.Code.UNAUTHENTICATED, Status.fromThrowable(error).getCode()); // jetcd's
    }
  }

  @Test
  void aForgottenTokenIsRenewed() throws Exception {
    try (Client client = ann("ETCD_FORGETFUL")) {
      var kv = client.getKVClient();
      await(kv.put(bytes("a/renewed"), bytes("1")));
      Thread.sleep(FORGOTTEN.toMillis());
      await(kv.put(bytes("a/renewed"), bytes("2")));
      Thread.sleep(FORGOTTEN.toMillis());
      assertEquals("2", get(client, "a/renewed"));
    }
  }
}
