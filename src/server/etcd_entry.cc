#include "server/etcd_entry.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/wire.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "proto/v2.pb.h"
#include "state/apply/request_codec.h"
#include "state/members/snapshot_json.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;

// Of etcdserverpb.Request, a request of API v2.
struct RequestField {
  enum : uint32_t {
    kMethod = 2,
    kPath = 3,
    kValue = 4,
    kDir = 5,
    kPrevValue = 6,
    kPrevIndex = 7,
    kPrevExist = 8,
    kExpiration = 9,
    kRecursive = 12,
    kTime = 15,
    kRefresh = 17,
  };
};

struct V2Request {
  base::ByteView method;
  base::ByteView path;
  base::ByteView value;
  base::ByteView prev_value;
  uint64_t prev_index = 0;
  std::optional<bool> prev_exist;
  int64_t expiration = 0;
  int64_t time = 0;
  bool dir = false;
  bool recursive = false;
  bool refresh = false;
};

void TakeField(base::WireReader& reader, V2Request* request) {
  switch (reader.field()) {
    case RequestField::kMethod:
      request->method = reader.bytes();
      return;
    case RequestField::kPath:
      request->path = reader.bytes();
      return;
    case RequestField::kValue:
      request->value = reader.bytes();
      return;
    case RequestField::kDir:
      request->dir = reader.varint() != 0;
      return;
    case RequestField::kPrevValue:
      request->prev_value = reader.bytes();
      return;
    case RequestField::kPrevIndex:
      request->prev_index = reader.varint();
      return;
    case RequestField::kPrevExist:
      request->prev_exist = reader.varint() != 0;
      return;
    case RequestField::kExpiration:
      request->expiration = static_cast<int64_t>(reader.varint());
      return;
    case RequestField::kRecursive:
      request->recursive = reader.varint() != 0;
      return;
    case RequestField::kTime:
      request->time = static_cast<int64_t>(reader.varint());
      return;
    case RequestField::kRefresh:
      request->refresh = reader.varint() != 0;
      return;
    default:
      return;
  }
}

// Nothing if the bytes are an InternalRaftRequest: that has no field of the number of the method.
std::optional<V2Request> ParseV2(base::ByteView bytes) {
  V2Request request;
  base::WireReader reader(bytes);
  while (reader.Next()) TakeField(reader, &request);
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

bool OnlyReads(base::ByteView method) {
  return method == "GET" || method == "QGET";
}

// The cluster's own.
bool IsOfCluster(base::ByteView path) {
  return path == "/0" || path.starts_with("/0/");
}

// NONE for what changes nothing.
v2pb::Request::Method MethodOf(base::ByteView method) {
  if (method == "PUT") return v2pb::Request::PUT;
  if (method == "POST") return v2pb::Request::POST;
  if (method == "DELETE") return v2pb::Request::DELETE;
  if (method == "SYNC") return v2pb::Request::SYNC;
  return v2pb::Request::NONE;
}

v2pb::Request OursOf(const V2Request& request) {
  v2pb::Request ours;
  ours.set_method(MethodOf(request.method));
  ours.set_path(std::string(request.path));
  ours.set_value(std::string(request.value));
  ours.set_dir(request.dir);
  ours.set_prev_value(std::string(request.prev_value));
  ours.set_prev_index(request.prev_index);
  if (request.prev_exist.has_value()) ours.set_prev_exist(*request.prev_exist);
  ours.set_expiration(request.expiration);
  // Compat: etcd has the time in SYNC alone. What is told of a time to live is nothing otherwise.
  ours.set_time(request.method == "SYNC" ? request.time : request.expiration);
  ours.set_refresh(request.refresh);
  ours.set_recursive(request.recursive);
  if (request.method == "SYNC") ours.set_expire_max(UINT32_MAX);
  return ours;
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

base::Result<raft::Entry> TranslateEtcdEntry(raft::Entry entry, V2Keys keys) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return entry;
  const std::optional<V2Request> request = ParseV2(entry.data.view());
  if (!request.has_value()) return entry;
  const bool ends_keys = request->method == "SYNC";
  if (OnlyReads(request->method) || (ends_keys && keys == V2Keys::kRefused)) {
    entry.data = {};
    return entry;
  }
  const bool is_taken = keys == V2Keys::kTaken && !IsOfCluster(request->path) &&
                        MethodOf(request->method) != v2pb::Request::NONE;
  if (is_taken) {
    Replace(InternalRaftRequest::kV2FieldNumber, OursOf(*request), &entry);
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

bool ChangesV2Keys(const raft::Entry& entry) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return false;
  const std::optional<V2Request> request = ParseV2(entry.data.view());
  // What ends keys finds none if nothing has made some.
  return request.has_value() && !IsOfCluster(request->path) && request->method != "SYNC" &&
         MethodOf(request->method) != v2pb::Request::NONE;
}

bool NamesMember(const raft::Entry& entry) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return false;
  const std::optional<V2Request> request = ParseV2(entry.data.view());
  return request.has_value() && request->method == "PUT" && MemberOf(request->path).has_value();
}

bool IsOfV3(const raft::Entry& entry) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return false;
  if (ParseV2(entry.data.view()).has_value()) return false;
  base::WireReader reader(entry.data.view());
  bool has_header = false;
  while (reader.Next()) {
    has_header = has_header || reader.field() == InternalRaftRequest::kHeaderFieldNumber;
  }
  return reader.ok() && has_header;
}

}  // namespace server
