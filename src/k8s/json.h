#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "k8s/value.h"

namespace k8s {

// kInvalidArgument for what is no JSON, or deeper than kDepthMax.
base::Result<Value> ParseJson(std::string_view text);

// As Go's encoding/json writes it, without a space.
std::string WriteJson(const Value& value);

// Names in bytewise order at every depth, as Go writes maps.
void SortNames(Value* value);

}  // namespace k8s
