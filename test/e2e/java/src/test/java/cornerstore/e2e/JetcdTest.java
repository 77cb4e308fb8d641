package cornerstore.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.DeleteResponse;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.PutResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.maintenance.StatusResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.CompactOption;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.GetOption.SortOrder;
import io.etcd.jetcd.options.GetOption.SortTarget;
import io.etcd.jetcd.options.PutOption;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** jetcd against the member that ETCD_ENDPOINT names; who connects to ETCD_RESTART restarts it. */
class JetcdTest {
  private static final String ENDPOINT = System.getenv("ETCD_ENDPOINT");
  private static final Client client =
      Client.builder()
          .endpoints(ENDPOINT)
          .maxInboundMessageSize(64 << 20)
          .retryMaxDuration(Duration.ofSeconds(20))
          .build();
  private static final KV kv = client.getKVClient();

  @AfterAll
  static void close() {
    client.close();
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, UTF_8);
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static PutResponse put(String key, String value) throws Exception {
    return await(kv.put(bytes(key), bytes(value)));
  }

  private static List<String> keys(GetResponse response) {
    return response.getKvs().stream().map(pair -> pair.getKey().toString(UTF_8)).toList();
  }

  private static void assertFails(Status.Code code, String text, CompletableFuture<?> future) {
    ExecutionException error = assertThrows(ExecutionException.class, () -> await(future));
    Status status = Status.fromThrowable(error);
    assertEquals(code, status.getCode());
    assertEquals(text, status.getDescription());
  }

  @Test
  void putGetAndDelete() throws Exception {
    long first = put("basic/a", "1").getHeader().getRevision();
    PutOption withPrevious = PutOption.builder().withPrevKV().build();
    PutResponse second = await(kv.put(bytes("basic/a"), bytes("2"), withPrevious));
    assertEquals("1", second.getPrevKv().getValue().toString(UTF_8));

    KeyValue pair = await(kv.get(bytes("basic/a"))).getKvs().get(0);
    assertEquals("2", pair.getValue().toString(UTF_8));
    assertEquals(first, pair.getCreateRevision());
    assertEquals(second.getHeader().getRevision(), pair.getModRevision());
    assertEquals(2, pair.getVersion());

    DeleteOption option = DeleteOption.builder().isPrefix(true).withPrevKV(true).build();
    DeleteResponse deleted = await(kv.delete(bytes("basic/"), option));
    assertEquals(1, deleted.getDeleted());
    assertEquals("2", deleted.getPrevKvs().get(0).getValue().toString(UTF_8));
    assertEquals(0, await(kv.get(bytes("basic/a"))).getCount());
  }

  @Test
  void rangeOptions() throws Exception {
    long before = put("range/a", "3").getHeader().getRevision();
    put("range/b", "2");
    put("range/c", "1");
    ByteSequence all = bytes("range/");

    GetResponse sorted =
        await(
            kv.get(
                all,
                GetOption.builder()
                    .isPrefix(true)
                    .withLimit(2)
                    .withSortField(SortTarget.VALUE)
                    .withSortOrder(SortOrder.ASCEND)
                    .build()));
    assertEquals(List.of("range/c", "range/b"), keys(sorted));
    assertEquals(3, sorted.getCount());
    assertTrue(sorted.isMore());

    GetOption then = GetOption.builder().isPrefix(true).withRevision(before).build();
    assertEquals(List.of("range/a"), keys(await(kv.get(all, then))));

    GetOption range = GetOption.builder().withRange(bytes("range/c")).withKeysOnly(true).build();
    GetResponse half = await(kv.get(bytes("range/b"), range));
    assertEquals(List.of("range/b"), keys(half));
    assertTrue(half.getKvs().get(0).getValue().isEmpty());

    GetOption newer =
        GetOption.builder()
            .isPrefix(true)
            .withMinModRevision(before + 1)
            .withSerializable(true)
            .build();
    assertEquals(List.of("range/b", "range/c"), keys(await(kv.get(all, newer))));

    GetResponse counted =
        await(kv.get(all, GetOption.builder().isPrefix(true).withCountOnly(true).build()));
    assertEquals(3, counted.getCount());
    assertTrue(counted.getKvs().isEmpty());
  }

  @Test
  void transactions() throws Exception {
    ByteSequence key = bytes("txn");
    Op get = Op.get(key, GetOption.DEFAULT);
    CompletableFuture<TxnResponse> first = create(key, get);
    assertTrue(await(first).isSucceeded());
    TxnResponse inner = await(first).getTxnResponses().get(0);
    assertEquals("v", inner.getGetResponses().get(0).getKvs().get(0).getValue().toString(UTF_8));

    TxnResponse again = await(create(key, get));
    assertFalse(again.isSucceeded());
    assertEquals(1, again.getGetResponses().get(0).getCount());
  }

