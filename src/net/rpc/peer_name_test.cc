#include "net/rpc/peer_name.h"

#include <gtest/gtest.h>

namespace rpc {
namespace {

TEST(PeerNameTest, AHostIsNamedWithItsPortAndCertifiedWithout) {
  EXPECT_EQ(AuthorityOf({"member", 2379, ""}), "member:2379");
  EXPECT_EQ(ServerNameOf({"member", 2379, ""}), "member");
}

TEST(PeerNameTest, ASocketIsNamedByItsFileAndCertifiedWithoutWhatLooksLikeAPort) {
  EXPECT_EQ(AuthorityOf({"", 0, "/run/member:1"}), "member:1");
  EXPECT_EQ(ServerNameOf({"", 0, "/run/member:1"}), "member");
  EXPECT_EQ(ServerNameOf({"", 0, "member"}), "member");
  EXPECT_EQ(ServerNameOf({"", 0, "a:b:1"}), "a:b:1");
}

}  // namespace
}  // namespace rpc
