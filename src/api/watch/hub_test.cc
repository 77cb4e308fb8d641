#include "api/watch/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "net/rpc/message.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/scheduler.h"
#include "storage/mvcc/testing/store_harness.h"

namespace watch {
namespace {

using etcdserverpb::WatchResponse;
using mvcc::DatabaseKind;
using mvcc::KeyRange;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "put k=v @7", "delete k @7"; with what was before, if that is told.
std::string TextOf(const mvccpb::Event& event) {
  const mvccpb::KeyValue& kv = event.kv();
  std::string text = event.type() == mvccpb::Event::PUT ? "put " + kv.key() + "=" + kv.value()
                                                        : "delete " + kv.key();
  text += " @" + std::to_string(kv.mod_revision());
  if (event.has_prev_kv()) text += " was " + event.prev_kv().value();
  return text;
}

// Runs tasks on a loop, and of what else is ready there only what comes in the same turns.
class Runner {
 public:
  Runner(runtime::simulated::Scheduler* scheduler, runtime::Loop* loop)
      : scheduler_(*scheduler), loop_(*loop) {}

  template <typename Task>
  void operator()(Task task) const {
    if (loop_.IsCurrent()) return task();
    bool done = false;
    loop_.Post([&] {
      task();
      done = true;
    });
    while (!done) ASSERT_TRUE(scheduler_.Step());
  }

 private:
  runtime::simulated::Scheduler& scheduler_;
  runtime::Loop& loop_;
};

// A client that takes answers while it is told to, and keeps what it took.
class Client final : public Receiver {
 public:
  Client(Hub* hub, Runner run) : hub_(*hub), run_(run) {}
  ~Client() override { CancelAll(); }

  bool writable() const override { return takes != 0; }
  void OnEvents(Watcher& watcher, base::SharedBytes frames) override {
    if (takes > 0) --takes;
    rpc::MessageReader reader(1 << 30);
    base::ByteView bytes = frames.view();
    while (true) {
      const auto got = reader.Read(&bytes);
      ASSERT_TRUE(got.ok());
      if (!*got) break;
      WatchResponse answer;
      ASSERT_TRUE(answer.ParseFromArray(reader.message().data(),
                                        static_cast<int>(reader.message().size())));
      EXPECT_EQ(answer.watch_id(), watcher.id);
      EXPECT_GT(answer.events_size(), 0);
      for (const mvccpb::Event& event : answer.events()) {
        EXPECT_LE(event.kv().mod_revision(), answer.header().revision());
        told[watcher.id].push_back(TextOf(event));
      }
      answers.push_back(std::move(answer));
    }
    if (leaves_after_next) CancelAll();
  }
  void OnLost(Watcher& watcher, base::Revision compacted, const base::Status& why) override {
    EXPECT_TRUE(why.ok()) << why.ToString();
    lost[watcher.id] = compacted.value();
    watchers_.erase(watcher.id);
  }

  void Watch(int64_t id, Wish wish, int64_t start, bool fragments = false) {
    auto watcher = std::make_unique<Watcher>();
    watcher->receiver = this;
    watcher->id = id;
    watcher->wish = std::make_shared<const Wish>(std::move(wish));
    watcher->fragments = fragments;
    run_([&] { hub_.Add(watcher.get(), base::Revision(start)); });
    watchers_[id] = std::move(watcher);
  }
  void Cancel(int64_t id) {
    run_([&] { hub_.Remove(watchers_.at(id).get()); });
    watchers_.erase(id);
  }
  void CancelAll() {
    while (!watchers_.empty()) Cancel(watchers_.begin()->first);
  }
  bool Watches(int64_t id) const { return watchers_.contains(id); }
  const Watcher& watcher(int64_t id) const { return *watchers_.at(id); }
  void Take(int answers_more) {
    takes = answers_more;
    run_([&] { hub_.Resume(*this); });
  }

  int takes = -1;  // answers; below 0 any number
  bool leaves_after_next = false;
  std::map<int64_t, std::vector<std::string>> told;
  std::map<int64_t, int64_t> lost;
  std::vector<WatchResponse> answers;

