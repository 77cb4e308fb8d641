package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

func TestWatchesTellHistoryThenWhatComes(t *testing.T) {
	client, ctx := newClient(t)
	first := must[*clientv3.PutResponse](t)(client.Put(ctx, "watch/a", "1")).Header.Revision
	must[*clientv3.PutResponse](t)(client.Put(ctx, "watch/a", "2"))
	watch := client.Watch(ctx, "watch/", clientv3.WithPrefix(), clientv3.WithRev(first), clientv3.WithPrevKV())
	var events []*clientv3.Event
	next := func() *clientv3.Event {
		for len(events) == 0 {
			response, ok := <-watch
			if !ok || response.Err() != nil {
				t.Fatalf("the watch has ended: %v", response.Err())
			}
			events = response.Events
		}
		event := events[0]
		events = events[1:]
		return event
	}
	if event := next(); !event.IsCreate() || event.Kv.ModRevision != first {
		t.Errorf("the first event is %v", event)
	}
	if event := next(); !event.IsModify() || string(event.PrevKv.Value) != "1" {
		t.Errorf("the second event is %v", event)
	}
	must[*clientv3.DeleteResponse](t)(client.Delete(ctx, "watch/a"))
	if event := next(); event.Type != clientv3.EventTypeDelete || string(event.PrevKv.Value) != "2" {
		t.Errorf("the third event is %v", event)
	}
}

func TestWatchesAreFilteredAndToldOfProgress(t *testing.T) {
	client, ctx := newClient(t)
	watch := client.Watch(ctx, "filter", clientv3.WithFilterPut(), clientv3.WithCreatedNotify())
	if created := <-watch; !created.Created {
		t.Fatalf("the first answer is %v", created)
	}
	must[*clientv3.PutResponse](t)(client.Put(ctx, "filter", "v"))
	must[*clientv3.DeleteResponse](t)(client.Delete(ctx, "filter"))
	if events := (<-watch).Events; len(events) != 1 || events[0].Type != clientv3.EventTypeDelete {
		t.Errorf("without puts came %v", events)
	}
	if err := client.RequestProgress(ctx); err != nil {
		t.Fatal(err)
	}
	if progress := <-watch; !progress.IsProgressNotify() {
		t.Errorf("asked for progress came %v", progress)
	}
}

func TestAWatchOfACompactedRevisionSaysFromWhereItCanGoOn(t *testing.T) {
	client, ctx := newClient(t)
	must[*clientv3.PutResponse](t)(client.Put(ctx, "compacted", "1"))
	last := must[*clientv3.PutResponse](t)(client.Put(ctx, "compacted", "2")).Header.Revision
	must[*clientv3.CompactResponse](t)(client.Compact(ctx, last))
	response := <-client.Watch(ctx, "compacted", clientv3.WithRev(last-1))
	if !errors.Is(response.Err(), rpctypes.ErrCompacted) || response.CompactRevision != last {
		t.Errorf("the answer is %v, %v", response, response.Err())
	}
}

func TestLeases(t *testing.T) {
	client, ctx := newClient(t)
	lease := must[*clientv3.LeaseGrantResponse](t)(client.Grant(ctx, 60)).ID
	must[*clientv3.PutResponse](t)(client.Put(ctx, "leased", "v", clientv3.WithLease(lease)))
	told := must[*clientv3.LeaseTimeToLiveResponse](t)(client.TimeToLive(ctx, lease, clientv3.WithAttachedKeys()))
	if told.GrantedTTL != 60 || len(told.Keys) != 1 || string(told.Keys[0]) != "leased" {
		t.Errorf("the lease is %v", told)
	}
	all := must[*clientv3.LeaseLeasesResponse](t)(client.Leases(ctx))
	found := false
	for _, one := range all.Leases {
		found = found || one.ID == lease
	}
	if !found {
		t.Errorf("%x is not among %v", lease, all.Leases)
	}
	if renewed := must[*clientv3.LeaseKeepAliveResponse](t)(client.KeepAliveOnce(ctx, lease)); renewed.TTL != 60 {
		t.Errorf("renewed to %v", renewed)
	}
	must[*clientv3.LeaseRevokeResponse](t)(client.Revoke(ctx, lease))
	if got := must[*clientv3.GetResponse](t)(client.Get(ctx, "leased")); got.Count != 0 {
		t.Errorf("its key is still there: %v", got)
	}
	if _, err := client.KeepAliveOnce(ctx, lease); !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		t.Errorf("it is renewed after its end: %v", err)
	}
	if _, err := client.Revoke(ctx, lease); !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		t.Errorf("it is revoked twice: %v", err)
	}
}

