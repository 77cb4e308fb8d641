#include "dump/record_text.h"

#include <gtest/gtest.h>

#include "proto/admission.pb.h"
#include "proto/auth.pb.h"
#include "proto/kv.pb.h"
#include "proto/lease.pb.h"
#include "proto/rpc.pb.h"
#include "storage/mvcc/revision.h"

namespace dump {
namespace {

const std::string kFive("\0\0\0\0\0\0\0\5", 8);

std::string Decoded(std::string_view bucket, base::ByteView key, base::ByteView value) {
  return DecodedText(bucket, {key, value}).value_or("none");
}

TEST(RecordTextTest, IsQuotedWithoutDecoding) {
  EXPECT_EQ(RecordText({"a\1", "\"b\""}), "key=\"a\\x01\", value=\"\\\"b\\\"\"");
  EXPECT_EQ(Decoded("members", "a", "{}"), "key=\"a\", value=\"{}\"");
}

TEST(RecordTextTest, ChangesOfKeys) {
  mvccpb::KeyValue pair;
  pair.set_key("k");
  pair.set_value("v\n");
  pair.set_create_revision(2);
  pair.set_mod_revision(5);
  pair.set_version(3);
  const mvcc::RevisionKey key({5, 1}, false);
  EXPECT_EQ(Decoded("key", key.view(), pair.SerializeAsString()),
            "rev={Revision:{Main:5 Sub:1} tombstone:false}, value=[key \"k\" | val \"v\\n\" | "
            "created 2 | mod 5 | ver 3]");
  EXPECT_EQ(Decoded("key", "short", pair.SerializeAsString()), "none");
  EXPECT_EQ(Decoded("key", key.view(), "?"), "none");
}

TEST(RecordTextTest, Leases) {
  leasepb::Lease lease;
  lease.set_ttl(60);
  lease.set_remainingttl(7);
  EXPECT_EQ(Decoded("lease", kFive, lease.SerializeAsString()),
            "lease ID=0000000000000005, TTL=60s, remaining TTL=7s");
  EXPECT_EQ(Decoded("lease", std::string(8, '\xff'), ""),
            "lease ID=-000000000000001, TTL=0s, remaining TTL=0s");
  EXPECT_EQ(Decoded("lease", "1", ""), "none");
}

TEST(RecordTextTest, UsersAndRolesWithoutHashes) {
  authpb::User user;
  user.set_name("u");
  user.set_password("secret");
  EXPECT_EQ(Decoded("authUsers", "u", user.SerializeAsString()),
            "user=\"u\", roles=[], option=<nil>");
  user.add_roles("r");
  user.add_roles("s");
  user.mutable_options()->set_no_password(true);
  EXPECT_EQ(Decoded("authUsers", "u", user.SerializeAsString()),
            "user=\"u\", roles=[\"r\" \"s\"], option=no_password:true");
  authpb::Role role;
  role.set_name("r");
  EXPECT_EQ(Decoded("authRoles", "r", role.SerializeAsString()), "role=\"r\", keyPermission=[]");
  for (const char* const key : {"a", "b"}) {
    auto* const permission = role.add_keypermission();
    permission->set_permtype(authpb::Permission::READWRITE);
    permission->set_key(key);
  }
  EXPECT_EQ(Decoded("authRoles", "r", role.SerializeAsString()),
            "role=\"r\", keyPermission=[permType:READWRITE key:\"a\" permType:READWRITE "
            "key:\"b\"]");
}

TEST(RecordTextTest, NumbersOfMetaAndAuth) {
  EXPECT_EQ(Decoded("meta", "consistent_index", kFive), "key=\"consistent_index\", value=5");
  EXPECT_EQ(Decoded("meta", "term", "x"), "none");
  const mvcc::RevisionKey at({9, 0}, false);
  EXPECT_EQ(Decoded("meta", "finishedCompactRev", at.view()),
            "key=\"finishedCompactRev\", value={9 0}");
  EXPECT_EQ(Decoded("meta", "storageVersion", "3.7.0"), "key=\"storageVersion\", value=\"3.7.0\"");
  EXPECT_EQ(Decoded("auth", "authRevision", kFive), "key=\"authRevision\", value=5");
  EXPECT_EQ(Decoded("auth", "authEnabled", "\1"), "key=\"authEnabled\", value=[1]");
  EXPECT_EQ(Decoded("cornerstore", "transaction", std::string("\5\0\0\0\0\0\0\0", 8)),
            "key=\"transaction\", value=5");
}

TEST(RecordTextTest, AlarmsAndRules) {
  etcdserverpb::AlarmMember alarm;
  alarm.set_memberid(3);
  alarm.set_alarm(etcdserverpb::NOSPACE);
  EXPECT_EQ(Decoded("alarm", alarm.SerializeAsString(), ""), "alarm=[memberID:3 alarm:NOSPACE]");
  admissionpb::Rule rule;
  rule.set_name("n");
  rule.set_requests_per_second(4);
  EXPECT_EQ(Decoded("cluster", "admissionRule/n", rule.SerializeAsString()),
            "key=\"admissionRule/n\", value=[name:\"n\" requests_per_second:4]");
  EXPECT_EQ(Decoded("cluster", "clusterVersion", "3.7.0"),
            "key=\"clusterVersion\", value=\"3.7.0\"");
}

}  // namespace
}  // namespace dump
