#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace k8s {

// What the value of a built-in object is in etcd, runtime.Unknown of Kubernetes:
//
//   "k8s\0" { 1: { 1: apiVersion, 2: kind }, 2: raw, 3: contentEncoding, 4: contentType }
//
// The views borrow from what was parsed.
struct Envelope {
  base::ByteView api_version = {};
  base::ByteView kind = {};
  base::ByteView raw = {};
  base::ByteView content_encoding = {};
  base::ByteView content_type = {};
};

// What begins with "k8s\0", wherever it stands in `bytes`; nothing if it does not.
std::optional<base::ByteView> FindEnvelope(base::ByteView bytes);

// `bytes` begins with "k8s\0". kInvalidArgument for what is no envelope.
base::Result<Envelope> ParseEnvelope(base::ByteView bytes);

base::Bytes WriteEnvelope(const Envelope& envelope);

}  // namespace k8s
