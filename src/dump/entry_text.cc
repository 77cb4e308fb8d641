#include "dump/entry_text.h"

#include <cstdio>
#include <ctime>

#include "base/go_text.h"
#include "base/wire.h"
#include "dump/hex_id.h"
#include "dump/proto_text.h"
#include "raft/codec.h"
#include "state/apply/request_codec.h"

namespace dump {
namespace {

// etcdserverpb.Request, what API v2 was asked for.
struct RequestV2Field {
  enum : uint32_t { kMethod = 2, kPath = 3, kValue = 4, kTime = 15, kLast = 17 };
};
struct RequestV2 {
  base::ByteView method;
  base::ByteView path;
  base::ByteView value;
  int64_t unix_nanos = 0;
};

std::optional<RequestV2> ParseRequestV2(base::ByteView bytes) {
  RequestV2 request;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() > RequestV2Field::kLast) return std::nullopt;
    switch (reader.field()) {
      case RequestV2Field::kMethod:
        request.method = reader.bytes();
        break;
      case RequestV2Field::kPath:
        request.path = reader.bytes();
        break;
      case RequestV2Field::kValue:
        request.value = reader.bytes();
        break;
      case RequestV2Field::kTime:
        request.unix_nanos = static_cast<int64_t>(reader.varint());
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) return std::nullopt;
  return request;
}

// In quotes; of a long text only what it begins and ends with.
std::string Excerpt(base::ByteView text, size_t begin, size_t end) {
  if (begin + end > text.size()) return base::Quote(text);
  return base::Quote(text.substr(0, begin)) + "..." + base::Quote(text.substr(text.size() - end));
}

// As Go's time.Time shows itself.
std::string UtcText(int64_t unix_nanos) {
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  int64_t nanos = unix_nanos % kNanosPerSecond;
  if (nanos < 0) nanos += kNanosPerSecond;
  const std::time_t seconds = (unix_nanos - nanos) / kNanosPerSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  std::string result(text, size);
  if (nanos != 0) {
    std::snprintf(text, sizeof text, ".%09d", static_cast<int>(nanos));
    result += text;
    while (result.back() == '0') result.pop_back();
  }
  return result + " +0000 UTC";
}

std::string TextOf(const RequestV2& request) {
  constexpr size_t kPathBytes = 64;
  constexpr size_t kValueBytes = 128;
  if (request.method.empty()) return "noop";
  std::string text = "method=" + std::string(request.method);
  if (request.method == "SYNC") return text + " time=" + base::Quote(UtcText(request.unix_nanos));
  text += " path=" + Excerpt(request.path, kPathBytes, kPathBytes);
  if (request.method == "QGET" || request.method == "DELETE") return text;
  return text + " val=" + Excerpt(request.value, kValueBytes, 0);
}

std::string TextOf(etcdserverpb::InternalRaftRequest request) {
  if (request.has_auth_user_change_password()) {
    auto& change = *request.mutable_auth_user_change_password();
    if (!change.password().empty()) change.set_password("<value removed>");
  }
  return ProtoText(request);
}

std::string NormalText(const ReadEntry& read) {
  if (read.request.has_value()) return TextOf(*read.request);
  const auto old = ParseRequestV2(read.entry.data.view());
  return old.has_value() ? TextOf(*old) : "???";
}

std::string MethodText(raft::ConfChangeType type) {
  switch (type) {
    case raft::ConfChangeType::kAddNode:
      return "ConfChangeAddNode";
    case raft::ConfChangeType::kRemoveNode:
      return "ConfChangeRemoveNode";
    case raft::ConfChangeType::kUpdateNode:
      return "ConfChangeUpdateNode";
    case raft::ConfChangeType::kAddLearnerNode:
      return "ConfChangeAddLearnerNode";
  }
  return "???";
}

std::string ChangeText(const raft::Entry& entry) {
  const auto change = raft::ConfChangeOf(entry);
  if (!change.ok()) return "???";
  std::string text;
  for (const raft::ConfChangeSingle& each : change->changes) {
    if (!text.empty()) text += ' ';
    text += "method=" + MethodText(each.type) + " id=" + HexId(each.node_id.value());
  }
  return text;
}

}  // namespace

ReadEntry::ReadEntry(raft::Entry of) : entry(std::move(of)) {
  if (entry.type != raft::EntryType::kNormal) return;
  request.emplace();
  if (!apply::ParseEntry(entry.data.view(), &*request)) request.reset();
}

std::string EntryText(const ReadEntry& read) {
  char head[64];
  std::snprintf(head, sizeof head, "%4llu\t%10llu",
                static_cast<unsigned long long>(read.entry.term.value()),
                static_cast<unsigned long long>(read.entry.index.value()));
  if (read.entry.type == raft::EntryType::kNormal) {
    return std::string(head) + "\tnorm\t" + NormalText(read);
  }
  return std::string(head) + "\tconf\t" + ChangeText(read.entry);
}

}  // namespace dump
