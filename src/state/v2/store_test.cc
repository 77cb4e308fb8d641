#include "state/v2/store.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proto/v2.pb.h"
#include "runtime/random.h"
#include "state/v2/tree.h"
#include "storage/mvcc/testing/store_harness.h"

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// 2020-09-13.
constexpr int64_t kNow = 1'600'000'000 * kSecond;

using v2pb::Request;

Request RequestOf(Request::Method method, const std::string& path, const std::string& value = "") {
  Request request;
  request.set_method(method);
  request.set_path("/1" + path);
  request.set_value(value);
  request.set_time(kNow);
  return request;
}

Request Delete(const std::string& path, bool recursive = false) {
  Request request = RequestOf(Request::DELETE, path);
  request.set_recursive(recursive);
  return request;
}

Request Put(const std::string& path, const std::string& value, int64_t seconds = 0) {
  Request request = RequestOf(Request::PUT, path, value);
  if (seconds > 0) request.set_expiration(kNow + seconds * kSecond);
  return request;
}

Request Directory(const std::string& path, int64_t seconds = 0) {
  Request request = Put(path, "", seconds);
  request.set_dir(true);
  return request;
}

Request Expire(int64_t seconds, uint32_t max = 1000) {
  Request request;
  request.set_method(Request::SYNC);
  request.set_time(kNow + seconds * kSecond);
  request.set_expire_max(max);
  return request;
}

// "/a=1 [4,4]", one node a line.
std::string TextOf(const Node& directory, const std::string& path) {
  std::string text;
  Children children(directory);
  while (const Node* const child = children.Next()) {
    const std::string at = Join(path, child->name());
    text += at;
    if (!child->is_directory()) text += "=" + std::string(child->value());
    text += " [" + std::to_string(child->created()) + "," + std::to_string(child->modified());
    if (child->expiration() != 0) {
      text += "," + std::to_string((child->expiration() - kNow) / kSecond) + "s";
    }
    text += "]\n" + TextOf(*child, at);
  }
  return text;
}

class V2StoreTest : public ::testing::Test {
 protected:
  V2StoreTest() {
    harness_.on_stamp = [this](backend::Batch* batch) { store_->Stamp(batch); };
    Load();
  }

