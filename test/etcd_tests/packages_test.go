// Package etcdtests names the packages of etcd's own tests, so that their versions stand in go.mod.
package etcdtests

import (
	_ "go.etcd.io/etcd/tests/v3/framework/e2e"
	_ "go.etcd.io/etcd/tests/v3/robustness/scenarios"
)
