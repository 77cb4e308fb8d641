// Package e2e is etcd's own client for Go against a member, which ETCD_ENDPOINT names.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func newClient(t *testing.T) (*clientv3.Client, context.Context) {
	t.Helper()
	endpoint := os.Getenv("ETCD_ENDPOINT")
	if endpoint == "" {
		t.Fatal("ETCD_ENDPOINT names no member")
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return client, ctx
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestPutGetDelete(t *testing.T) {
	client, ctx := newClient(t)
	first := must[*clientv3.PutResponse](t)(client.Put(ctx, "basic/a", "1"))
	must[*clientv3.PutResponse](t)(client.Put(ctx, "basic/a", "2"))
	must[*clientv3.PutResponse](t)(client.Put(ctx, "basic/b", "3"))
	old := must[*clientv3.GetResponse](t)(client.Get(ctx, "basic/a", clientv3.WithRev(first.Header.Revision)))
	if string(old.Kvs[0].Value) != "1" {
		t.Errorf("the old value is %q", old.Kvs[0].Value)
	}
	all := must[*clientv3.GetResponse](t)(client.Get(ctx, "basic/", clientv3.WithPrefix(), clientv3.WithLimit(1),
		clientv3.WithSort(clientv3.SortByValue, clientv3.SortDescend)))
	if all.Count != 2 || !all.More || string(all.Kvs[0].Value) != "3" {
		t.Errorf("the sorted range is %v", all)
	}
	deleted := must[*clientv3.DeleteResponse](t)(client.Delete(ctx, "basic/", clientv3.WithPrefix(), clientv3.WithPrevKV()))
	if deleted.Deleted != 2 || len(deleted.PrevKvs) != 2 {
		t.Errorf("deleted %v", deleted)
	}
}

func TestTransactions(t *testing.T) {
	client, ctx := newClient(t)
	create := func() *clientv3.TxnResponse {
		return must[*clientv3.TxnResponse](t)(client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision("txn"), "=", 0)).
			Then(clientv3.OpPut("txn", "v"), clientv3.OpTxn(nil, []clientv3.Op{clientv3.OpGet("txn")}, nil)).
			Else(clientv3.OpGet("txn")).Commit())
	}
	created := create()
	if !created.Succeeded {
		t.Fatal("the key was there")
	}
	inner := created.Responses[1].GetResponseTxn()
	if string(inner.Responses[0].GetResponseRange().Kvs[0].Value) != "v" {
		t.Errorf("the transaction within does not see the put: %v", inner)
	}
	if again := create(); again.Succeeded || again.Responses[0].GetResponseRange().Count != 1 {
		t.Errorf("the other branch was %v", again)
	}
}

func TestErrorsAreThoseThatTheClientKnows(t *testing.T) {
	client, ctx := newClient(t)
	if _, err := client.Put(ctx, "", "v"); !errors.Is(err, rpctypes.ErrEmptyKey) {
		t.Errorf("an empty key: %v", err)
	}
	if _, err := client.Get(ctx, "k", clientv3.WithRev(1<<40)); !errors.Is(err, rpctypes.ErrFutureRev) {
		t.Errorf("a future revision: %v", err)
	}
	if _, err := client.Put(ctx, "k", "v", clientv3.WithLease(77)); !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		t.Errorf("an unknown lease: %v", err)
	}
	put := must[*clientv3.PutResponse](t)(client.Put(ctx, "k", "v"))
	must[*clientv3.CompactResponse](t)(client.Compact(ctx, put.Header.Revision, clientv3.WithCompactPhysical()))
	if _, err := client.Get(ctx, "k", clientv3.WithRev(put.Header.Revision-1)); !errors.Is(err, rpctypes.ErrCompacted) {
		t.Errorf("a compacted revision: %v", err)
	}
}

func TestGetStreamHasEveryKey(t *testing.T) {
	client, ctx := newClient(t)
	const keys = 500
	for i := range keys {
		must[*clientv3.PutResponse](t)(client.Put(ctx, fmt.Sprintf("stream/%04d", i), "v"))
	}
	stream := must[clientv3.GetStreamChan](t)(client.GetStream(ctx, "stream/", clientv3.WithPrefix()))
	all := must[*clientv3.GetResponse](t)(clientv3.GetStreamToGetResponse(stream))
	if len(all.Kvs) != keys || all.Count != keys || all.More {
		t.Errorf("%d keys came of %d", len(all.Kvs), all.Count)
	}
}

func TestMaintenance(t *testing.T) {
	client, ctx := newClient(t)
	endpoint := client.Endpoints()[0]
	status := must[*clientv3.StatusResponse](t)(client.Status(ctx, endpoint))
	if status.Version != "3.7.1" || status.Leader != status.Header.MemberId {
		t.Errorf("the status is %v", status)
	}
	now := must[*clientv3.HashKVResponse](t)(client.HashKV(ctx, endpoint, 0))
	then := must[*clientv3.HashKVResponse](t)(client.HashKV(ctx, endpoint, now.HashRevision))
	if now.Hash != then.Hash {
		t.Errorf("the hash is %v, then %v", now, then)
	}
	must[*clientv3.DefragmentResponse](t)(client.Defragment(ctx, endpoint))
	snapshot := must[io.ReadCloser](t)(client.Snapshot(ctx))
	defer snapshot.Close()
	file := must[[]byte](t)(io.ReadAll(snapshot))
	// A database with bbolt's magic number, and its SHA-256.
	if len(file)%512 != 32 || !bytes.Equal(file[16:20], []byte{0xed, 0xda, 0x0c, 0xed}) {
		t.Errorf("the snapshot of %d bytes begins with %x", len(file), file[:32])
	}
	members := must[*clientv3.MemberListResponse](t)(client.MemberList(ctx))
	if len(members.Members) != 1 || members.Members[0].Name != "m" {
		t.Errorf("the members are %v", members)
	}
}

// Who connects to ETCD_RESTART restarts the member.
func TestARestartedMemberIsFoundAgain(t *testing.T) {
	client, ctx := newClient(t)
	must[*clientv3.PutResponse](t)(client.Put(ctx, "restart", "before"))
	conn, err := net.Dial("tcp", os.Getenv("ETCD_RESTART"))
	if err != nil {
		t.Fatal(err)
	}
	if answer := must[[]byte](t)(io.ReadAll(conn)); string(answer) != "restarted" {
		t.Fatalf("the member was not restarted: %q", answer)
	}
	got := must[*clientv3.GetResponse](t)(client.Get(ctx, "restart"))
	if len(got.Kvs) != 1 || string(got.Kvs[0].Value) != "before" {
		t.Errorf("after the restart: %v", got)
	}
	must[*clientv3.PutResponse](t)(client.Put(ctx, "restart", "after"))
}
