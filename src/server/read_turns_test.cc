#include "server/read_turns.h"

#include <gtest/gtest.h>

#include <string>

namespace server {
namespace {

class ReadTurnsTest : public ::testing::Test {
 protected:
  void Add(char client, int reads) {
    for (int read = 0; read < reads; ++read) {
      turns_.Add(static_cast<uint64_t>(client),
                 [this, client](const base::Status&) { done_ += client; });
    }
  }
  std::string Take(size_t reads) {
    done_.clear();
    for (size_t read = 0; read < reads && !turns_.empty(); ++read) turns_.Take()({});
    return done_;
  }

  static constexpr size_t kTurn = ReadTurns::kReadsOfTurn;
  ReadTurns turns_;
  std::string done_;
};

TEST_F(ReadTurnsTest, AClientHasAFewReadsATurn) {
  Add('a', kTurn + 2);
  Add('b', kTurn + 1);
  EXPECT_EQ(Take(kTurn), std::string(kTurn, 'b'));
  EXPECT_EQ(Take(kTurn), std::string(kTurn, 'a'));
  EXPECT_EQ(Take(9), "baa");
  EXPECT_TRUE(turns_.empty());
}

TEST_F(ReadTurnsTest, WhoeverComesAnewIsNext) {
  Add('a', 3 * kTurn);
  EXPECT_EQ(Take(2), "aa");
  Add('b', 1);
  EXPECT_EQ(Take(2), "ba");
  // Nobody has the next turn for ever by leaving and coming back, as his next read comes only
  // after the answer; whoever never leaves waits for his turn.
  Add('c', 2 * kTurn);
  EXPECT_EQ(Take(kTurn + 1), std::string(kTurn, 'c') + "a");
}

TEST_F(ReadTurnsTest, ReadsOfAClientKeepTheirOrder) {
  std::string order;
  for (const char name : {'1', '2', '3'}) {
    turns_.Add(1, [&order, name](const base::Status&) { order += name; });
  }
  while (!turns_.empty()) turns_.Take()({});
  EXPECT_EQ(order, "123");
}

}  // namespace
}  // namespace server