  void Load() {
    auto loaded = Store::Load(*harness_.database().NewReader().value(), &harness_.buffer());
    ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
    store_ = *std::move(loaded);
    if (!store_->begun()) store_->Begin(3);
  }
  void Restart() {
    harness_.EndEntry();
    harness_.Commit();
    harness_.Reopen();
    Load();
  }
  Result Apply(const Request& request) {
    Result result = store_->Apply(request);
    harness_.EndEntry();
    return result;
  }
  std::string Refusal(const Request& request) {
    const Error error = Apply(request).error;
    return std::to_string(static_cast<int>(error.code)) + " " + error.cause + " " +
           std::to_string(error.index);
  }
  std::shared_ptr<const View> view() {
    store_->ShowChanges();
    return store_->published().Get();
  }
  std::string Tree() { return TextOf(*FindChild(*view()->root, "1"), "/"); }
  size_t Records() {
    const auto reader = harness_.database().NewReader().value();
    const auto cursor = reader->NewCursor(schema::Id(schema::Bucket::kV2));
    size_t count = 0;
    EXPECT_TRUE(cursor->Seek("n").ok());
    for (; cursor->valid() && cursor->key().starts_with("n"); ++count) {
      EXPECT_TRUE(cursor->Next().ok());
    }
    return count;
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  std::unique_ptr<Store> store_;
};

TEST_F(V2StoreTest, WhatRunsOutInTheDepthDoesSoAfterARestart) {
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "/d" + std::to_string(i);
  Apply(Put(path, "v", 60));
  Apply(Directory("/d0/d1/e", 90));
  Restart();
  EXPECT_EQ(store_->first_expiration(), kNow + 60 * kSecond);
  Apply(Expire(100));
  EXPECT_EQ(Refusal(Delete(path)).substr(0, 3), "100");
  EXPECT_EQ(Refusal(Delete("/d0/d1/e", true)).substr(0, 3), "100");
  EXPECT_EQ(store_->first_expiration(), std::nullopt);
}

TEST_F(V2StoreTest, BeforeItHasBegunThereIsNothingToSee) {
  mvcc::StoreHarness harness(mvcc::DatabaseKind::kMemory);
  auto loaded = Store::Load(*harness.database().NewReader().value(), &harness.buffer());
  ASSERT_TRUE(loaded.ok());
  Store& store = **loaded;
  store.CountOther();
  store.ShowChanges();
  EXPECT_EQ(store.published().Get(), nullptr);
}

TEST_F(V2StoreTest, AFileIsMadeWithItsDirectoriesAtOneIndex) {
  const Result result = Apply(Put("/a/b", "x"));
  ASSERT_NE(result.event, nullptr);
  EXPECT_EQ(result.event->index, 4u);
  EXPECT_EQ(result.event->key, "/1/a/b");
  EXPECT_FALSE(result.event->prev);
  EXPECT_EQ(Tree(), "/a [4,4]\n/a/b=x [4,4]\n");
}

TEST_F(V2StoreTest, SetMakesAnotherNodeAndUpdateChangesIt) {
  Apply(Put("/a", "x"));
  Apply(Put("/a", "y"));
  EXPECT_EQ(Tree(), "/a=y [5,5]\n");
  Request update = Put("/a", "z");
  update.set_prev_exist(true);
  EXPECT_EQ(Apply(update).event->prev->value(), "y");
  EXPECT_EQ(Tree(), "/a=z [5,6]\n");
}

TEST_F(V2StoreTest, RefusalsHaveTheCauseOfEtcdAndChangeNothing) {
  Apply(Put("/a/b", "x"));
  EXPECT_EQ(Refusal(Put("/a/b/c", "")), "104 /1/a/b 4");
  EXPECT_EQ(Refusal(Put("/a", "")), "102 /1/a 4");
  EXPECT_EQ(Refusal(Put("", "")), "107 / 4");
  EXPECT_EQ(Refusal(Delete("/n/m")), "100 /1/n 4");
  EXPECT_EQ(Refusal(Delete("/a")), "102 /1/a 4");
  Request directory = Delete("/a");
  directory.set_dir(true);
  EXPECT_EQ(Refusal(directory), "108 /1/a 4");
  Request create = Put("/a/b", "");
  create.set_prev_exist(false);
  EXPECT_EQ(Refusal(create), "105 /1/a/b 4");
  Request swap = Put("/a/b", "");
  swap.set_prev_value("y");
  EXPECT_EQ(Refusal(swap), "101 [y != x] 4");
  swap.set_prev_index(7);
  EXPECT_EQ(Refusal(swap), "101 [y != x] [7 != 4] 4");
  swap.set_prev_value("x");
  EXPECT_EQ(Refusal(swap), "101 [7 != 4] 4");
  EXPECT_EQ(Tree(), "/a [4,4]\n/a/b=x [4,4]\n");
}

TEST_F(V2StoreTest, InOrderNamesAreIndexes) {
  EXPECT_EQ(Apply(RequestOf(Request::POST, "/q", "x")).event->key, "/1/q/00000000000000000004");
  EXPECT_EQ(Apply(RequestOf(Request::POST, "", "x")).event->key, "/1/00000000000000000005");
}

TEST_F(V2StoreTest, ADirectoryGoesWithAllThatIsInItAtOneIndex) {
  for (int i = 0; i < 300; ++i) Apply(Put("/d/e/" + std::to_string(i), "x"));
  Apply(Put("/d/ttl", "x", 5));
  const auto before = view();
  store_->TakeHappenings();
  EXPECT_EQ(Apply(Delete("/d", true)).event->index, before->index + 1);
  EXPECT_EQ(Tree(), "");
  const std::vector<Happening> happenings = store_->TakeHappenings();
  ASSERT_EQ(happenings.size(), 1u);
  EXPECT_NE(FindChild(*happenings[0].removed, "e"), nullptr);
  EXPECT_FALSE(happenings[0].event->prev->children());
  // Who reads goes on doing so.
  EXPECT_NE(TextOf(*before->root, "/").find("/1/d/e/299=x"), std::string::npos);
  harness_.Commit();
  EXPECT_EQ(Records(), 304u);
  int steps = 0;
  while (store_->EraseLeftovers(100)) ++steps;
  EXPECT_EQ(steps, 3);
  EXPECT_FALSE(store_->first_expiration().has_value());
  harness_.EndEntry();
  harness_.Commit();
  EXPECT_EQ(Records(), 2u);
}

TEST_F(V2StoreTest, LeftoversOfAStartAreErasedAndNotSeen) {
  for (int i = 0; i < 100; ++i) Apply(Put("/d/" + std::to_string(i) + "/x", "x"));
  Apply(Delete("/d", true));
  Apply(Put("/d/1/x", "new"));
  const std::string tree = Tree();
  Restart();
  EXPECT_EQ(Tree(), tree);
  EXPECT_TRUE(store_->has_leftovers());
  while (store_->EraseLeftovers(7)) {
  }
  harness_.EndEntry();
  harness_.Commit();
  EXPECT_EQ(Records(), 5u);
  Restart();
  EXPECT_EQ(Tree(), tree);
}

TEST_F(V2StoreTest, WhatRunsOutGoesInItsOrderAndSomeAtATime) {
  Apply(Put("/c", "x", 3));
  Apply(Put("/a", "x", 2));
  Apply(Directory("/d", 1));
  Apply(Put("/d/x", "x", 9));
  store_->TakeHappenings();
  Apply(Expire(0));
  EXPECT_TRUE(store_->TakeHappenings().empty());
  Apply(Expire(3, 2));
  const auto two = store_->TakeHappenings();
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].event->key, "/1/d");
  EXPECT_EQ(two[0].event->index, 8u);
  EXPECT_EQ(two[1].event->key, "/1/a");
  EXPECT_EQ(Tree(), "/c=x [4,4,3s]\n");
  Restart();
  EXPECT_EQ(*store_->first_expiration(), kNow + 3 * kSecond);
  Apply(Expire(9));
  EXPECT_EQ(Tree(), "");
}

