#include "net/peer/hash_answer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/errors.h"

namespace peer {
namespace {

using Json = nlohmann::json;

// Of a refusal, which goes into the log.
constexpr size_t kRefusalBytesMax = 200;

// Compat: etcd tells its peers the error of its store, without what it puts in front for clients.
base::ByteView TextOf(base::ByteView text) {
  constexpr base::ByteView kPrefix = "etcdserver: ";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  return text;
}

base::Status NoQuestion() {
  return {base::Code::kInvalidArgument, "error unmarshalling request"};
}

base::Status NoAnswer() {
  return {base::Code::kInvalidArgument, "the answer is no hash"};
}

// The number under `name`, 0 if it is not there; nothing for what is no number of the range.
template <typename Number>
std::optional<Number> NumberIn(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return 0;
  if (found->is_number_unsigned()) {
    const auto number = found->get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<Number>::max())) return std::nullopt;
    return static_cast<Number>(number);
  }
  if (!found->is_number_integer() || std::is_unsigned_v<Number>) return std::nullopt;
  return static_cast<Number>(found->get<int64_t>());
}

}  // namespace

std::string HashQuestion(base::Revision at) {
  return R"({"revision":)" + ToString(at) + "}";
}

base::Result<base::Revision> ParseHashQuestion(base::ByteView body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_null()) return base::Revision();  // as Go has it
  if (!json.is_object()) return NoQuestion();
  const auto revision = NumberIn<int64_t>(json, "revision");
  if (!revision.has_value()) return NoQuestion();
  return base::Revision(*revision);
}

std::string HashAnswer(const server::MemberHash& answer) {
  const mvcc::KeyValueHash& hash = answer.hash;
  std::string text = R"({"header":{"revision":)" + ToString(answer.current) + "}";
  if (hash.hash != 0) text += R"(,"hash":)" + std::to_string(hash.hash);
  if (hash.compact_revision != 0) {
    text += R"(,"compact_revision":)" + std::to_string(hash.compact_revision);
  }
  if (hash.revision != 0) text += R"(,"hash_revision":)" + std::to_string(hash.revision);
  return text + "}";
}

base::Result<server::MemberHash> ParseHashAnswer(base::ByteView body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return NoAnswer();
  const auto header = json.find("header");
  if (header == json.end() || !header->is_object()) return NoAnswer();
  const auto current = NumberIn<int64_t>(*header, "revision");
  const auto hash = NumberIn<uint32_t>(json, "hash");
  const auto compacted = NumberIn<int64_t>(json, "compact_revision");
  const auto revision = NumberIn<int64_t>(json, "hash_revision");
  if (!current.has_value() || !hash.has_value() || !compacted.has_value() ||
      !revision.has_value()) {
    return NoAnswer();
  }
  return server::MemberHash{{*hash, *compacted, *revision}, base::Revision(*current)};
}

http::PlainResponse HashRefusal(const base::Status& why) {
  return http::TextResponse(400, TextOf(why.message()));
}

base::Result<server::MemberHash> HashOf(int status, base::ByteView body) {
  if (status == 200) return ParseHashAnswer(body);
  const base::ByteView text = body.substr(0, std::min(body.find('\n'), kRefusalBytesMax));
  for (const auto& known : {base::errors::kCompacted, base::errors::kFutureRevision}) {
    if (text == TextOf(known.text)) return base::Status(known);
  }
  return base::Status(base::Code::kUnavailable,
                      "status " + std::to_string(status) + ": " + std::string(text));
}

}  // namespace peer
