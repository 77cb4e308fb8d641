#include "storage/mvcc/key_value.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "proto/kv.pb.h"
#include "storage/mvcc/revision.h"

namespace mvcc {
namespace {

std::string Encode(const KeyValue& kv) {
  std::string bytes(KeyValueSize(kv), '?');
  WriteKeyValue(kv, bytes.data());
  return bytes;
}

TEST(KeyValueTest, FieldsAreInOrderAndZeroesLeftOut) {
  EXPECT_EQ(Encode({.key = "k",
                    .create_revision = 2,
                    .mod_revision = 300,
                    .version = 1,
                    .value = "v",
                    .lease = base::LeaseId(7)}),
            std::string("\x0a\x01k\x10\x02\x18\xac\x02\x20\x01\x2a\x01v\x30\x07"));
  EXPECT_EQ(Encode({.key = "k"}), "\x0a\x01k");
  EXPECT_EQ(Encode({}), "");
}

TEST(KeyValueTest, IsTheMessageThatClientsKnow) {
  mvccpb::KeyValue message;
  message.set_key("key");
  message.set_create_revision(2);
  message.set_mod_revision(300);
  message.set_version(7);
  message.set_value("value");
  message.set_lease(70'000);
  EXPECT_EQ(Encode({.key = "key",
                    .create_revision = 2,
                    .mod_revision = 300,
                    .version = 7,
                    .value = "value",
                    .lease = base::LeaseId(70'000)}),
            message.SerializeAsString());
}

TEST(KeyValueTest, ReadsBack) {
  const std::string value(70'000, 'v');
  const KeyValue kv{.key = "key",
                    .create_revision = 1,
                    .mod_revision = std::numeric_limits<int64_t>::max(),
                    .version = 5,
                    .value = value,
                    .lease = base::LeaseId(-1)};
  const std::string encoded = Encode(kv);
  EXPECT_EQ(ParseKeyValue(encoded), kv);
  EXPECT_EQ(ParseKey(encoded), "key");
}

TEST(KeyValueTest, TheKeyIsFoundWhereverItIs) {
  EXPECT_EQ(ParseKey("\x10\x02\x0a\x01k"), "k");
  EXPECT_EQ(ParseKey("\x10\x02"), "");
  EXPECT_EQ(ParseKey("\x0a\x05k"), std::nullopt);
}

TEST(RevisionKeyTest, AreOrderedAsTheirRevisionsAndReadBack) {
  const RevisionKey put({258, 1}, false);
  const RevisionKey tombstone({258, 2}, true);
  EXPECT_EQ(put.view(), base::ByteView("\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0\x01", 17));
  EXPECT_EQ(tombstone.view(), base::ByteView("\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0\x02t", 18));
  EXPECT_LT(put.view(), tombstone.view());
  const auto parsed = ParseRevisionKey(tombstone.view());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->revision, (Revision{258, 2}));
  EXPECT_TRUE(parsed->is_tombstone);
}

TEST(RevisionKeyTest, OtherBytesAreNone) {
  EXPECT_FALSE(ParseRevisionKey(""));
  EXPECT_FALSE(ParseRevisionKey(std::string(17, '\0')));
  EXPECT_FALSE(ParseRevisionKey(std::string(8, '\0') + "_" + std::string(8, '\0') + "x"));
  EXPECT_FALSE(ParseRevisionKey(std::string(8, '\xff') + "_" + std::string(8, '\0')));
}

}  // namespace
}  // namespace mvcc
