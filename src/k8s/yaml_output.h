#pragma once

#include <string>

#include "k8s/value.h"

namespace k8s {

// As kubectl and auger write YAML, which is Go's yaml.v2: names sorted with regard to the numbers
// in them, blocks, no indentation of lists in objects, quotes only where they are needed, long
// texts broken behind 80 characters.
std::string WriteYaml(const Value& value);

}  // namespace k8s
