// grpc-go as the client of rpc_test_server, whose address is in INTEROP_ADDRESS.
package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of ../interop.proto, so that no generated code is needed.
type request struct {
	payload     []byte
	count, size int
	code        codes.Code
	message     string
	hang        bool
}

type reply struct {
	payload         []byte
	messages, bytes uint64
}

type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(value any) ([]byte, error) {
	message := value.(*request)
	var out []byte
	appendVarint := func(field protowire.Number, value uint64) {
		out = protowire.AppendVarint(protowire.AppendTag(out, field, protowire.VarintType), value)
	}
	appendBytes := func(field protowire.Number, value []byte) {
		out = protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), value)
	}
	appendBytes(1, message.payload)
	appendVarint(2, uint64(message.count))
	appendVarint(3, uint64(message.size))
	appendVarint(4, uint64(message.code))
	appendBytes(5, []byte(message.message))
	appendVarint(6, protowire.EncodeBool(message.hang))
	return out, nil
}

func (rawCodec) Unmarshal(data []byte, value any) error {
	message := value.(*reply)
	*message = reply{}
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if kind == protowire.BytesType {
			bytes, n := protowire.ConsumeBytes(data)
			if n < 0 {
				return protowire.ParseError(n)
			}
			message.payload = append([]byte(nil), bytes...)
			data = data[n:]
			continue
		}
		number, n := protowire.ConsumeVarint(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if field == 2 {
			message.messages = number
		} else {
			message.bytes = number
		}
		data = data[n:]
	}
	return nil
}

func connect(t *testing.T, options ...grpc.DialOption) *grpc.ClientConn {
	address := os.Getenv("INTEROP_ADDRESS")
	if address == "" {
		t.Fatal("INTEROP_ADDRESS is not set")
	}
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}),
			grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(128<<20)))
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func withTimeout(t *testing.T, timeout time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

const prefix = "/cornerstore.interop.Interop/"

func unary(ctx context.Context, conn *grpc.ClientConn, in *request, options ...grpc.CallOption) (*reply, error) {
	out := new(reply)
	err := conn.Invoke(ctx, prefix+"Unary", in, out, options...)
	return out, err
}

func open(t *testing.T, ctx context.Context, conn *grpc.ClientConn, method string) grpc.ClientStream {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+method)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func wantStatus(t *testing.T, err error, code codes.Code, message string) {
	t.Helper()
	if status.Code(err) != code || (message != "" && status.Convert(err).Message() != message) {
		t.Fatalf("got %v, want %v %q", err, code, message)
	}
}

func TestUnary(t *testing.T) {
	out, err := unary(withTimeout(t, 10*time.Second), connect(t), &request{payload: []byte("hello")})
	if err != nil || string(out.payload) != "hello" {
		t.Fatal(out, err)
	}
}

func TestErrorTexts(t *testing.T) {
	conn := connect(t)
	odd := "50% déjà vu\nnext line"
	_, err := unary(withTimeout(t, 10*time.Second), conn, &request{code: codes.FailedPrecondition, message: odd})
	wantStatus(t, err, codes.FailedPrecondition, odd)
	err = conn.Invoke(withTimeout(t, 10*time.Second), prefix+"Nothing", &request{}, new(reply))
	wantStatus(t, err, codes.Unimplemented, "unknown method Nothing for service cornerstore.interop.Interop")
	err = conn.Invoke(withTimeout(t, 10*time.Second), "/a.B/C", &request{}, new(reply))
	wantStatus(t, err, codes.Unimplemented, "unknown service a.B")
}

func TestTwentyMegabytesEachWay(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789abcdef"), 20<<16)
	out, err := unary(withTimeout(t, 30*time.Second), connect(t), &request{payload: payload})
	if err != nil || !bytes.Equal(out.payload, payload) {
		t.Fatal(len(out.payload), err)
	}
}

func TestGzipBothWays(t *testing.T) {
	payload := bytes.Repeat([]byte("z"), 500_000)
	out, err := unary(withTimeout(t, 10*time.Second), connect(t), &request{payload: payload},
		grpc.UseCompressor(gzip.Name))
	if err != nil || !bytes.Equal(out.payload, payload) {
		t.Fatal(len(out.payload), err)
	}
}

func TestTooLarge(t *testing.T) {
	_, err := unary(withTimeout(t, 30*time.Second), connect(t), &request{payload: make([]byte, 65<<20)})
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "grpc: received message larger than max (") {
		t.Fatal(err)
	}
}

