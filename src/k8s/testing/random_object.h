#pragma once

#include "k8s/schema.h"
#include "k8s/value.h"
#include "runtime/random.h"

namespace k8s::testing {

// An object of the type as Kubernetes would show it: some fields are there and some are not.
Value RandomObject(const Type& type, const KnownKind& kind, runtime::Random* random);

// A text that is likely to need care: quotes, numbers, lines, characters of every plane.
std::string RandomText(runtime::Random* random);

}  // namespace k8s::testing
