#include "dump/entry_text.h"

#include <gtest/gtest.h>

#include "base/wire.h"
#include "dump/entry_filter.h"
#include "raft/codec.h"

namespace dump {
namespace {

using Request = etcdserverpb::InternalRaftRequest;

raft::Entry EntryOf(base::ByteView data, raft::EntryType type = raft::EntryType::kNormal) {
  return {.term = base::Term(7),
          .index = base::Index(34),
          .type = type,
          .data = base::SharedBytes(base::Bytes(data))};
}

std::string TextOf(const Request& request) {
  return EntryText(ReadEntry(EntryOf(request.SerializeAsString())));
}

// A request of API v2.
base::Bytes OldRequest(base::ByteView method, base::ByteView path, base::ByteView value,
                       uint64_t time = 0) {
  base::Bytes bytes;
  base::WireWriter writer(&bytes);
  writer.Varint(1, 9);
  writer.BytesIfSet(2, method);
  writer.Bytes(3, path);
  writer.Bytes(4, value);
  writer.Varint(15, time);
  return bytes;
}

TEST(EntryTextTest, RequestsAreShownWithTheirFields) {
  Request request;
  request.set_id(5);
  request.mutable_put()->set_key("foo");
  EXPECT_EQ(TextOf(request), "   7\t        34\tnorm\tID:5 put:{key:\"foo\"}");
  EXPECT_EQ(TextOf({}), "   7\t        34\tnorm\t");
}

TEST(EntryTextTest, OfSecretsAChangedPasswordIsLeftOut) {
  Request request;
  request.mutable_auth_user_change_password()->set_password("clear");
  request.mutable_auth_user_change_password()->set_hashedpassword("hash");
  EXPECT_EQ(TextOf(request),
            "   7\t        34\tnorm\tauth_user_change_password:{password:\"<value removed>\" "
            "hashedPassword:\"hash\"}");
}

TEST(EntryTextTest, RequestsOfTheOldApiAreShown) {
  const auto text = [](const base::Bytes& bytes) {
    return EntryText(ReadEntry(EntryOf(bytes))).substr(16);
  };
  EXPECT_EQ(text(OldRequest("PUT", "/p", "{\"v\":1}")),
            "norm\tmethod=PUT path=\"/p\" val=\"{\\\"v\\\":1}\"");
  EXPECT_EQ(text(OldRequest("QGET", "/p", "v")), "norm\tmethod=QGET path=\"/p\"");
  EXPECT_EQ(text(OldRequest("SYNC", "/p", "", 1)),
            "norm\tmethod=SYNC time=\"1970-01-01 00:00:00.000000001 +0000 UTC\"");
  EXPECT_EQ(text(OldRequest("", "/p", "v")), "norm\tnoop");
  const std::string path = "/" + std::string(63, 'b') + "middle" + std::string(64, 'e');
  EXPECT_EQ(text(OldRequest("DELETE", path, "")), "norm\tmethod=DELETE path=\"/" +
                                                      std::string(63, 'b') + "\"...\"" +
                                                      std::string(64, 'e') + "\"");
  EXPECT_EQ(text("?"), "norm\t???");
  base::Bytes later;
  base::WireWriter(&later).Varint(18, 1);
  base::WireWriter(&later).Bytes(1102, "\x0a\x01\xff");  // a name that is no text
  EXPECT_EQ(text(later), "norm\t???");
}

TEST(EntryTextTest, ChangesOfMembersAreShown) {
  base::Bytes bytes;
  raft::Encode(raft::ConfChange{1, raft::ConfChangeType::kAddLearnerNode, raft::MemberId(0xab), ""},
               &bytes);
  EXPECT_EQ(EntryText(ReadEntry(EntryOf(bytes, raft::EntryType::kConfChange))),
            "   7\t        34\tconf\tmethod=ConfChangeAddLearnerNode id=ab");
  EXPECT_EQ(EntryText(ReadEntry(EntryOf("?", raft::EntryType::kConfChange))),
            "   7\t        34\tconf\t???");
}

TEST(EntryFilterTest, EachNameLetsItsEntriesThrough) {
  const auto passes = [](const std::string& names, const raft::Entry& entry) {
    return EntryFilter(names).Passes(ReadEntry(entry));
  };
  const auto entry_with = [](auto set) {
    Request request;
    set(&request);
    return EntryOf(request.SerializeAsString());
  };
  const std::vector<std::pair<std::string, raft::Entry>> by_name = {
      {"IRRRange", entry_with([](Request* request) { request->mutable_range(); })},
      {"IRRPut", entry_with([](Request* request) { request->mutable_put(); })},
      {"IRRDeleteRange", entry_with([](Request* request) { request->mutable_delete_range(); })},
      {"IRRTxn", entry_with([](Request* request) { request->mutable_txn(); })},
      {"IRRCompaction", entry_with([](Request* request) { request->mutable_compaction(); })},
      {"IRRLeaseGrant", entry_with([](Request* request) { request->mutable_lease_grant(); })},
      {"IRRLeaseRevoke", entry_with([](Request* request) { request->mutable_lease_revoke(); })},
      {"IRRLeaseCheckpoint",
       entry_with([](Request* request) { request->mutable_lease_checkpoint(); })},
  };
  for (const auto& [name, entry] : by_name) {
    for (const auto& [other, unused] : by_name) EXPECT_EQ(passes(other, entry), other == name);
    for (const char* const general : {"Normal", "InternalRaftRequest"}) {
      EXPECT_TRUE(passes(general, entry)) << name;
    }
    for (const char* const none : {"ConfigChange", "Request", ""}) {
      EXPECT_FALSE(passes(none, entry)) << name;
    }
  }
  EXPECT_TRUE(passes("ConfigChange", EntryOf("", raft::EntryType::kConfChange)));
  EXPECT_FALSE(passes("Normal", EntryOf("", raft::EntryType::kConfChange)));
  EXPECT_TRUE(passes("x,Request", EntryOf(OldRequest("PUT", "/", ""))));
}

TEST(EntryFilterTest, NamesThatAreNoneAreTold) {
  EXPECT_EQ(EntryFilter("Normal,normal,").unknown_names(),
            (std::vector<std::string>{"normal", ""}));
}

}  // namespace
}  // namespace dump
