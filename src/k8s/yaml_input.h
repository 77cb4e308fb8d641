#pragma once

#include <string>

#include "base/result.h"
#include "k8s/value.h"

namespace k8s {

// One document of YAML, of the kind that JSON can be made of. kInvalidArgument, naming the line,
// for what is no YAML; for keys that are no scalars, several documents, merged keys; for what is
// deeper than kDepthMax or, by its aliases, very much larger than the text.
base::Result<Value> ParseYaml(const std::string& text);

}  // namespace k8s