 private:
  Hub& hub_;
  Runner run_;
  std::map<int64_t, std::unique_ptr<Watcher>> watchers_;
};

Hub::Parts PartsOf(runtime::Loop* loop, mvcc::StoreHarness* store, bool* listens,
                   size_t fragment_bytes) {
  return {.loop = loop,
          .reads = [store] { return std::shared_ptr<mvcc::Reads>(&store->reads(), [](auto*) {}); },
          .header =
              [](base::Revision revision) {
                return kv::ResponseHeader{base::ClusterId(1), base::MemberId(2), revision,
                                          base::Term(3)};
              },
          .listen = [listens](bool on) { *listens = on; },
          .fragment_bytes = fragment_bytes};
}

class HubTest : public ::testing::Test {
 protected:
  explicit HubTest(size_t fragment_bytes = 1 << 20)
      : store(DatabaseKind::kMemory),
        hub(PartsOf(loop_.get(), &store, &listens_, fragment_bytes)) {}
  ~HubTest() override { EXPECT_FALSE(listens_); }

  // Lets the hub hear of everything and do what it has to.
  void Settle() {
    run([this] {
      if (listens_) hub.Advance(store.store().revision());
    });
    scheduler_.RunFor(std::chrono::seconds(1));
  }
  void Put(const std::string& key, const std::string& value) { store.Put(key, value); }

 private:
  runtime::simulated::Scheduler scheduler_{1};
  std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("net");
  bool listens_ = false;

