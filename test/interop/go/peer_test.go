// Package interop is grpc-go as the client of rpc_test_server: ../cases.txt.
package interop

import (
	"context"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
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

const prefix = "/cornerstore.interop.Interop/"

// The value of a variable that the test run must set.
func given(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatal(name, "is not set")
	}
	return value
}

// To the server that the variable `name` gives the address of.
func connectTo(t *testing.T, name string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	options = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)
	conn, err := grpc.NewClient(given(t, name), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// For the messages of ../interop.proto.
func withMessages(options ...grpc.DialOption) []grpc.DialOption {
	return append(options, grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}),
		grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(128<<20)))
}

func connect(t *testing.T, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return connectTo(t, "INTEROP_ADDRESS", withMessages(options...)...)
}

func withTimeout(t *testing.T, timeout time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

func unary(ctx context.Context, conn *grpc.ClientConn, in *request, options ...grpc.CallOption) (*reply, error) {
	out := new(reply)
	err := conn.Invoke(ctx, prefix+"Unary", in, out, options...)
	return out, err
}

func open(t *testing.T, ctx context.Context, conn *grpc.ClientConn, method string) grpc.ClientStream {
	t.Helper()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+method)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func send(t *testing.T, stream grpc.ClientStream, in *request) {
	t.Helper()
	if err := stream.SendMsg(in); err != nil {
		t.Fatal(err)
	}
}

func progress(t *testing.T, conn *grpc.ClientConn) *reply {
	t.Helper()
	out := new(reply)
	if err := conn.Invoke(withTimeout(t, 10*time.Second), prefix+"Progress", &request{}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Until the server has no call open that hangs.
func waitUntilNoneHangs(t *testing.T, conn *grpc.ClientConn) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); progress(t, conn).bytes != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server has not heard of it")
		}
	}
}

func wantStatus(t *testing.T, err error, code codes.Code, message string) {
	t.Helper()
	if status.Code(err) != code || (message != "" && status.Convert(err).Message() != message) {
		t.Fatalf("got %v, want %v %q", err, code, message)
	}
}
