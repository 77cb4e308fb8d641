// Every case of h2spec, a conformance suite of HTTP/2, against rpc_test_server: one subtest for each.
// Its addresses are in INTEROP_ADDRESS, and of one that speaks TLS in INTEROP_TLS_ADDRESS.
package h2spec

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	"github.com/summerwind/h2spec/http2"
	"github.com/summerwind/h2spec/spec"
)

// What does not hold for us, and why.
var exceptions = map[string]string{
	"TestPlaintext/http2/3.5/2":   "the port also speaks HTTP/1.1: the answer is 400, then it closes",
	"TestPlaintext/http2/5.3.1/2": "RFC 9218 section 2.1: we said that we ignore PRIORITY frames",
	"TestTLS/http2/5.3.1/2":       "RFC 9218 section 2.1: we said that we ignore PRIORITY frames",
}

func TestPlaintext(t *testing.T) { runAll(t, "INTEROP_ADDRESS", false) }
func TestTLS(t *testing.T)       { runAll(t, "INTEROP_TLS_ADDRESS", true) }

func runAll(t *testing.T, variable string, tls bool) {
	host, portText, err := net.SplitHostPort(os.Getenv(variable))
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	// Strict also has the cases that the RFC leaves to a server.
	settings := &config.Config{
		Host: host, Port: port, Path: "/hello", Timeout: 2 * time.Second, MaxHeaderLen: 4000,
		Strict: true, TLS: tls, Insecure: true,
	}
	for _, group := range []*spec.TestGroup{generic.Spec(), http2.Spec(), hpack.Spec()} {
		runGroup(t, settings, group)
	}
}

func runGroup(t *testing.T, settings *config.Config, group *spec.TestGroup) {
	cases := append(append([]*spec.TestCase{}, group.Tests...), group.StrictTests...)
	for i, one := range cases {
		id := fmt.Sprintf("%s/%d", group.ID(), i+1)
		reason, excepted := exceptions[t.Name()+"/"+id]
		t.Run(id+" "+one.Desc, func(t *testing.T) {
			if excepted {
				t.Skip(reason)
			}
			connection, err := spec.Dial(settings)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			if err := one.Run(settings, connection); err == spec.ErrSkipped {
				t.Skip("does not apply")
			} else if err != nil {
				t.Errorf("%s\n%v", one.Requirement, err)
			}
		})
	}
	for _, part := range group.Groups {
		runGroup(t, settings, part)
	}
}
