package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

func TestUnary(t *testing.T) {
	out, err := unary(withTimeout(t, 10*time.Second), connect(t), &request{payload: []byte("hello")})
	if err != nil || string(out.payload) != "hello" {
		t.Fatal(out, err)
	}
}

func TestTwentyMegabytes(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789abcdef"), 20<<16)
	out, err := unary(withTimeout(t, 30*time.Second), connect(t), &request{payload: payload})
	if err != nil || !bytes.Equal(out.payload, payload) {
		t.Fatal(len(out.payload), err)
	}
}

func TestOddErrorTexts(t *testing.T) {
	odd := "50% déjà vu\nnext line 日本語"
	_, err := unary(withTimeout(t, 10*time.Second), connect(t), &request{code: codes.FailedPrecondition, message: odd})
	wantStatus(t, err, codes.FailedPrecondition, odd)
}

func TestUnknownMethods(t *testing.T) {
	conn := connect(t)
	err := conn.Invoke(withTimeout(t, 10*time.Second), prefix+"Nothing", &request{}, new(reply))
	wantStatus(t, err, codes.Unimplemented, "unknown method Nothing for service cornerstore.interop.Interop")
	err = conn.Invoke(withTimeout(t, 10*time.Second), "/a.B/C", &request{}, new(reply))
	wantStatus(t, err, codes.Unimplemented, "unknown service a.B")
}

func TestBinaryMetadata(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	ctx := metadata.AppendToOutgoingContext(withTimeout(t, 10*time.Second), "echo-bytes-bin", string(all), "echo-text", "plain")
	for _, code := range []codes.Code{codes.OK, codes.Aborted} {
		var trailer metadata.MD
		_, err := unary(ctx, connect(t), &request{code: code}, grpc.Trailer(&trailer))
		wantStatus(t, err, code, "")
		if got := trailer.Get("echo-bytes-bin"); len(got) != 1 || got[0] != string(all) {
			t.Errorf("got %q", got)
		}
		if got := trailer.Get("echo-text"); len(got) != 1 || got[0] != "plain" {
			t.Errorf("got %q", got)
		}
	}
}

// Remembers how long the last message was on the wire.
type wireLength struct{ received atomic.Int64 }

func (w *wireLength) HandleRPC(_ context.Context, event stats.RPCStats) {
	if in, ok := event.(*stats.InPayload); ok {
		w.received.Store(int64(in.CompressedLength))
	}
}
func (*wireLength) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*wireLength) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*wireLength) HandleConn(context.Context, stats.ConnStats)                       {}

func TestGzip(t *testing.T) {
	payload := bytes.Repeat([]byte("z"), 500_000)
	wire := new(wireLength)
	conn := connect(t, grpc.WithStatsHandler(wire))
	out, err := unary(withTimeout(t, 10*time.Second), conn, &request{payload: payload}, grpc.UseCompressor(gzip.Name))
	if err != nil || !bytes.Equal(out.payload, payload) {
		t.Fatal(len(out.payload), err)
	}
	if length := wire.received.Load(); length == 0 || length > 10_000 {
		t.Fatal("the answer took", length, "bytes")
	}
}

func TestTooLarge(t *testing.T) {
	_, err := unary(withTimeout(t, 30*time.Second), connect(t), &request{payload: make([]byte, 64<<20)})
	// The codec above writes every field: ten bytes beside those of the payload.
	wantStatus(t, err, codes.ResourceExhausted, "grpc: received message larger than max (67108879 vs. 67108864)")
}

func TestServerStreamCounts(t *testing.T) {
	stream := open(t, withTimeout(t, 30*time.Second), connect(t), "ServerStream")
	send(t, stream, &request{count: 20_000, size: 10})
	stream.CloseSend()
	for i := 1; i <= 20_000; i++ {
		out := new(reply)
		if err := stream.RecvMsg(out); err != nil || out.messages != uint64(i) || len(out.payload) != 10 {
			t.Fatal(i, out.messages, err)
		}
	}
	if err := stream.RecvMsg(new(reply)); err != io.EOF {
		t.Fatal(err)
	}
}

