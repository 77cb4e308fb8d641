// Package etcd37 has etcd 3.7 write what ours reads, and read what ours writes.
package etcd37

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/snap"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
)

const (
	timeout = 60 * time.Second
	// Small, so that a test crosses many of them.
	segmentBytes = 32 * 1024
)

// tool runs one of our programs, whose path an environment variable holds.
func tool(t *testing.T, variable string, input string, arguments ...string) string {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Fatalf("%s is not set", variable)
	}
	command := exec.Command(program, arguments...)
	command.Stdin = strings.NewReader(input)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %v: %s", arguments, err, problems.String())
	}
	return out.String()
}

// dump is what log_tool should print of a member's directory, by etcd's own packages.
func dump(t *testing.T, directory string) string {
	t.Helper()
	var out strings.Builder
	snapshot, err := snap.New(zap.NewNop(), filepath.Join(directory, "snap")).Load()
	if err == nil {
		metadata := snapshot.GetMetadata()
		fmt.Fprintf(&out, "snapshot %d %d %s %s\n", metadata.GetTerm(), metadata.GetIndex(),
			encoded(t, metadata.GetConfState()), hex.EncodeToString(snapshot.GetData()))
	} else if err != snap.ErrNoSnapshot {
		t.Fatal(err)
	}
	log := filepath.Join(directory, "wal")
	marks, err := wal.ValidSnapshotEntries(zap.NewNop(), log)
	if err != nil {
		t.Fatal(err)
	}
	mark := marks[len(marks)-1]
	if _, err := wal.Verify(zap.NewNop(), log, mark); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "mark %d %d %s\n", mark.GetTerm(), mark.GetIndex(),
		encoded(t, mark.GetConfState()))
	reader, err := wal.OpenForRead(zap.NewNop(), log, mark)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	metadata, state, entries, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "metadata %s\n", hex.EncodeToString(metadata))
	fmt.Fprintf(&out, "state %d %d %d\n", state.GetTerm(), state.GetVote(), state.GetCommit())
	for _, entry := range entries {
		fmt.Fprintf(&out, "entry %d %d %d %s\n", entry.GetTerm(), entry.GetIndex(),
			entry.GetType(), hex.EncodeToString(entry.GetData()))
	}
	return out.String()
}

func encoded(t *testing.T, state *raftpb.ConfState) string {
	t.Helper()
	if state == nil {
		return ""
	}
	out, err := proto.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(out)
}

func expectSame(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range wantLines {
		if i >= len(gotLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s: line %d of %d is %.300q, want %.300q (%d lines)", what, i, len(gotLines),
				append(gotLines, "")[i], wantLines[i], len(wantLines))
		}
	}
	t.Fatalf("%s: %d lines, want %d", what, len(gotLines), len(wantLines))
}

