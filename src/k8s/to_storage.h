#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "k8s/schema.h"
#include "k8s/value.h"

namespace k8s {

// The message that Kubernetes stores for an object as it is in JSON: what FromStorage makes of it
// is the object again, but for what is empty. kInvalidArgument, naming the path, for a value of
// another type and for a name that the type does not have, which would be lost.
base::Result<base::Bytes> ToStorage(const Type& type, const Value& object);

}  // namespace k8s
