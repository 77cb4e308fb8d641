#include <etcd/kv.h>
#include <etcd/status.h>
#include <gtest/gtest.h>

#include <string>

namespace etcd {
namespace {

TEST(PrefixEndTest, CountsTheLastByteUp) {
  EXPECT_EQ(PrefixEnd("foo"), "fop");
  EXPECT_EQ(PrefixEnd(std::string("a\0", 2)), "a\x01");
}

TEST(PrefixEndTest, DropsBytesThatCannotBeCountedUp) {
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
}

TEST(PrefixEndTest, OfNothingOrOnlyTheHighestByteIsTheEndOfAllKeys) {
  EXPECT_EQ(PrefixEnd(""), kFromKey);
  EXPECT_EQ(PrefixEnd("\xff"), kFromKey);
}

TEST(ClientStatusTest, EtcdsTextsStandAloneAndOthersNameTheirCode) {
  EXPECT_EQ(Status().ToString(), "OK");
  EXPECT_EQ(Status(Code::kUnavailable, "etcdserver: no leader").ToString(),
            "etcdserver: no leader");
  EXPECT_EQ(Status(Code::kDeadlineExceeded, "context deadline exceeded").ToString(),
            "context deadline exceeded");
  EXPECT_EQ(Status(Code::kUnimplemented, "unknown service X").ToString(),
            "rpc error: code = Unimplemented desc = unknown service X");
}

}  // namespace
}  // namespace etcd
