#include "api/identity/secret.h"

#include <gtest/gtest.h>

#include <utility>

namespace identity {
namespace {

TEST(SecretTest, NothingIsLeftWhereItWasTakenFrom) {
  for (const size_t size : {size_t{8}, size_t{15}, size_t{100}}) {
    std::string text(size, 's');
    const Secret secret(std::move(text));
    EXPECT_EQ(secret.text(), std::string(size, 's'));
    text.resize(text.capacity(), 'x');
    EXPECT_EQ(text.find('s'), std::string::npos) << size;
  }
}

TEST(SecretTest, ItsTextStaysWhereItIsWhenItIsMoved) {
  Secret secret(std::string("short"));
  const char* const at = secret.text().data();
  const Secret moved = std::move(secret);
  EXPECT_EQ(moved.text(), "short");
  EXPECT_EQ(moved.text().data(), at);
}

TEST(SecretTest, WipingOverwritesAllThatATextHasRoomFor) {
  std::string text = "a longer secret, which is not kept within the string";
  const char* const at = text.data();
  text.resize(5);
  Wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), at);
  text.resize(text.capacity());
  EXPECT_EQ(text, std::string(text.size(), '\0'));
}

}  // namespace
}  // namespace identity
