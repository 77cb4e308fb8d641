#include "state/kv/key_set.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/random.h"

namespace kv {
namespace {

TEST(KeySetTest, AKeyWithoutAnEndIsThatKeyAlone) {
  KeySet keys;
  keys.Add("b", "");
  EXPECT_TRUE(keys.Contains("b"));
  EXPECT_FALSE(keys.Contains("a"));
  EXPECT_FALSE(keys.Contains(std::string("b\0", 2)));
}

TEST(KeySetTest, ARangeHasItsBeginAndNotItsEnd) {
  KeySet keys;
  keys.Add("b", "d");
  EXPECT_TRUE(keys.Contains("b"));
  EXPECT_TRUE(keys.Contains("czzz"));
  EXPECT_FALSE(keys.Contains("d"));
}

TEST(KeySetTest, AnEndOfOneZeroByteIsBeforeEveryKey) {
  KeySet keys;
  const std::string zero(1, '\0');
  keys.Add("b", zero);
  EXPECT_FALSE(keys.Contains("b"));
  EXPECT_FALSE(keys.Contains("c"));
}

// Up to two letters of a small alphabet, the first of which is the smallest there is.
std::string RandomKey(runtime::Random& random) {
  constexpr char kLetters[] = {'\0', 'a', 'b', 'c'};
  std::string key;
  for (uint64_t i = random.Below(3); i > 0; --i) key += kLetters[random.Below(4)];
  return key;
}

std::vector<std::string> AllKeys() {
  std::vector<std::string> keys = {""};
  for (size_t begin = 0, length = 1; length <= 3; ++length) {
    const size_t end = keys.size();
    for (; begin < end; ++begin) {
      for (const char letter : {'\0', 'a', 'b', 'c'}) keys.push_back(keys[begin] + letter);
    }
  }
  return keys;
}

TEST(KeySetTest, AgreesWithAListOfRanges) {
  const std::vector<std::string> all = AllKeys();
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    runtime::Random random(seed);
    // Keys are borrowed.
    std::vector<std::pair<std::string, std::string>> ranges;
    for (uint64_t i = random.Below(8); i > 0; --i) {
      ranges.emplace_back(RandomKey(random), RandomKey(random));
    }
    KeySet whole;
    KeySet part;
    for (const auto& [begin, end] : ranges) (random.OneIn(2) ? whole : part).Add(begin, end);
    whole.Add(part);
    for (const std::string& key : all) {
      bool expected = false;
      for (const auto& [begin, end] : ranges) {
        expected |= end.empty() ? key == begin : key >= begin && key < end;
      }
      ASSERT_EQ(whole.Contains(key), expected) << ::testing::PrintToString(key);
    }
  }
}

}  // namespace
}  // namespace kv
