#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"

namespace google::protobuf {
class Descriptor;
}

// protobuf's JSON mapping (proto3) as etcd uses it: names as in the .proto files (in requests their
// lower camel case as well), 64-bit integers as strings (in requests also as numbers), bytes as
// base64, enums by name (in requests also by number), what is zero or empty left out, unknown names
// ignored, of fields and of enums; naming a field twice, or two of a union, is an error. It goes
// from one text to the other without a message in between, led by the descriptor.

namespace gateway {

// Arrays and objects within each other that a request may have, the outermost among them, as Go's
// encoding/json counts. Each takes some 100 bytes of memory while it is read, and none of the
// stack.
inline constexpr size_t kJsonDepthMax = 10'000;

// The encoded message. kInvalidArgument for text that is none; no text at all is an empty one.
// Compat: what follows the message is not looked at.
base::Result<base::Bytes> ToBinary(const google::protobuf::Descriptor& type, base::ByteView json);

// The same as JsonParts tells of it. kInternal for bytes that are no such message.
base::Result<base::Bytes> ToJson(const google::protobuf::Descriptor& type, base::ByteView binary);

}  // namespace gateway
