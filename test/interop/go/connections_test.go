package interop

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
)

func echo(t *testing.T, stream grpc.ClientStream, payload string) {
	t.Helper()
	out := new(reply)
	send(t, stream, &request{payload: []byte(payload)})
	if err := stream.RecvMsg(out); err != nil || string(out.payload) != payload {
		t.Fatal(out, err)
	}
}

func TestPingsOfTheServer(t *testing.T) {
	conn := connectTo(t, "INTEROP_PING_ADDRESS", withMessages()...)
	stream := open(t, withTimeout(t, 30*time.Second), conn, "BidiStream")
	echo(t, stream, "before")
	time.Sleep(2 * time.Second)
	echo(t, stream, "after")
}

// grpc-go pings with every window of data that it receives; that is no abuse.
func TestBandwidthPings(t *testing.T) {
	conn := connect(t, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second}))
	for i := range 20 {
		out, err := unary(withTimeout(t, 30*time.Second), conn, &request{size: 4 << 20})
		if err != nil || len(out.payload) != 4<<20 {
			t.Fatal(i, len(out.payload), err)
		}
	}
}

func TestGracefulShutdown(t *testing.T) {
	conn := connectTo(t, "INTEROP_DRAIN_ADDRESS", withMessages()...)
	stream := open(t, withTimeout(t, 30*time.Second), conn, "BidiStream")
	echo(t, stream, "before")
	if err := conn.Invoke(withTimeout(t, 10*time.Second), prefix+"Drain", &request{}, new(reply)); err != nil {
		t.Fatal(err)
	}
	_, err := unary(withTimeout(t, 10*time.Second), conn, &request{})
	wantStatus(t, err, codes.Unavailable, "")
	echo(t, stream, "after")
	stream.CloseSend()
	if err := stream.RecvMsg(new(reply)); err != io.EOF {
		t.Fatal(err)
	}
}

func TestHealth(t *testing.T) {
	client := healthpb.NewHealthClient(connectTo(t, "INTEROP_ADDRESS"))
	ctx := withTimeout(t, 10*time.Second)
	got, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil || got.Status != healthpb.HealthCheckResponse_SERVING {
		t.Fatal(got, err)
	}
	_, err = client.Check(ctx, &healthpb.HealthCheckRequest{Service: "nobody"})
	wantStatus(t, err, codes.NotFound, "unknown service")
	watch, err := client.Watch(ctx, &healthpb.HealthCheckRequest{Service: "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := watch.Recv(); err != nil || got.Status != healthpb.HealthCheckResponse_SERVICE_UNKNOWN {
		t.Fatal(got, err)
	}
}

func TestReflection(t *testing.T) {
	client := reflectionpb.NewServerReflectionClient(connectTo(t, "INTEROP_ADDRESS"))
	stream, err := client.ServerReflectionInfo(withTimeout(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(in *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
		if err := stream.Send(in); err != nil {
			t.Fatal(err)
		}
		out, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	list := ask(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	var names []string
	for _, service := range list.GetListServicesResponse().Service {
		names = append(names, service.Name)
	}
	for _, name := range []string{"cornerstore.interop.Interop", "grpc.health.v1.Health"} {
		if !slices.Contains(names, name) {
			t.Error(name, "is not in", names)
		}
	}
	files := ask(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{
			FileContainingSymbol: "grpc.health.v1.Health"}})
	if len(files.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
		t.Error("no file describes the service:", files)
	}
}

func trust(t *testing.T) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(given(t, "INTEROP_CERTIFICATES"), "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{ServerName: "localhost", RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(pem)
	return config
}

func TestClientCertificates(t *testing.T) {
	folder := given(t, "INTEROP_CERTIFICATES")
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "client.pem"), filepath.Join(folder, "client.key"))
	if err != nil {
		t.Fatal(err)
	}
	config := trust(t)
	config.Certificates = []tls.Certificate{pair}
	conn := connectTo(t, "INTEROP_MUTUAL_TLS_ADDRESS",
		withMessages(grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
	out, err := unary(withTimeout(t, 10*time.Second), conn, &request{size: 1 << 20})
	if err != nil || len(out.payload) != 1<<20 {
		t.Fatal(len(out.payload), err)
	}
}

func TestNoClientCertificate(t *testing.T) {
	conn := connectTo(t, "INTEROP_MUTUAL_TLS_ADDRESS",
		withMessages(grpc.WithTransportCredentials(credentials.NewTLS(trust(t))))...)
	_, err := unary(withTimeout(t, 10*time.Second), conn, &request{})
	wantStatus(t, err, codes.Unavailable, "")
}