TEST_F(V2StoreTest, ATimeIsTakenAwayByAnUpdateWithoutOne) {
  Apply(Put("/a", "x", 3));
  Request update = Put("/a", "x");
  update.set_prev_exist(true);
  Apply(update);
  EXPECT_EQ(Tree(), "/a=x [4,5]\n");
  EXPECT_FALSE(store_->first_expiration().has_value());
}

TEST_F(V2StoreTest, OtherChangesHaveIndexesWithoutEvents) {
  store_->CountOther();
  EXPECT_EQ(view()->index, 4u);
  EXPECT_TRUE(view()->history.From(1)->empty());
  Apply(Put("/a", "x"));
  ASSERT_EQ(view()->history.From(1)->size(), 1u);
  EXPECT_EQ(view()->history.From(1)->front()->index, 5u);
}

TEST_F(V2StoreTest, TheHistoryKeepsAThousandEventsOverARestart) {
  for (int i = 0; i < 1500; ++i) Apply(Put("/a", std::to_string(i)));
  Apply(Delete("/a"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(view()->index, 1504u);
    EXPECT_EQ(view()->history.first(), 505u);
    EXPECT_FALSE(view()->history.From(504).has_value());
    const auto events = view()->history.From(505);
    ASSERT_EQ(events->size(), 1000u);
    EXPECT_EQ(events->front()->node->value(), "501");
    EXPECT_EQ(events->back()->action, Action::kDelete);
    EXPECT_EQ(events->back()->prev->value(), "1499");
    Restart();
  }
}

TEST_F(V2StoreTest, EventsOfManyBytesAreSavedBeforeTheBatchIsCut) {
  const std::string large(100'000, 'x');
  for (int i = 0; i < 30; ++i) Apply(Put("/" + std::to_string(i % 4), large));
  size_t waiting = 0;
  harness_.on_stamp = [this, &waiting](backend::Batch* batch) {
    const size_t before = batch->bytes();
    store_->Stamp(batch);
    waiting = batch->bytes() - before;
  };
  Restart();
  EXPECT_LT(waiting, 2'000'000u);
  EXPECT_EQ(view()->history.From(4)->size(), 30u);
}

TEST_F(V2StoreTest, AViewStaysAsItWasWhileEventsAreAdded) {
  Apply(Put("/a", "0"));
  const auto before = view();
  for (int i = 0; i < 200; ++i) Apply(Put("/a", "1"));
  EXPECT_EQ(before->history.From(1)->size(), 1u);
  EXPECT_EQ(view()->history.From(1)->size(), 201u);
  EXPECT_EQ(TextOf(*FindChild(*before->root, "1"), "/"), "/a=0 [4,4]\n");
}

TEST_F(V2StoreTest, ADamagedRecordIsNotBelieved) {
  Restart();
  backend::Batch batch;
  batch.Put(schema::Id(schema::Bucket::kV2), "n12345678x", "\xff");
  ASSERT_TRUE(harness_.database().Commit(batch).ok());
  const auto loaded = Store::Load(*harness_.database().NewReader().value(), &harness_.buffer());
  EXPECT_EQ(loaded.status().code(), base::Code::kDataLoss);
}

// Whatever is done: a restart makes no difference, and neither does when leftovers are erased.
TEST_F(V2StoreTest, RandomRequestsLeaveTheSameAfterARestart) {
  runtime::Random random(7);
  const auto path = [&random] {
    std::string made;
    for (uint64_t left = random.Between(1, 4); left > 0; --left) {
      made += "/" + std::string(1, static_cast<char>('a' + random.Below(4)));
    }
    return made;
  };
  for (int step = 0; step < 4000; ++step) {
    Request request = Put(path(), std::to_string(step), static_cast<int64_t>(random.Below(3)));
    if (random.OneIn(4)) request = Delete(path(), random.OneIn(2));
    if (random.OneIn(50)) request = Expire(static_cast<int64_t>(random.Below(4)), 3);
    request.set_dir(random.OneIn(5));
    if (random.OneIn(5)) request.set_prev_exist(random.OneIn(2));
    Apply(request);
    if (random.OneIn(10)) store_->EraseLeftovers(random.Below(4));
    harness_.EndEntry();
    if (!random.OneIn(200)) continue;
    const std::string tree = Tree();
    const uint64_t index = view()->index;
    const auto first = store_->first_expiration();
    Restart();
    ASSERT_EQ(Tree(), tree) << step;
    EXPECT_EQ(view()->index, index);
    if (store_->first_expiration().has_value()) {
      EXPECT_LE(*first, *store_->first_expiration());
    }
  }
}

}  // namespace
}  // namespace v2
