#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "k8s/value.h"

// Objects of Kubernetes as they stand in etcd, and as people read them.

namespace k8s {

enum class Format : uint8_t { kYaml, kJson, kProtobuf };

// "yaml", "json" or "proto"; kInvalidArgument with auger's text.
base::Result<Format> ParseFormat(const std::string& name);

// A stored value, found and read as far as its type.
struct Stored {
  std::string api_version;
  std::string kind;
  bool is_protobuf = false;  // else JSON
  base::Bytes bytes;         // the envelope, or the JSON
};

// The object that begins somewhere in `bytes`: behind it there may be a line's end, in front what
// `etcdctl get` prints. kInvalidArgument, with auger's text, if there is none.
base::Result<Stored> FindStored(base::ByteView bytes);

// An object as text.
struct Shown {
  std::string text;
  // Fields were left out that no type here has.
  bool left_out = false;
};

// In that format, with a line's end but for kProtobuf, which is the message inside the envelope.
// kInvalidArgument for a kind that is not built in, or bytes that are damaged.
base::Result<Shown> Show(const Stored& stored, Format format);

// As a tree, in the order of JSON.
base::Result<Value> ToValue(const Stored& stored);

// What is stored for an object in YAML or JSON: of a kind that is built in, protobuf; of another
// one, JSON, as Kubernetes has custom resources.
base::Result<base::Bytes> Store(const std::string& text, Format format);

}  // namespace k8s
