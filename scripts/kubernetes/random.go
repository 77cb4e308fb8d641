package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

// One object, as a line of JSON.
type example struct {
	Kind   string
	Stored []byte // as it was filled
	JSON   string // of what Kubernetes reads of that
	YAML   string
	// What it stores of that JSON, and of that YAML.
	OfJSON []byte
	OfYAML []byte
}

func encode(encoder runtime.Encoder, object runtime.Object) []byte {
	var out bytes.Buffer
	if err := encoder.Encode(object, &out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func decode(decoder runtime.Decoder, stored []byte) runtime.Object {
	object, _, err := decoder.Decode(stored, nil, nil)
	if err != nil {
		panic(err)
	}
	return object
}

// writeRandom writes `count` objects of each kind, filled at random.
func writeRandom(scheme *runtime.Scheme, kinds []schema.GroupVersionKind, seed int64, count int, out io.Writer) {
	sort.Slice(kinds, func(i, j int) bool { return kinds[i].String() < kinds[j].String() })
	codecs := serializer.NewCodecFactory(scheme)
	filler := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(seed), codecs)
	storage := protobuf.NewSerializer(scheme, scheme)
	jsons := jsonserializer.NewSerializerWithOptions(jsonserializer.DefaultMetaFactory, scheme, scheme,
		jsonserializer.SerializerOptions{})
	yamls := jsonserializer.NewSerializerWithOptions(jsonserializer.DefaultMetaFactory, scheme, scheme,
		jsonserializer.SerializerOptions{Yaml: true})
	lines := json.NewEncoder(out)
	for _, kind := range kinds {
		for range count {
			object, err := scheme.New(kind)
			if err != nil {
				panic(err)
			}
			filler.Fill(object)
			object.GetObjectKind().SetGroupVersionKind(kind)
			stored := encode(storage, object)
			read := decode(storage, stored)
			read.GetObjectKind().SetGroupVersionKind(kind)
			text := encode(jsons, read)
			yaml := encode(yamls, read)
			if err := lines.Encode(example{
				Kind:   strings.ReplaceAll(kind.GroupVersion().String()+"/"+kind.Kind, "/", " "),
				Stored: stored,
				JSON:   string(text),
				YAML:   string(yaml),
				OfJSON: encode(storage, decode(jsons, text)),
				OfYAML: encode(storage, decode(yamls, yaml)),
			}); err != nil {
				panic(err)
			}
		}
	}
}
