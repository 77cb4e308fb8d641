package interop

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// bbolt itself on files of snapshot_tool, whose path is in SNAPSHOT_TOOL, and the tool on bbolt's.

const digestBytes = 32

type contents map[string]map[string]string

func (c contents) dump() string {
	var out strings.Builder
	for _, name := range sortedKeys(c) {
		fmt.Fprintf(&out, "bucket %x\n", name)
		for _, key := range sortedKeys(c[name]) {
			fmt.Fprintf(&out, "%s=%s\n", hex.EncodeToString([]byte(key)),
				hex.EncodeToString([]byte(c[name][key])))
		}
	}
	return out.String()
}

func sortedKeys[V any](from map[string]V) []string {
	keys := make([]string, 0, len(from))
	for key := range from {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func randomBytes(r *rand.Rand, size int) string {
	out := make([]byte, size)
	r.Read(out)
	return string(out)
}

// Changes at random, of the database and of what it should hold.
func change(r *rand.Rand, tx *bbolt.Tx, model contents) error {
	for _, name := range sortedKeys(model) {
		records := model[name]
		bucket, err := tx.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return err
		}
		keyMax := []int{20, 300, 32768}[r.Intn(3)]
		for i := r.Intn(200*20/keyMax + 10); i > 0; i-- {
			key := randomBytes(r, 1+r.Intn(keyMax))
			records[key] = randomBytes(r, r.Intn([]int{1, 50, 3000, 20000}[r.Intn(4)]))
			if err := bucket.Put([]byte(key), []byte(records[key])); err != nil {
				return err
			}
		}
		for _, key := range sortedKeys(records) {
			if r.Intn(5) == 0 {
				delete(records, key)
				if err := bucket.Delete([]byte(key)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func expect(t *testing.T, db *bbolt.DB, model contents) {
	t.Helper()
	found := contents{}
	err := db.View(func(tx *bbolt.Tx) error {
		for fault := range tx.Check() {
			t.Error(fault)
		}
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			records := map[string]string{}
			found[string(name)] = records
			return bucket.ForEach(func(key, value []byte) error {
				records[string(key)] = string(value)
				return nil
			})
		})
	})
	if err != nil || found.dump() != model.dump() {
		t.Fatal("bbolt reads other contents: ", err)
	}
}

func tool(t *testing.T, input, command, path string) string {
	t.Helper()
	run := exec.Command(os.Getenv("SNAPSHOT_TOOL"), command, path)
	run.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	run.Stderr = &stderr
	output, err := run.Output()
	if err != nil {
		t.Fatal(command, err, stderr.String())
	}
	return string(output)
}

func TestBboltAcceptsAndChangesOurFiles(t *testing.T) {
	for seed := int64(1); seed <= 20; seed++ {
		r := rand.New(rand.NewSource(seed))
		model := contents{}
		for _, name := range []string{"alarm", "key", "lease", "meta"}[:r.Intn(5)] {
			model[name] = map[string]string{}
			for i := []int{0, 2, 30, 5000}[r.Intn(4)]; i > 0; i-- {
				model[name][randomBytes(r, 1+r.Intn(30))] = randomBytes(r, r.Intn(200))
			}
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint("db", seed))
		tool(t, model.dump(), "write", path)
		info, _ := os.Stat(path)
		if err := os.Truncate(path, info.Size()-digestBytes); err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %d bytes", seed, info.Size())
		etcds := &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType}
		db, err := bbolt.Open(path, 0600, etcds)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, db, model)
		for round := 0; round < 5; round++ {
			if err := db.Update(func(tx *bbolt.Tx) error { return change(r, tx, model) }); err != nil {
				t.Fatal(err)
			}
			expect(t, db, model)
		}
		db.Close()
		if tool(t, "", "dump", path) != model.dump() {
			t.Fatal("seed ", seed, ": what bbolt changed is read back differently")
		}
	}
}

func TestOurReaderReadsWhatBboltWrites(t *testing.T) {
	for seed := int64(1); seed <= 20; seed++ {
		r := rand.New(rand.NewSource(seed))
		path := filepath.Join(t.TempDir(), fmt.Sprint("db", seed))
		options := &bbolt.Options{PageSize: 1024 << r.Intn(7), NoFreelistSync: r.Intn(2) == 0}
		db, err := bbolt.Open(path, 0600, options)
		if err != nil {
			t.Fatal(err)
		}
		model := contents{"a": {}, "b": {}, "empty": {}}
		for round := 0; round < 6; round++ {
			if err := db.Update(func(tx *bbolt.Tx) error { return change(r, tx, model) }); err != nil {
				t.Fatal(err)
			}
		}
		db.Close()
		if tool(t, "", "dump", path) != model.dump() {
			t.Fatalf("seed %d, %+v: read differently", seed, options)
		}
	}
}