func TestServerStreamWithAPause(t *testing.T) {
	stream := open(t, withTimeout(t, 30*time.Second), connect(t), "ServerStream")
	if err := stream.SendMsg(&request{count: 2000, size: 10_000}); err != nil {
		t.Fatal(err)
	}
	stream.CloseSend()
	for i := 1; i <= 2000; i++ {
		out := new(reply)
		if err := stream.RecvMsg(out); err != nil || out.messages != uint64(i) || len(out.payload) != 10_000 {
			t.Fatal(i, out.messages, err)
		}
		if i == 10 {
			time.Sleep(300 * time.Millisecond)
		}
	}
	if err := stream.RecvMsg(new(reply)); err != io.EOF {
		t.Fatal(err)
	}
}

func TestClientStreamCounts(t *testing.T) {
	stream := open(t, withTimeout(t, 30*time.Second), connect(t), "ClientStream")
	for i := 0; i < 20_000; i++ {
		if err := stream.SendMsg(&request{payload: []byte("abc")}); err != nil {
			t.Fatal(err)
		}
	}
	stream.CloseSend()
	out := new(reply)
	if err := stream.RecvMsg(out); err != nil || out.messages != 20_000 || out.bytes != 60_000 {
		t.Fatal(out, err)
	}
}

func TestBidiStreamEchoes(t *testing.T) {
	stream := open(t, withTimeout(t, 30*time.Second), connect(t), "BidiStream")
	for i := 0; i < 1000; i++ {
		payload := fmt.Sprint(i)
		out := new(reply)
		if err := stream.SendMsg(&request{payload: []byte(payload)}); err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(out); err != nil || string(out.payload) != payload {
			t.Fatal(i, out, err)
		}
	}
	stream.CloseSend()
	if err := stream.RecvMsg(new(reply)); err != io.EOF {
		t.Fatal(err)
	}
}

// The status of an answer that overtakes the end of the request must not turn into INTERNAL.
func TestEarlyErrorsOnOpenRequestStreams(t *testing.T) {
	conn := connect(t)
	for i := 0; i < 200; i++ {
		stream := open(t, withTimeout(t, 10*time.Second), conn, "BidiStream")
		stream.SendMsg(&request{code: codes.PermissionDenied, message: "not you"})
		wantStatus(t, stream.RecvMsg(new(reply)), codes.PermissionDenied, "not you")
	}
}

func TestDeadlineAndCancellation(t *testing.T) {
	conn := connect(t)
	_, err := unary(withTimeout(t, 100*time.Millisecond), conn, &request{hang: true})
	wantStatus(t, err, codes.DeadlineExceeded, "")
	ctx, cancel := context.WithCancel(context.Background())
	stream := open(t, ctx, conn, "ServerStream")
	stream.SendMsg(&request{count: 1, hang: true})
	if err := stream.RecvMsg(new(reply)); err != nil {
		t.Fatal(err)
	}
	cancel()
	wantStatus(t, stream.RecvMsg(new(reply)), codes.Canceled, "")
}

func TestFiveHundredParallelCalls(t *testing.T) {
	conn := connect(t)
	var group sync.WaitGroup
	for i := 0; i < 500; i++ {
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

// grpc-go pings with every window of data that it receives; that is no abuse.
func TestBandwidthPingsAreForgiven(t *testing.T) {
	conn := connect(t, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second}))
	for i := 0; i < 20; i++ {
		out, err := unary(withTimeout(t, 30*time.Second), conn, &request{size: 4 << 20})
		if err != nil || len(out.payload) != 4<<20 {
			t.Fatal(i, len(out.payload), err)
		}
	}
}
