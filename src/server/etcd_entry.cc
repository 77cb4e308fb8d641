#include "server/etcd_entry.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/wire.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "state/apply/request_codec.h"
#include "state/members/snapshot_json.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;

// Of etcdserverpb.Request, a request of API v2.
struct RequestField {
  enum : uint32_t { kMethod = 2, kPath = 3, kValue = 4 };
};

struct V2Request {
  base::ByteView method;
  base::ByteView path;
  base::ByteView value;
};

// Nothing if the bytes are an InternalRaftRequest: that has no field of the number of the method.
std::optional<V2Request> ParseV2(base::ByteView bytes) {
  V2Request request;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == RequestField::kMethod) request.method = reader.bytes();
    if (reader.field() == RequestField::kPath) request.path = reader.bytes();
    if (reader.field() == RequestField::kValue) request.value = reader.bytes();
  }
  if (!reader.ok() || request.method.empty()) return std::nullopt;
  return request;
}

// The ID of "/0/members/ID/attributes".
std::optional<base::MemberId> MemberOf(base::ByteView path) {
  constexpr std::string_view kPrefix = "/0/members/";
  constexpr std::string_view kSuffix = "/attributes";
  if (!path.starts_with(kPrefix) || !path.ends_with(kSuffix)) return std::nullopt;
  if (path.size() < kPrefix.size() + kSuffix.size()) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  path.remove_suffix(kSuffix.size());
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), id, 16);
  if (error != std::errc() || end != path.data() + path.size()) return std::nullopt;
  return base::MemberId(id);
}

// Or removes keys of API v2 whose time is up, of which there are none.
bool OnlyReads(base::ByteView method) {
  return method == "GET" || method == "QGET" || method == "SYNC";
}

void Replace(uint32_t field, const google::protobuf::MessageLite& request, raft::Entry* entry) {
  base::Bytes payload;
  apply::EncodeEntry(0, {}, field, request.SerializeAsString(), &payload);
  entry->data = base::SharedBytes(payload);
}

base::Status Unsupported(const raft::Entry& entry, const V2Request& request) {
  return {base::Code::kUnimplemented, "entry " + ToString(entry.index) + ": " +
                                          std::string(request.method.substr(0, 20)) + " " +
                                          std::string(request.path.substr(0, 200)) +
                                          " of etcd's API v2 is not supported by this version"};
}

}  // namespace

base::Result<raft::Entry> TranslateEtcdEntry(raft::Entry entry) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return entry;
  const std::optional<V2Request> request = ParseV2(entry.data.view());
  if (!request.has_value()) return entry;
  if (OnlyReads(request->method)) {
    entry.data = {};
    return entry;
  }
  if (request->method != "PUT") return Unsupported(entry, *request);
  if (request->path == "/0/version") {
    membershippb::ClusterVersionSetRequest set;
    set.set_ver(std::string(request->value));
    Replace(InternalRaftRequest::kClusterVersionSetFieldNumber, set, &entry);
    return entry;
  }
  const std::optional<base::MemberId> id = MemberOf(request->path);
  if (!id.has_value()) return Unsupported(entry, *request);
  members::Member member;
  RETURN_IF_ERROR(members::SetAttributesFromJson(request->value, &member));
  membershippb::ClusterMemberAttrSetRequest set;
  set.set_member_id(id->value());
  set.mutable_member_attributes()->set_name(member.name);
  for (const std::string& url : member.client_urls) {
    set.mutable_member_attributes()->add_client_urls(url);
  }
  Replace(InternalRaftRequest::kClusterMemberAttrSetFieldNumber, set, &entry);
  return entry;
}

}  // namespace server