func TestServerStreamWaits(t *testing.T) {
	conn := connect(t)
	before := progress(t, conn).messages
	stream := open(t, withTimeout(t, 30*time.Second), conn, "ServerStream")
	send(t, stream, &request{count: 2000, size: 10_000})
	stream.CloseSend()
	for i := 1; i <= 2000; i++ {
		out := new(reply)
		if err := stream.RecvMsg(out); err != nil || out.messages != uint64(i) || len(out.payload) != 10_000 {
			t.Fatal(i, out.messages, err)
		}
		if i == 10 {
			time.Sleep(300 * time.Millisecond)
			produced := progress(t, conn).messages - before
			t.Log("while the reader paused, the server produced", produced)
			if produced > 1000 {
				t.Fatal("the server did not wait")
			}
		}
	}
	if err := stream.RecvMsg(new(reply)); err != io.EOF {
		t.Fatal(err)
	}
}

func TestServerStreamEndsWithAnError(t *testing.T) {
	stream := open(t, withTimeout(t, 10*time.Second), connect(t), "ServerStream")
	send(t, stream, &request{count: 3, code: codes.ResourceExhausted, message: "enough"})
	for range 3 {
		if err := stream.RecvMsg(new(reply)); err != nil {
			t.Fatal(err)
		}
	}
	wantStatus(t, stream.RecvMsg(new(reply)), codes.ResourceExhausted, "enough")
}

func TestClientStreamCounts(t *testing.T) {
	stream := open(t, withTimeout(t, 30*time.Second), connect(t), "ClientStream")
	for range 20_000 {
		send(t, stream, &request{payload: []byte("abc")})
	}
	stream.CloseSend()
	out := new(reply)
	if err := stream.RecvMsg(out); err != nil || out.messages != 20_000 || out.bytes != 60_000 {
		t.Fatal(out, err)
	}
}

func TestBidiStreamEchoes(t *testing.T) {
	stream := open(t, withTimeout(t, 30*time.Second), connect(t), "BidiStream")
	for i := 0; i < 20_000; i += 100 {
		for j := i; j < i+100; j++ {
			send(t, stream, &request{payload: []byte(fmt.Sprint(j))})
		}
		for j := i; j < i+100; j++ {
			out := new(reply)
			if err := stream.RecvMsg(out); err != nil || string(out.payload) != fmt.Sprint(j) {
				t.Fatal(j, out, err)
			}
		}
	}
	stream.CloseSend()
	if err := stream.RecvMsg(new(reply)); err != io.EOF {
		t.Fatal(err)
	}
}

func TestEarlyErrors(t *testing.T) {
	conn := connect(t)
	for range 200 {
		stream := open(t, withTimeout(t, 10*time.Second), conn, "BidiStream")
		send(t, stream, &request{code: codes.PermissionDenied, message: "not you"})
		wantStatus(t, stream.RecvMsg(new(reply)), codes.PermissionDenied, "not you")
	}
}

func TestDeadline(t *testing.T) {
	conn := connect(t)
	_, err := unary(withTimeout(t, 100*time.Millisecond), conn, &request{hang: true})
	wantStatus(t, err, codes.DeadlineExceeded, "")
	waitUntilNoneHangs(t, conn)
}

func TestCancellation(t *testing.T) {
	conn := connect(t)
	ctx, cancel := context.WithCancel(context.Background())
	stream := open(t, ctx, conn, "ServerStream")
	send(t, stream, &request{count: 1, hang: true})
	if err := stream.RecvMsg(new(reply)); err != nil {
		t.Fatal(err)
	}
	if open := progress(t, conn).bytes; open != 1 {
		t.Fatal(open, "calls are open")
	}
	cancel()
	wantStatus(t, stream.RecvMsg(new(reply)), codes.Canceled, "")
	waitUntilNoneHangs(t, conn)
}

func TestParallelCalls(t *testing.T) {
	conn := connect(t)
	var group sync.WaitGroup
	for i := range 500 {
		group.Add(1)
		go func(payload string) {
			defer group.Done()
			out, err := unary(withTimeout(t, 30*time.Second), conn, &request{payload: []byte(payload)})
			if err != nil || string(out.payload) != payload {
				t.Error(payload, out, err)
			}
		}(fmt.Sprint(i))
	}
	group.Wait()
}
