package cornerstore.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.Lock;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.election.CampaignResponse;
import io.etcd.jetcd.election.LeaderResponse;
import io.etcd.jetcd.lock.LockResponse;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchEvent.EventType;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** jetcd's watches, leases, locks and elections, against the member that ETCD_ENDPOINT names. */
class JetcdWatchAndLeaseTest {
  private static final Client client =
      Client.builder().endpoints(System.getenv("ETCD_ENDPOINT")).build();
  private static final KV kv = client.getKVClient();
  private static final Lease leases = client.getLeaseClient();

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

  private static long put(String key, String value) throws Exception {
    return await(kv.put(bytes(key), bytes(value))).getHeader().getRevision();
  }

  private static long grant(long ttl) throws Exception {
    return await(leases.grant(ttl)).getID();
  }

  /** What a watch tells, one event after the other. */
  private static class Events implements AutoCloseable {
    final BlockingQueue<Object> told = new LinkedBlockingQueue<>();
    final Watch.Watcher watcher;

    Events(String key, WatchOption option) {
      watcher =
          client
              .getWatchClient()
              .watch(
                  bytes(key),
                  option,
                  Watch.listener(
                      (WatchResponse response) -> told.addAll(response.getEvents()), told::add));
    }

    WatchEvent next() throws Exception {
      return assertInstanceOf(WatchEvent.class, told.poll(20, TimeUnit.SECONDS));
    }

    @Override
    public void close() {
      watcher.close();
    }
  }

  @Test
  void watches() throws Exception {
    long first = put("watch/a", "1");
    put("watch/a", "2");
    WatchOption option =
        WatchOption.builder().isPrefix(true).withRevision(first).withPrevKV(true).build();
    try (Events events = new Events("watch/", option)) {
      assertEquals("1", events.next().getKeyValue().getValue().toString(UTF_8));
      assertEquals("1", events.next().getPrevKV().getValue().toString(UTF_8));
      await(kv.delete(bytes("watch/a")));
      WatchEvent deleted = events.next();
      assertEquals(EventType.DELETE, deleted.getEventType());
      assertEquals("2", deleted.getPrevKV().getValue().toString(UTF_8));
    }
  }

  @Test
  void aWatchOfACompactedRevisionSaysFromWhereItCanGoOn() throws Exception {
    put("compacted", "1");
    long last = put("compacted", "2");
    await(kv.compact(last));
    WatchOption option = WatchOption.builder().withRevision(last - 1).build();
    try (Events events = new Events("compacted", option)) {
      Object error = events.told.poll(20, TimeUnit.SECONDS);
      assertEquals(last, assertInstanceOf(CompactedException.class, error).getCompactedRevision());
    }
  }

  @Test
  void keysGoWithTheirLease() throws Exception {
    long lease = grant(60);
    PutOption leased = PutOption.builder().withLeaseId(lease).build();
    await(kv.put(bytes("leased"), bytes("v"), leased));
    var told = await(leases.timeToLive(lease, LeaseOption.builder().withAttachedKeys().build()));
    assertEquals(60, told.getGrantedTTL());
    assertEquals("leased", told.getKeys().get(0).toString(UTF_8));
    assertEquals(60, await(leases.keepAliveOnce(lease)).getTTL());
    await(leases.revoke(lease));
    assertEquals(0, await(kv.get(bytes("leased"))).getCount());
    assertEquals(-1, await(leases.timeToLive(lease, LeaseOption.DEFAULT)).getTTL());
  }

  @Test
  void locks() throws Exception {
    Lock locks = client.getLockClient();
    LockResponse held = await(locks.lock(bytes("lock"), grant(60)));
    assertTrue(held.getKey().toString(UTF_8).startsWith("lock/"));
    CompletableFuture<LockResponse> waiting = locks.lock(bytes("lock"), grant(60));
    assertThrows(TimeoutException.class, () -> waiting.get(300, TimeUnit.MILLISECONDS));
    await(locks.unlock(held.getKey()));
    await(locks.unlock(await(waiting).getKey()));
  }

  @Test
  void aLockGoesOnWhenItsHoldersLeaseEnds() throws Exception {
    Lock locks = client.getLockClient();
    long lease = grant(60);
    await(locks.lock(bytes("ended"), lease));
    CompletableFuture<LockResponse> waiting = locks.lock(bytes("ended"), grant(60));
    await(leases.revoke(lease));
    await(waiting);
  }

  @Test
  void elections() throws Exception {
    Election election = client.getElectionClient();
    ByteSequence name = bytes("election");
    BlockingQueue<String> leaders = new LinkedBlockingQueue<>();
    election.observe(
        name,
        new Election.Listener() {
          @Override
          public void onNext(LeaderResponse response) {
            leaders.add(response.getKv().getValue().toString(UTF_8));
          }

          @Override
          public void onError(Throwable error) {
            leaders.add(error.toString());
          }

          @Override
          public void onCompleted() {}
        });
    CampaignResponse first = await(election.campaign(name, grant(60), bytes("one")));
    assertEquals("one", leaders.poll(20, TimeUnit.SECONDS));
    CompletableFuture<CampaignResponse> second = election.campaign(name, grant(60), bytes("two"));
    await(election.proclaim(first.getLeader(), bytes("uno")));
    assertEquals("uno", leaders.poll(20, TimeUnit.SECONDS));
    assertEquals("uno", await(election.leader(name)).getKv().getValue().toString(UTF_8));
    assertFalse(second.isDone());
    await(election.resign(first.getLeader()));
    await(second);
    assertEquals("two", leaders.poll(20, TimeUnit.SECONDS));
  }
}