 protected:
  Runner run{&scheduler_, loop_.get()};
  mvcc::StoreHarness store;
  Hub hub;
};

Wish Key(std::string key) {
  return {.key = std::move(key)};
}
Wish Range(std::string key, std::string end) {
  return {.key = std::move(key), .range_end = std::move(end)};
}
Wish All() {
  return Range(std::string(1, '\0'), std::string(1, '\0'));
}

TEST_F(HubTest, TellsOfChangesFromTheStartOn) {
  Put("a", "1");  // revision 2
  Put("a", "2");
  Client client(&hub, run);
  client.Watch(0, Key("a"), 3);
  client.Watch(1, Key("a"), 4);
  Put("b", "3");
  Put("a", "4");
  Settle();
  EXPECT_THAT(client.told[0], ElementsAre("put a=2 @3", "put a=4 @5"));
  EXPECT_THAT(client.told[1], ElementsAre("put a=4 @5"));
  client.CancelAll();
}

TEST_F(HubTest, TellsNothingBelowAStartThatIsToCome) {
  Client client(&hub, run);
  client.Watch(0, All(), 4);
  Put("a", "1");
  Put("a", "2");
  Settle();
  EXPECT_THAT(client.told[0], IsEmpty());
  Put("a", "3");
  Put("a", "4");
  Settle();
  EXPECT_THAT(client.told[0], ElementsAre("put a=3 @4", "put a=4 @5"));
  client.CancelAll();
}

TEST_F(HubTest, TellsWhatIsWishedFor) {
  Client client(&hub, run);
  client.Watch(1, {.key = "a", .range_end = "c", .no_put = true}, 2);
  client.Watch(2, {.key = "a", .range_end = "c", .no_delete = true, .prev_kv = true}, 2);
  client.Watch(3, {.key = "b", .prev_kv = true}, 2);
  client.Watch(4, Range("b", std::string(1, '\0')), 2);
  Put("a", "1");
  Put("b", "2");
  Put("b", "3");
  store.Delete(KeyRange::One("b"));
  Put("c", "4");
  Settle();
  EXPECT_THAT(client.told[1], ElementsAre("delete b @5"));
  EXPECT_THAT(client.told[2], ElementsAre("put a=1 @2", "put b=2 @3", "put b=3 @4 was 2"));
  EXPECT_THAT(client.told[3], ElementsAre("put b=2 @3", "put b=3 @4 was 2", "delete b @5 was 3"));
  EXPECT_THAT(client.told[4], ElementsAre("put b=2 @3", "put b=3 @4", "delete b @5", "put c=4 @6"));
  client.CancelAll();
}

TEST_F(HubTest, ARevisionIsToldInOneAnswer) {
  for (int i = 0; i < 3000; ++i) Put("k" + std::to_string(i), "v");
  Client client(&hub, run);
  client.Watch(0, {.key = "k", .range_end = "l", .no_put = true}, 2);
  store.Delete(KeyRange::All());
  Settle();
  ASSERT_EQ(client.answers.size(), 1u);
  EXPECT_EQ(client.answers[0].events_size(), 3000);
  client.CancelAll();
}

TEST_F(HubTest, ACompactedStartIsLostAndTellsWhereTheStoreBegins) {
  for (int i = 0; i < 10; ++i) Put("a", "1");
  Client client(&hub, run);
  client.takes = 0;
  client.Watch(0, Key("a"), 3);
  client.Watch(1, Key("a"), 9);
  Settle();  // both are cursors now
  EXPECT_EQ(hub.watchers_behind(), 2u);
  ASSERT_TRUE(store.Compact(9).ok());
  store.FinishCompaction();
  store.Reopen();  // nothing is in memory any more
  client.Take(-1);
  Settle();
  EXPECT_EQ(client.lost, (std::map<int64_t, int64_t>{{0, 9}}));
  EXPECT_EQ(client.told[1].size(), 3u);
  client.CancelAll();
}

TEST_F(HubTest, WhoIsInThePresentMissesNothingThatIsCompactedAtOnce) {
  Client client(&hub, run);
  client.Watch(0, Key("a"), 2);
  Settle();
  for (int i = 0; i < 5; ++i) Put("a", std::to_string(i));
  ASSERT_TRUE(store.Compact(6).ok());
  Settle();
  EXPECT_EQ(client.told[0].size(), 5u);
  EXPECT_THAT(client.lost, IsEmpty());
  client.CancelAll();
}

TEST_F(HubTest, AReceiverThatTakesNothingIsACursorAndGoesOnLater) {
  Client slow(&hub, run);
  Client other(&hub, run);
  slow.takes = 1;
  slow.Watch(0, Key("a"), 2);
  other.Watch(0, Key("a"), 2);
  for (int i = 0; i < 4; ++i) {
    Put("a", std::to_string(i));
    Settle();
  }
  EXPECT_THAT(slow.told[0], ElementsAre("put a=0 @2"));
  EXPECT_FALSE(hub.IsInPresent(slow.watcher(0)));
  EXPECT_TRUE(hub.IsInPresent(other.watcher(0)));
  EXPECT_EQ(other.told[0].size(), 4u);
  slow.Take(-1);
  Settle();
  EXPECT_EQ(slow.told[0], other.told[0]);
  EXPECT_TRUE(hub.IsInPresent(slow.watcher(0)));
  slow.CancelAll();
  other.CancelAll();
}

TEST_F(HubTest, WhoLeavesWhileOthersAreToldChangesNothingForThem) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<Client>(&hub, run));
    for (int64_t id = 0; id < 3; ++id) clients.back()->Watch(id, Key("a"), 2);
    clients.back()->leaves_after_next = i % 3 == 0;
  }
  Put("a", "1");
  Settle();
  for (size_t i = 0; i < clients.size(); ++i) {
    size_t told = 0;
    for (const auto& [id, events] : clients[i]->told) {
      EXPECT_THAT(events, ElementsAre("put a=1 @2"));
      ++told;
    }
    EXPECT_EQ(told, i % 3 == 0 ? 1u : 3u);
  }
}

class FragmentTest : public HubTest {
 protected:
  FragmentTest() : HubTest(200) {}
};