  private static CompletableFuture<TxnResponse> create(ByteSequence key, Op get) {
    Op within = Op.txn(new Cmp[0], new Op[] {get}, new Op[0]);
    return kv.txn()
        .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(0)))
        .Then(Op.put(key, bytes("v"), PutOption.DEFAULT), within)
        .Else(get)
        .commit();
  }

  @Test
  void errors() throws Exception {
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "etcdserver: key is not provided",
        kv.put(ByteSequence.EMPTY, bytes("v")));
    assertFails(
        Status.Code.OUT_OF_RANGE,
        "etcdserver: mvcc: required revision is a future revision",
        kv.get(bytes("k"), GetOption.builder().withRevision(1L << 40).build()));
    assertFails(
        Status.Code.NOT_FOUND,
        "etcdserver: requested lease not found",
        kv.put(bytes("k"), bytes("v"), PutOption.builder().withLeaseId(77).build()));
    long revision = put("k", "v").getHeader().getRevision();
    await(kv.compact(revision, CompactOption.builder().withCompactPhysical(true).build()));
    assertFails(
        Status.Code.OUT_OF_RANGE,
        "etcdserver: mvcc: required revision has been compacted",
        kv.get(bytes("k"), GetOption.builder().withRevision(revision - 1).build()));
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "etcdserver: request is too large",
        kv.put(bytes("k"), bytes("x".repeat(1600 << 10))));
  }

  @Test
  void largeValues() throws Exception {
    String value = "0123456789abcdef".repeat(1 << 16);
    for (int i = 0; i < 8; ++i) put("large/" + i, value);
    GetResponse response =
        await(kv.get(bytes("large/"), GetOption.builder().isPrefix(true).build()));
    assertEquals(8, response.getCount());
    for (KeyValue pair : response.getKvs()) assertEquals(value, pair.getValue().toString(UTF_8));
  }

  @Test
  void parallelCalls() throws Exception {
    List<CompletableFuture<PutResponse>> puts = new ArrayList<>();
    for (int i = 0; i < 500; ++i) puts.add(kv.put(bytes("parallel/" + i), bytes("v" + i)));
    Stream<Long> revisions = puts.stream().map(put -> put.join().getHeader().getRevision());
    assertEquals(500, revisions.distinct().count());
    List<CompletableFuture<GetResponse>> gets = new ArrayList<>();
    for (int i = 0; i < 500; ++i) gets.add(kv.get(bytes("parallel/" + i)));
    for (int i = 0; i < 500; ++i) {
      assertEquals("v" + i, await(gets.get(i)).getKvs().get(0).getValue().toString(UTF_8));
    }
  }

  @Test
  void maintenance() throws Exception {
    StatusResponse status = await(client.getMaintenanceClient().statusMember(ENDPOINT));
    assertEquals("3.7.1", status.getVersion());
    assertEquals(status.getHeader().getMemberId(), status.getLeader());
    assertTrue(await(client.getMaintenanceClient().listAlarms()).getAlarms().isEmpty());
    var members = await(client.getClusterClient().listMember()).getMembers();
    assertEquals(List.of("m"), members.stream().map(member -> member.getName()).toList());

    ByteArrayOutputStream file = new ByteArrayOutputStream();
    long received = await(client.getMaintenanceClient().snapshot(file));
    assertEquals(received, file.size());
    // A database with bbolt's magic number, and its SHA-256.
    assertEquals(32, file.size() % 512);
    assertEquals(0xedda0ced, ByteBuffer.wrap(file.toByteArray()).getInt(16));
    await(client.getMaintenanceClient().defragmentMember(ENDPOINT));
  }

  @Test
  void aRestartedMemberIsFoundAgain() throws Exception {
    put("restart", "before");
    URI restart = URI.create("tcp://" + System.getenv("ETCD_RESTART"));
    try (Socket socket = new Socket(restart.getHost(), restart.getPort())) {
      assertEquals("restarted", new String(socket.getInputStream().readAllBytes(), UTF_8));
    }
    assertEquals("before", get("restart"));
    put("restart", "after");
    assertEquals("after", get("restart"));
  }

  private static String get(String key) throws Exception {
    return await(kv.get(bytes(key))).getKvs().get(0).getValue().toString(UTF_8);
  }
}
