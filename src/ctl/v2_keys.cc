#include "ctl/v2_keys.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/kv.pb.h"

namespace ctl {
namespace {

using client_v2::Node;

constexpr size_t kLengthBytes = 8;

// Of two times to live, where 0 is none.
int64_t Shorter(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

Node Bare(const Node& node, int64_t ttl) {
  Node bare;
  bare.key = node.key;
  bare.is_directory = node.is_directory;
  bare.value = node.value;
  bare.created_index = node.created_index;
  bare.modified_index = node.modified_index;
  bare.expiration = node.expiration;
  bare.ttl = ttl;
  return bare;
}

uint64_t TakeLength(std::string_view* bytes) {
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<uint8_t>((*bytes)[i]);
  }
  bytes->remove_prefix(kLengthBytes);
  return length;
}

}  // namespace

std::vector<Node> Flatten(const Node& root, bool skips_ttl) {
  struct Place {
    const Node* node;
    int64_t ttl;  // of what is above it
  };
  std::vector<Node> flat;
  std::vector<Place> waiting = {{&root, 0}};
  while (!waiting.empty()) {
    const auto [node, above] = waiting.back();
    waiting.pop_back();
    const int64_t ttl = Shorter(above, node->ttl);
    const bool is_left_out = skips_ttl && ttl != 0;
    if (!is_left_out && !node->key.empty()) flat.push_back(Bare(*node, ttl));
    for (size_t i = node->nodes.size(); i-- > 0;) waiting.push_back({&node->nodes[i], ttl});
  }
  return flat;
}

std::vector<V2Key> KeysOf(const std::vector<Node>& nodes) {
  std::vector<V2Key> keys;
  for (const Node& node : nodes) {
    if (!node.is_directory) keys.push_back({node.key, node.value, node.ttl});
  }
  return keys;
}

std::string TransformerInput(const std::vector<Node>& nodes) {
  std::string input;
  for (const Node& node : nodes) input += client_v2::NodeJson(node) + "\n";
  return input;
}

base::Result<std::vector<V2Key>> ParseTransformerOutput(std::string_view output,
                                                        const std::vector<Node>& nodes) {
  std::map<std::string_view, int64_t> ttls;
  for (const Node& node : nodes) ttls.emplace(node.key, node.ttl);
  std::vector<V2Key> keys;
  while (!output.empty()) {
    const bool has_length = output.size() >= kLengthBytes;
    const uint64_t length = has_length ? TakeLength(&output) : 0;
    mvccpb::KeyValue pair;
    const bool is_one = has_length && length <= output.size() &&
                        pair.ParseFromString(std::string(output.substr(0, length))) &&
                        !pair.key().empty();
    if (!is_one) {
      return base::Status(
          base::Code::kInvalidArgument,
          "the transformer's output is no key behind " + std::to_string(keys.size()) + " others");
    }
    output.remove_prefix(length);
    const auto ttl = ttls.find(pair.key());
    keys.push_back({pair.key(), pair.value(), ttl == ttls.end() ? 0 : ttl->second});
  }
  return keys;
}

}  // namespace ctl
