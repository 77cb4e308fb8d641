#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

// How the built-in types of Kubernetes are stored, and what they are called in JSON.

namespace k8s {

struct Type;

struct Field {
  enum class Kind : uint8_t {
    kTypeMeta,  // kind and apiVersion, which are not stored: the envelope has those of an object
    kString,
    kBool,
    kInt32,
    kInt64,
    kBytes,
    kMessage,
    // Messages whose JSON is not that of their fields.
    kTime,         // {1: seconds, 2: nanoseconds} <-> RFC 3339, null
    kMicroTime,    // the same, with microseconds
    kDuration,     // {1: nanoseconds} <-> "1h0m0s"
    kQuantity,     // {1: text} <-> the text
    kIntOrString,  // {1: which, 2: number, 3: text} <-> the number or the text
    kJson,         // {1: text} <-> the JSON that the text is
  };
  enum class Shape : uint8_t { kOne, kPointer, kList, kMap };

  uint32_t number = 0;    // on the wire
  std::string_view name;  // in JSON
  Kind kind = Kind::kString;
  Shape shape = Shape::kOne;   // of a map the keys are texts
  const Type* type = nullptr;  // of kMessage
  // The message's fields stand among those of the object that it is in.
  bool is_inline = false;
  // Not in JSON if empty, as Go's omitempty and omitzero say.
  bool omit_empty = false;
  bool omit_zero = false;
};

// What a map has on the wire for each of its keys.
struct MapEntry {
  enum : uint32_t { kKey = 1, kValue = 2 };
};

struct Type {
  std::string_view name;
  std::vector<Field> fields;  // in the order of JSON
  // In JSON it is what its only field is: a list that has a message of its own.
  bool is_wrapper = false;
};

// The type of a kind, as of `apps/v1` and `Deployment`; null if it is none that is built in. Any
// thread; lives as long as the process.
const Type* FindKind(std::string_view api_version, std::string_view kind);

struct KnownKind {
  std::string_view api_version;
  std::string_view kind;
};
// All of them.
std::vector<KnownKind> KnownKinds();

}  // namespace k8s
