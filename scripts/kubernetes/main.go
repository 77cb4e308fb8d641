// Without arguments: writes the lines of src/k8s/types.inc, how the types of Kubernetes' API are
// stored, and what they are called in JSON. All of it stands in the tags of their Go structs.
// scripts/kubernetes_types runs it.
//
// With `random SEED COUNT`: writes COUNT objects of each kind, filled at random, as Kubernetes stores
// and shows them, for test/e2e/k8s_test.py.
package main

import (
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Types whose JSON is not that of their fields.
var special = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():          "time",
	reflect.TypeFor[metav1.MicroTime]():     "microtime",
	reflect.TypeFor[metav1.Duration]():      "duration",
	reflect.TypeFor[metav1.FieldsV1]():      "json",
	reflect.TypeFor[runtime.RawExtension](): "json",
	reflect.TypeFor[resource.Quantity]():    "quantity",
	reflect.TypeFor[intstr.IntOrString]():   "intorstring",
}

var typeMeta = reflect.TypeFor[metav1.TypeMeta]()

type marshaler interface{ Marshal() ([]byte, error) }

// isMessage: a list or map that has a message of its own, around its elements.
func isMessage(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[marshaler]()) ||
		reflect.PointerTo(t).Implements(reflect.TypeFor[marshaler]())
}

func nameOf(t reflect.Type) string {
	path := t.PkgPath()
	path = strings.TrimPrefix(path, "k8s.io/api/")
	path = strings.TrimPrefix(path, "k8s.io/apimachinery/pkg/apis/")
	return strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

type generator struct {
	lines map[string][]string
}

// spell returns how the schema calls a type, and describes those that it names.
func (g *generator) spell(t reflect.Type) string {
	if name, ok := special[t]; ok {
		return name
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + g.spell(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32:
		return "int32"
	case reflect.Int64:
		return "int64"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if t.Name() != "" && isMessage(t) {
			g.describeWrapped(t)
			return nameOf(t)
		}
		return "[]" + g.spell(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String || (t.Name() != "" && isMessage(t)) {
			panic("a map that was not thought of: " + t.String())
		}
		return "{}" + g.spell(t.Elem())
	case reflect.Struct:
		g.describe(t)
		return nameOf(t)
	}
	panic("a type that was not thought of: " + t.String())
}

func (g *generator) describeWrapped(t reflect.Type) {
	g.lines[nameOf(t)] = []string{"1 = []" + g.spell(t.Elem())}
}

func (g *generator) describe(t reflect.Type) {
	name := nameOf(t)
	if _, ok := g.lines[name]; ok {
		return
	}
	g.lines[name] = nil // for types that have themselves below them
	lines := []string{}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Type == typeMeta {
			lines = append(lines, "0 typemeta")
			continue
		}
		json := strings.Split(field.Tag.Get("json"), ",")
		proto := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(proto) < 2 {
			if json[0] == "-" {
				continue
			}
			panic(name + "." + field.Name + " is not stored")
		}
		line := proto[1] + " " + json[0]
		options := strings.Join(json[1:], ",")
		if json[0] == "" {
			if !field.Anonymous {
				panic(name + "." + field.Name + " has no name")
			}
			line += "-"
		}
		if strings.Contains(options, "omitempty") {
			line += "?"
		}
		if strings.Contains(options, "omitzero") {
			line += "~"
		}
		lines = append(lines, line+" "+g.spell(field.Type))
	}
	g.lines[name] = lines
}

// stored returns the kinds whose objects may stand in etcd.
func stored(scheme *runtime.Scheme) []schema.GroupVersionKind {
	kinds := []schema.GroupVersionKind{}
	for kind, t := range scheme.AllKnownTypes() {
		if kind.Version == runtime.APIVersionInternal || !strings.HasPrefix(t.PkgPath(), "k8s.io/api/") ||
			strings.HasSuffix(kind.Kind, "List") || strings.HasSuffix(kind.Kind, "Options") || !isMessage(t) {
			continue
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

func writeTypes(scheme *runtime.Scheme) {
	g := generator{lines: map[string][]string{}}
	kinds := []string{}
	for _, kind := range stored(scheme) {
		spelled := g.spell(scheme.AllKnownTypes()[kind])
		kinds = append(kinds, fmt.Sprintf("kind %s %s %s", kind.GroupVersion(), kind.Kind, spelled))
	}
	sort.Strings(kinds)
	names := []string{}
	for name := range g.lines {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, kind := range kinds {
		fmt.Println(kind)
	}
	for _, name := range names {
		fmt.Println("type", name)
		for _, line := range g.lines[name] {
			fmt.Println(line)
		}
	}
}

func main() {
	scheme := runtime.NewScheme()
	for _, add := range groups {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	if len(os.Args) != 4 || os.Args[1] != "random" {
		writeTypes(scheme)
		return
	}
	seed, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		panic(err)
	}
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	writeRandom(scheme, stored(scheme), seed, count, os.Stdout)
}
