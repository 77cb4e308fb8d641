#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "k8s/schema.h"
#include "k8s/value.h"

namespace k8s {

struct Read {
  Value value;
  // Fields were left out that the type does not have: of a version of Kubernetes that knows more.
  bool left_out = false;
};

// What a stored message says, as Kubernetes shows it in JSON: names, order, and what is left out
// because it is empty. `api_version` and `kind` are the envelope's. kInvalidArgument, naming the
// field, for bytes that are no such message.
base::Result<Read> FromStorage(const Type& type, std::string_view api_version,
                               std::string_view kind, base::ByteView bytes);

}  // namespace k8s
