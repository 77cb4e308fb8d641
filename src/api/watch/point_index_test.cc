#include "api/watch/point_index.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runtime/random.h"

namespace watch {
namespace {

std::unique_ptr<Interest> Of(const std::string& key, bool prev_kv = false) {
  auto interest = std::make_unique<Interest>();
  interest->wish = std::make_shared<Wish>(Wish{.key = key, .prev_kv = prev_kv});
  return interest;
}

std::set<const Interest*> InterestsIn(const PointIndex& index, const std::string& key) {
  std::set<const Interest*> found;
  index.ForEachOf(key, [&](Interest& interest) { found.insert(&interest); });
  return found;
}

TEST(PointIndexTest, IsEmptyAtFirst) {
  const PointIndex index;
  EXPECT_TRUE(index.empty());
  EXPECT_EQ(index.Find(Wish{.key = "k"}), nullptr);
  EXPECT_TRUE(InterestsIn(index, "k").empty());
}

TEST(PointIndexTest, FindsAllOfAKeyAndEachByItsWish) {
  PointIndex index;
  index.Insert(Of("k"));
  index.Insert(Of("k", true));
  index.Insert(Of("l"));
  EXPECT_EQ(InterestsIn(index, "k").size(), 2u);
  EXPECT_EQ(InterestsIn(index, "l").size(), 1u);
  const Wish wish{.key = "k", .prev_kv = true};
  ASSERT_NE(index.Find(wish), nullptr);
  EXPECT_EQ(*index.Find(wish)->wish, wish);
  EXPECT_EQ(index.Find(Wish{.key = "l", .prev_kv = true}), nullptr);
}

// Beside a set: whatever the size, all that is there is found, and nothing else.
TEST(PointIndexTest, GrowsAndShrinks) {
  runtime::Random random(1);
  PointIndex index;
  std::vector<Interest*> there;
  for (const size_t size : {1000u, 300u, 700u, 0u, 5u}) {
    while (there.size() < size) {
      there.push_back(nullptr);
      std::unique_ptr<Interest> interest = Of("key" + std::to_string(random.Below(1u << 30)));
      if (index.Find(*interest->wish) != nullptr) {
        there.pop_back();
        continue;
      }
      there.back() = interest.get();
      index.Insert(std::move(interest));
    }
    while (there.size() > size) {
      std::swap(there[random.Below(there.size())], there.back());
      const std::unique_ptr<Interest> gone = index.Extract(*there.back());
      EXPECT_EQ(gone.get(), there.back());
      there.pop_back();
      EXPECT_EQ(index.Find(*gone->wish), nullptr);
    }
    for (Interest* const interest : there) EXPECT_EQ(index.Find(*interest->wish), interest);
    EXPECT_EQ(index.empty(), there.empty());
  }
}

TEST(PointIndexTest, IsEmptiedOneByOne) {
  PointIndex index;
  for (int i = 0; i < 1000; ++i) index.Insert(Of("key" + std::to_string(i)));
  int extracted = 0;
  for (; !index.empty(); ++extracted) index.Extract(index.Any());
  EXPECT_EQ(extracted, 1000);
}

}  // namespace
}  // namespace watch
