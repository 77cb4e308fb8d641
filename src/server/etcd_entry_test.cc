#include "server/etcd_entry.h"

#include <gtest/gtest.h>

#include "base/wire.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "proto/v2.pb.h"
#include "state/apply/request_codec.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;

raft::Entry EntryOf(base::ByteView data) {
  return {.term = base::Term(2), .index = base::Index(7), .data = base::SharedBytes(data)};
}

// etcdserverpb.Request
raft::Entry V2(std::string_view method, std::string_view path, std::string_view value) {
  base::Bytes bytes;
  base::WireWriter writer(&bytes);
  writer.Varint(1, 77);
  writer.Bytes(2, method);
  writer.Bytes(3, path);
  writer.Bytes(4, value);
  writer.Bool(5, false);
  return EntryOf(bytes);
}

InternalRaftRequest RequestOf(const raft::Entry& entry) {
  InternalRaftRequest request;
  EXPECT_TRUE(apply::ParseEntry(entry.data.view(), &request));
  return request;
}

base::Result<raft::Entry> Translate(raft::Entry entry, V2Keys keys = V2Keys::kRefused) {
  return TranslateEtcdEntry(std::move(entry), keys);
}

TEST(EtcdEntryTest, AMembersAttributesAndTheVersionAreToldAnew) {
  const auto attributes = Translate(V2("PUT", "/0/members/8e9e05c52164694d/attributes",
                                       R"({"name":"m","clientURLs":["http://a:1","http://b:2"]})"));
  ASSERT_TRUE(attributes.ok()) << attributes.status().ToString();
  EXPECT_EQ(attributes->index, base::Index(7));
  const auto set = RequestOf(*attributes).cluster_member_attr_set();
  EXPECT_EQ(set.member_id(), 0x8e9e05c52164694du);
  EXPECT_EQ(set.member_attributes().name(), "m");
  EXPECT_EQ(set.member_attributes().client_urls_size(), 2);

  const auto version = Translate(V2("PUT", "/0/version", "3.4.0"));
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(RequestOf(*version).cluster_version_set().ver(), "3.4.0");
}

TEST(EtcdEntryTest, ReadsBecomeEmpty) {
  for (const char* const method : {"GET", "QGET", "SYNC"}) {
    const auto entry = Translate(V2(method, "/1/key", ""));
    ASSERT_TRUE(entry.ok()) << method;
    EXPECT_TRUE(entry->data.empty());
  }
}

TEST(EtcdEntryTest, OtherRequestsOfTheApiV2AreRefusedByName) {
  EXPECT_EQ(Translate(V2("PUT", "/1/key", "value")).status().message(),
            "entry 7: PUT /1/key of etcd's API v2 is not supported by this version");
  for (const char* const path : {"/0/members/xyz/attributes", "/0/members//attributes",
                                 "/0/members/attributes", "/0/versions", ""}) {
    EXPECT_EQ(Translate(V2("PUT", path, "{}")).status().code(), base::Code::kUnimplemented) << path;
  }
  EXPECT_FALSE(Translate(V2("DELETE", "/0/version", "")).ok());
  EXPECT_FALSE(Translate(V2("PUT", "/0/members/1/attributes", "no JSON")).ok());
}

TEST(EtcdEntryTest, RequestsOfTheApiV2BecomeOursWhereTheyAreTaken) {
  const auto put = Translate(V2("PUT", "/1/key", "value"), V2Keys::kTaken);
  ASSERT_TRUE(put.ok()) << put.status().ToString();
  const v2pb::Request request = RequestOf(*put).v2();
  EXPECT_EQ(request.method(), v2pb::Request::PUT);
  EXPECT_EQ(request.path(), "/1/key");
  EXPECT_EQ(request.value(), "value");
  EXPECT_FALSE(request.has_prev_exist());
  EXPECT_EQ(RequestOf(*Translate(V2("SYNC", "", ""), V2Keys::kTaken)).v2().method(),
            v2pb::Request::SYNC);
  EXPECT_TRUE(Translate(V2("QGET", "/1/key", ""), V2Keys::kTaken)->data.empty());
  EXPECT_FALSE(Translate(V2("DELETE", "/0/version", ""), V2Keys::kTaken).ok());
  EXPECT_TRUE(RequestOf(*Translate(V2("PUT", "/0/version", "3.4.0"), V2Keys::kTaken))
                  .has_cluster_version_set());
  EXPECT_TRUE(ChangesV2Keys(V2("POST", "/2/users/u", "")));
  EXPECT_FALSE(ChangesV2Keys(V2("PUT", "/0/version", "3.4.0")));
  EXPECT_FALSE(ChangesV2Keys(V2("SYNC", "", "")));
}

TEST(EtcdEntryTest, AllElseStaysAsItIs) {
  InternalRaftRequest request;
  request.mutable_header()->set_id(5);
  request.mutable_put()->set_key("PUT");
  request.mutable_range()->set_key("GET");
  raft::Entry change = EntryOf("a change of the configuration");
  change.type = raft::EntryType::kConfChange;
  for (const raft::Entry& entry : {EntryOf(request.SerializeAsString()), EntryOf(""),
                                   EntryOf("\xff\xff no message"), change}) {
    const auto translated = Translate(entry);
    ASSERT_TRUE(translated.ok()) << translated.status().ToString();
    EXPECT_EQ(translated->data.view(), entry.data.view());
    EXPECT_EQ(translated->type, entry.type);
  }
}

}  // namespace
}  // namespace server