func segments(t *testing.T, directory string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, "wal", "*.wal"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// member is a real etcd in this process: its directory, a client, and what stops it.
func member(t *testing.T) (string, *clientv3.Client, func()) {
	t.Helper()
	wal.SegmentSizeBytes = segmentBytes
	config := embed.NewConfig()
	config.Dir = t.TempDir()
	config.LogLevel = "fatal"
	local := []url.URL{{Scheme: "unix", Host: filepath.Base(config.Dir) + ".client:0"}}
	peer := []url.URL{{Scheme: "unix", Host: filepath.Base(config.Dir) + ".peer:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = local, local
	config.ListenPeerUrls, config.AdvertisePeerUrls = peer, peer
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.SnapshotCount = 100
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(etcd.Close)
	t.Cleanup(stop)
	select {
	case <-etcd.Server.ReadyNotify():
	case <-time.After(timeout):
		t.Fatal("etcd does not get ready")
	}
	return filepath.Join(config.Dir, "member"), v3client.New(etcd.Server), stop
}

// write makes a history of every kind of change.
func write(t *testing.T, client *clientv3.Client, random *rand.Rand, requests int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	lease, err := client.Grant(ctx, 3600)
	if err != nil {
		t.Fatal(err)
	}
	key := func() string { return fmt.Sprintf("key%02d", random.Intn(40)) }
	value := func() string { return strings.Repeat("v", random.Intn(300)) }
	for i := 0; i < requests; i++ {
		switch random.Intn(10) {
		case 0:
			_, err = client.Delete(ctx, key())
		case 1:
			_, err = client.Delete(ctx, key(), clientv3.WithRange("key30"))
		case 2:
			_, err = client.Put(ctx, key(), value(), clientv3.WithLease(lease.ID))
		case 3:
			_, err = client.Txn(ctx).Then(clientv3.OpPut("a"+key(), value()),
				clientv3.OpPut("b"+key(), value()), clientv3.OpDelete("c"+key())).Commit()
		default:
			_, err = client.Put(ctx, key(), value())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOursReadsTheLogAndTheSnapshotsOfEtcd(t *testing.T) {
	directory, client, stop := member(t)
	write(t, client, rand.New(rand.NewSource(1)), 1200)
	stop()
	if count := segments(t, directory); count < 3 {
		t.Fatalf("%d segments", count)
	}
	want := dump(t, directory)
	if !strings.HasPrefix(want, "snapshot ") {
		t.Fatal("etcd wrote no snapshot")
	}
	expectSame(t, "log_tool dump", tool(t, "LOG_TOOL", "", "dump", directory), want)
}

func TestEtcdReadsTheLogAndTheSnapshotsOfOurs(t *testing.T) {
	directory := t.TempDir()
	got := tool(t, "LOG_TOOL", "", "write", directory)
	if count := segments(t, directory); count < 3 {
		t.Fatalf("%d segments", count)
	}
	if !strings.HasPrefix(got, "snapshot ") {
		t.Fatal("ours wrote no snapshot")
	}
	expectSame(t, "log_tool write", got, dump(t, directory))
}

// What etcd appends to our log is read by ours.
func TestEtcdGoesOnWithOurLog(t *testing.T) {
	directory := t.TempDir()
	tool(t, "LOG_TOOL", "", "write", directory)
	log := filepath.Join(directory, "wal")
	marks, err := wal.ValidSnapshotEntries(zap.NewNop(), log)
	if err != nil {
		t.Fatal(err)
	}
	wal.SegmentSizeBytes = segmentBytes
	writer, err := wal.Open(zap.NewNop(), log, marks[len(marks)-1])
	if err != nil {
		t.Fatal(err)
	}
	_, state, entries, err := writer.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	next := entries[len(entries)-1].GetIndex() + 1
	for i := uint64(0); i < 200; i++ {
		entry := &raftpb.Entry{Term: proto.Uint64(state.GetTerm()), Index: proto.Uint64(next + i),
			Data: bytes.Repeat([]byte("x"), int(i))}
		state.Commit = proto.Uint64(next + i)
		if err := writer.Save(state, []*raftpb.Entry{entry}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.SaveSnapshot(&walpb.Snapshot{Index: proto.Uint64(next + 100),
		Term: state.Term, ConfState: &raftpb.ConfState{Voters: []uint64{1}}}); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	expectSame(t, "log_tool dump", tool(t, "LOG_TOOL", "", "dump", directory), dump(t, directory))
}

// hashes asks etcd for HashKV at revisions above `compacted`, and ours for the same of its database.
// At the compacted one itself etcd answers what it remembers from before.
func hashes(t *testing.T, client *clientv3.Client, compacted int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	reply, err := client.Get(ctx, "none")
	if err != nil {
		t.Fatal(err)
	}
	var revisions, want strings.Builder
	for revision := compacted + 1; revision <= reply.Header.Revision; revision += 7 {
		reply, err := client.HashKV(ctx, "", revision)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&revisions, revision)
		fmt.Fprintln(&want, revision, reply.CompactRevision, reply.Hash)
	}
	snapshot, err := client.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "db")
	image, err := io.ReadAll(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
	got := tool(t, "SNAPSHOT_TOOL", revisions.String(), "hashkv", file)
	expectSame(t, "hashes above "+strconv.FormatInt(compacted, 10), got, want.String())
}

func TestHashesOfAHistoryAreThoseOfEtcd(t *testing.T) {
	_, client, _ := member(t)
	random := rand.New(rand.NewSource(2))
	compacted := int64(0)
	for round := 0; round < 5; round++ {
		write(t, client, random, 200)
		hashes(t, client, compacted)
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		reply, err := client.Get(ctx, "none")
		if err != nil {
			t.Fatal(err)
		}
		compacted = reply.Header.Revision - 100
		_, err = client.Compact(ctx, compacted, clientv3.WithCompactPhysical())
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		hashes(t, client, compacted)
	}
}
