package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Until ETCD_FORGETFUL has forgotten a token that nobody uses.
const forgotten = 2500 * time.Millisecond

// Of a member that the environment names. A user without a name is nobody.
func newUser(t *testing.T, member, user, password string) (*clientv3.Client, context.Context) {
	t.Helper()
	client, err := connect(member, user, password)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return client, ctx
}

func connect(member, user, password string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: []string{os.Getenv(member)}, DialTimeout: 5 * time.Second,
		Username: user, Password: password})
}

func newAnn(t *testing.T, member string) (*clientv3.Client, context.Context) {
	return newUser(t, member, "ann", os.Getenv("ETCD_ANN_PASSWORD"))
}

func expectRefused(t *testing.T, err, wanted error) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Errorf("the error is %v, not %v", err, wanted)
	}
}

// Ann's.
func expectHerRights(t *testing.T, client *clientv3.Client, ctx context.Context) {
	t.Helper()
	must[*clientv3.PutResponse](t)(client.Put(ctx, "a/go", "1"))
	got := must[*clientv3.GetResponse](t)(client.Get(ctx, "a/go", clientv3.WithPrefix()))
	if got.Count != 1 || string(got.Kvs[0].Value) != "1" {
		t.Errorf("the range is %v", got)
	}
	_, err := client.Put(ctx, "b", "1")
	expectRefused(t, err, rpctypes.ErrPermissionDenied)
	_, err = client.Get(ctx, "a", clientv3.WithPrefix())
	expectRefused(t, err, rpctypes.ErrPermissionDenied)
	_, err = client.Txn(ctx).Then(clientv3.OpPut("a/go", "2"), clientv3.OpGet("b")).Commit()
	expectRefused(t, err, rpctypes.ErrPermissionDenied)
	_, err = client.UserList(ctx)
	expectRefused(t, err, rpctypes.ErrPermissionDenied)
	watched := client.Watch(ctx, "b")
	if response := <-watched; !response.Canceled {
		t.Errorf("the watch goes on: %v", response)
	}
	lease := must[*clientv3.LeaseGrantResponse](t)(client.Grant(ctx, 60)).ID
	must[*clientv3.PutResponse](t)(client.Put(ctx, "a/leased", "1", clientv3.WithLease(lease)))
	must[*clientv3.LeaseKeepAliveResponse](t)(client.KeepAliveOnce(ctx, lease))
	must[*clientv3.LeaseRevokeResponse](t)(client.Revoke(ctx, lease))
}

func TestAUserMayWhatHisRoleAllows(t *testing.T) {
	for _, member := range []string{"ETCD_SIMPLE", "ETCD_JWT"} {
		client, ctx := newAnn(t, member)
		expectHerRights(t, client, ctx)
	}
}

func TestWhoIsNobodyIsRefused(t *testing.T) {
	for _, member := range []string{"ETCD_SIMPLE", "ETCD_JWT"} {
		client, ctx := newUser(t, member, "", "")
		_, err := client.Get(ctx, "a/go")
		expectRefused(t, err, rpctypes.ErrUserEmpty)
		_, err = connect(member, "ann", "wrong")
		expectRefused(t, err, rpctypes.ErrAuthFailed)
	}
}

func TestAForgottenTokenIsRenewed(t *testing.T) {
	client, ctx := newAnn(t, "ETCD_FORGETFUL")
	watch := client.Watch(ctx, "a/renewed")
	must[*clientv3.PutResponse](t)(client.Put(ctx, "a/renewed", "1"))
	time.Sleep(forgotten)
	must[*clientv3.PutResponse](t)(client.Put(ctx, "a/renewed", "2"))
	time.Sleep(forgotten)
	got := must[*clientv3.GetResponse](t)(client.Get(ctx, "a/renewed"))
	if string(got.Kvs[0].Value) != "2" {
		t.Errorf("the range is %v", got)
	}
	for _, value := range []string{"1", "2"} {
		if response := <-watch; len(response.Events) != 1 || string(response.Events[0].Kv.Value) != value {
			t.Fatalf("the watch says %v", response)
		}
	}
}

func TestATokenOfAnOldRevisionIsRenewed(t *testing.T) {
	client, ctx := newAnn(t, "ETCD_JWT")
	must[*clientv3.PutResponse](t)(client.Put(ctx, "a/revision", "1"))
	root, _ := newUser(t, "ETCD_JWT", "root", os.Getenv("ETCD_ROOT_PASSWORD"))
	must[*clientv3.AuthRoleAddResponse](t)(root.RoleAdd(ctx, "go"))
	must[*clientv3.PutResponse](t)(client.Put(ctx, "a/revision", "2"))
	must[*clientv3.AuthRoleDeleteResponse](t)(root.RoleDelete(ctx, "go"))
	must[*clientv3.GetResponse](t)(client.Get(ctx, "a/revision"))
}

func TestACertificateSaysWhoAsks(t *testing.T) {
	certificate := must[tls.Certificate](t)(tls.LoadX509KeyPair(os.Getenv("ETCD_CERTIFICATE"), os.Getenv("ETCD_KEY")))
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(must[[]byte](t)(os.ReadFile(os.Getenv("ETCD_AUTHORITY"))))
	client := must[*clientv3.Client](t)(clientv3.New(clientv3.Config{Endpoints: []string{os.Getenv("ETCD_TLS")},
		DialTimeout: 5 * time.Second,
		TLS:         &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: authority}}))
	t.Cleanup(func() { client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	expectHerRights(t, client, ctx)
}