TEST_F(FragmentTest, SplitsALongAnswerForWhoAsksForIt) {
  Client client(&hub, run);
  client.Watch(0, Key("a"), 2, /*fragments=*/true);
  client.Watch(1, Key("a"), 2);
  for (int i = 0; i < 60; ++i) Put("a", std::to_string(i));
  Settle();
  EXPECT_EQ(client.told[0], client.told[1]);
  std::vector<bool> more;
  for (const WatchResponse& answer : client.answers) {
    if (answer.watch_id() == 1) continue;
    more.push_back(answer.fragment());
    EXPECT_LT(answer.ByteSizeLong(), 200u);
  }
  EXPECT_GT(more.size(), 2u);
  EXPECT_EQ(std::count(more.begin(), more.end(), false), 1);
  EXPECT_FALSE(more.back());
  client.CancelAll();
}

TEST_F(FragmentTest, AnEventThatIsTooLongAloneIsOnePiece) {
  Client client(&hub, run);
  client.Watch(0, Key("a"), 2, /*fragments=*/true);
  Put("a", std::string(500, 'x'));
  Put("a", std::string(500, 'y'));
  Settle();
  ASSERT_EQ(client.answers.size(), 2u);
  EXPECT_TRUE(client.answers[0].fragment());
  EXPECT_EQ(client.answers[0].events_size(), 1);
  client.CancelAll();
}

// Everything at once, by chance, against a list of all changes.

struct ModelChange {
  int64_t revision;
  std::string key;
  std::string text;
  bool is_delete;
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {}

  size_t Below(size_t bound) { return random_() % bound; }
  std::string RandomKey() { return std::string(1, static_cast<char>('a' + Below(6))); }

  void Put(mvcc::StoreHarness& store) {
    const std::string key = RandomKey();
    const std::string value = std::to_string(++values_);
    const int64_t revision = store.store().revision().value() + 1;
    store.Put(key, value);
    Remember(revision, key, "put " + key + "=" + value, value);
  }
  void Delete(mvcc::StoreHarness& store) {
    const std::string begin = RandomKey();
    const std::string end = RandomKey();
    const int64_t revision = store.store().revision().value() + 1;
    store.Delete({.begin = begin, .end = end, .open_end = false});
    for (auto at = values_of_.lower_bound(begin); at != values_of_.end() && at->first < end;) {
      const std::string key = (at++)->first;
      Remember(revision, key, "delete " + key, std::nullopt);
    }
  }
  Wish RandomWish() {
    Wish wish{.key = RandomKey()};
    if (Below(2) == 0) wish.range_end = Below(4) == 0 ? std::string(1, '\0') : wish.key + "zz";
    if (Below(4) == 0 && !wish.range_end.empty()) wish.range_end = "g";
    wish.no_put = Below(5) == 0;
    wish.no_delete = Below(5) == 0;
    wish.prev_kv = Below(3) == 0;
    return wish;
  }
  // What a watch of `wish` from `start` on is told.
  std::vector<std::string> Expected(const Wish& wish, int64_t start) const {
    std::vector<std::string> expected;
    for (const ModelChange& change : changes_) {
      const bool is_in = change.key >= wish.key && !wish.range().Ends(change.key);
      if (change.revision >= start && is_in && wish.Wants(change.is_delete)) {
        expected.push_back(change.text + " @" + std::to_string(change.revision));
      }
    }
    return expected;
  }

 private:
  void Remember(int64_t revision, const std::string& key, std::string text,
                std::optional<std::string> value) {
    changes_.push_back({revision, key, std::move(text), !value.has_value()});
    if (value.has_value()) {
      values_of_[key] = *value;
    } else {
      values_of_.erase(key);
    }
  }

  std::mt19937_64 random_;
  uint64_t values_ = 0;
  std::map<std::string, std::string> values_of_;
  std::vector<ModelChange> changes_;
};

struct ModelWatch {
  size_t client;
  int64_t id;
  Wish wish;
  int64_t start;
};

// Without what it was before: compaction may have taken that.
std::vector<std::string> WithoutPrevious(std::vector<std::string> events) {
  for (std::string& event : events) event.resize(std::min(event.size(), event.find(" was ")));
  return events;
}

class HubModelTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  static constexpr size_t kClients = 5;

  HubModelTest() {
    for (size_t i = 0; i < kClients; ++i) {
      clients_.push_back(std::make_unique<Client>(&hub_, run_));
    }
  }

  void Move(int number) {
    const size_t client = model_.Below(kClients);
    switch (model_.Below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        for (size_t i = model_.Below(40); i > 0; --i) model_.Put(store_);
        return;
      case 4:
        return model_.Delete(store_);
      case 5:
      case 6:
        return Watch(client, number);
      case 7:
        return clients_[client]->Take(model_.Below(2) == 0 ? -1
                                                           : static_cast<int>(model_.Below(20)));
      case 8:
        return Cancel();
      case 9:
        return store_.Commit();
      case 10:
        return Compact();
      default:
        Advance();
        for (size_t turns = model_.Below(6); turns > 0 && scheduler_.Step(); --turns) {
        }
    }
  }
  void Settle() {
    for (const auto& client : clients_) client->Take(-1);
    Advance();
    scheduler_.RunFor(std::chrono::seconds(10));
  }
  void CheckAll() {
    for (const ModelWatch& watch : watches_) Check(*clients_[watch.client], watch);
  }
  void Leave() {
    for (const auto& client : clients_) client->CancelAll();
    EXPECT_EQ(hub_.watchers(), 0u);
    EXPECT_EQ(hub_.watchers_behind(), 0u);
  }

 private:
  int64_t now() { return store_.store().revision().value(); }

  void Watch(size_t client, int number) {
    const auto distance = static_cast<int64_t>(model_.Below(200));
    const int64_t start = std::max({now() + 5 - distance, compacted_, int64_t{1}});
    const ModelWatch watch{client, number, model_.RandomWish(), start};
    clients_[client]->Watch(watch.id, watch.wish, start, model_.Below(3) == 0);
    watches_.push_back(watch);
  }
  void Cancel() {
    if (model_.Below(4) != 0 || watches_.empty()) return;
    const auto chosen =
        watches_.begin() + static_cast<std::ptrdiff_t>(model_.Below(watches_.size()));
    Client& owner = *clients_[chosen->client];
    if (owner.Watches(chosen->id)) owner.Cancel(chosen->id);
    watches_.erase(chosen);
  }
  void Compact() {
    if (model_.Below(6) != 0) return;
    compacted_ = std::max(compacted_, now() - static_cast<int64_t>(model_.Below(60)));
    if (store_.Compact(compacted_).ok()) store_.FinishCompaction();
  }
  void Advance() {
    run_([this] {
      if (listens_) hub_.Advance(store_.store().revision());
    });
  }
  void Check(Client& client, const ModelWatch& watch) {
    std::vector<std::string> expected = model_.Expected(watch.wish, watch.start);
    const std::vector<std::string> told = WithoutPrevious(client.told[watch.id]);
    if (client.lost.contains(watch.id)) {  // it was told how it begins
      ASSERT_LE(told.size(), expected.size());
      expected.resize(told.size());
    } else {
      ASSERT_TRUE(client.Watches(watch.id));
      EXPECT_TRUE(hub_.IsInPresent(client.watcher(watch.id)) || watch.start > now());
    }
    EXPECT_EQ(told, expected) << "watch " << watch.id;
  }
  mvcc::Store::Options StoreOptions() {
    mvcc::Store::Options options;
    if (model_.Below(2) == 0) options.history_bytes = 0;
    return options;
  }

  Model model_{GetParam()};
  runtime::simulated::Scheduler scheduler_{GetParam()};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("net");
  const Runner run_{&scheduler_, loop_.get()};
  mvcc::StoreHarness store_{DatabaseKind::kMemory, StoreOptions()};
  bool listens_ = false;
  Hub hub_{PartsOf(loop_.get(), &store_, &listens_, 100)};
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<ModelWatch> watches_;
  int64_t compacted_ = 0;
};

TEST_P(HubModelTest, EachEventOnceInOrderWhateverHappens) {
  for (int number = 0; number < 400; ++number) Move(number);
  Settle();
  CheckAll();
  Leave();
}

INSTANTIATE_TEST_SUITE_P(Seeds, HubModelTest, ::testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace watch