func TestALeaseThatIsKeptAliveStaysAndEndsAfterwards(t *testing.T) {
	client, ctx := newClient(t)
	lease := must[*clientv3.LeaseGrantResponse](t)(client.Grant(ctx, 2)).ID
	must[*clientv3.PutResponse](t)(client.Put(ctx, "kept", "v", clientv3.WithLease(lease)))
	keeping, stop := context.WithCancel(ctx)
	answers := must[<-chan *clientv3.LeaseKeepAliveResponse](t)(client.KeepAlive(keeping, lease))
	for range 5 {
		if answer := <-answers; answer == nil || answer.TTL != 2 {
			t.Fatalf("it is not kept alive: %v", answer)
		}
	}
	watch := client.Watch(ctx, "kept")
	stop()
	if events := (<-watch).Events; len(events) != 1 || events[0].Type != clientv3.EventTypeDelete {
		t.Errorf("its end is %v", events)
	}
}

func newSession(t *testing.T, client *clientv3.Client) *concurrency.Session {
	t.Helper()
	session := must[*concurrency.Session](t)(concurrency.NewSession(client, concurrency.WithTTL(10)))
	t.Cleanup(func() { session.Close() })
	return session
}

func TestAMutexIsHeldByOne(t *testing.T) {
	client, ctx := newClient(t)
	const sessions, rounds = 4, 5
	var all sync.WaitGroup
	errs := make(chan error, sessions)
	for range sessions {
		mutex := concurrency.NewMutex(newSession(t, client), "mutex")
		all.Go(func() {
			for range rounds {
				if err := addOneUnder(ctx, client, mutex); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	total := must[*clientv3.GetResponse](t)(client.Get(ctx, "mutex-total"))
	if string(total.Kvs[0].Value) != fmt.Sprint(sessions*rounds) {
		t.Errorf("counted %s", total.Kvs[0].Value)
	}
}

// Reads and writes apart: what another one writes between the two is lost.
func addOneUnder(ctx context.Context, client *clientv3.Client, mutex *concurrency.Mutex) error {
	if err := mutex.Lock(ctx); err != nil {
		return err
	}
	defer mutex.Unlock(ctx)
	got, err := client.Get(ctx, "mutex-total")
	if err != nil {
		return err
	}
	count := 0
	if len(got.Kvs) > 0 {
		fmt.Sscan(string(got.Kvs[0].Value), &count)
	}
	time.Sleep(time.Millisecond)
	_, err = client.Put(ctx, "mutex-total", fmt.Sprint(count+1))
	return err
}

func TestAMutexThatIsHeldIsNotWaitedForByTryLock(t *testing.T) {
	client, ctx := newClient(t)
	mutex := concurrency.NewMutex(newSession(t, client), "try")
	if err := mutex.Lock(ctx); err != nil {
		t.Fatal(err)
	}
	other := concurrency.NewMutex(newSession(t, client), "try")
	if err := other.TryLock(ctx); !errors.Is(err, concurrency.ErrLocked) {
		t.Errorf("another one's TryLock: %v", err)
	}
	if err := mutex.Unlock(ctx); err != nil {
		t.Fatal(err)
	}
	if err := other.TryLock(ctx); err != nil {
		t.Error(err)
	}
}

func TestElectionsAreWonOneAfterTheOther(t *testing.T) {
	client, ctx := newClient(t)
	first := concurrency.NewElection(newSession(t, client), "election")
	second := concurrency.NewElection(newSession(t, client), "election")
	if _, err := first.Leader(ctx); !errors.Is(err, concurrency.ErrElectionNoLeader) {
		t.Errorf("a leader before the first one: %v", err)
	}
	if err := first.Campaign(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	observed := second.Observe(ctx)
	if leader := <-observed; string(leader.Kvs[0].Value) != "one" {
		t.Errorf("observed %v", leader)
	}
	won := make(chan error, 1)
	go func() { won <- second.Campaign(ctx, "two") }()
	if err := first.Proclaim(ctx, "uno"); err != nil {
		t.Fatal(err)
	}
	if leader := <-observed; string(leader.Kvs[0].Value) != "uno" {
		t.Errorf("observed %v", leader)
	}
	if err := first.Resign(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-won; err != nil {
		t.Fatal(err)
	}
	if leader := <-observed; string(leader.Kvs[0].Value) != "two" {
		t.Errorf("observed %v", leader)
	}
}

func TestTransactionsInMemoryAreRunAgainOnConflicts(t *testing.T) {
	client, ctx := newClient(t)
	must[*clientv3.PutResponse](t)(client.Put(ctx, "stm", "0"))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				_, err := concurrency.NewSTM(client, func(stm concurrency.STM) error {
					count := 0
					fmt.Sscan(stm.Get("stm"), &count)
					stm.Put("stm", fmt.Sprint(count+1))
					return nil
				}, concurrency.WithAbortContext(ctx))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := must[*clientv3.GetResponse](t)(client.Get(ctx, "stm")); string(got.Kvs[0].Value) != "20" {
		t.Errorf("counted %s", got.Kvs[0].Value)
	}
}
