#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client_v2/answers.h"

// What becomes of a tree of the v2 API among the keys of v3.

namespace ctl {

struct V2Key {
  std::string key;
  std::string value;
  int64_t ttl = 0;  // seconds that it has left; 0: it does not run out

  friend bool operator==(const V2Key&, const V2Key&) = default;
};

// The nodes of a tree, each before what is in it; without that. A node runs out with the first
// directory above it. `skips_ttl`: those that run out are left out.
std::vector<client_v2::Node> Flatten(const client_v2::Node& root, bool skips_ttl);

// Each file under its path.
std::vector<V2Key> KeysOf(const std::vector<client_v2::Node>& nodes);

// What a transformer reads: the nodes in JSON, one after the other.
std::string TransformerInput(const std::vector<client_v2::Node>& nodes);
// What it has written: the length of a mvccpb.KeyValue in eight bytes, least first, and the bytes
// of that; as often as there are keys. A key that is a node's runs out with it. kInvalidArgument
// for bytes that are no such thing.
base::Result<std::vector<V2Key>> ParseTransformerOutput(std::string_view output,
                                                        const std::vector<client_v2::Node>& nodes);

}  // namespace ctl
