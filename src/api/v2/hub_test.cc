#include "api/v2/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/simulated/scheduler.h"
#include "state/v2/tree.h"

namespace v2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What one client was told: the keys of events, "lost".
class Client final : public Receiver {
 public:
  void OnEvent(const base::SharedBytes& json) override {
    const std::string text(json.view());
    const size_t begin = text.find("\"key\":\"") + 7;
    told.push_back(text.substr(begin, text.find('"', begin) - begin));
  }
  void OnLost() override { told.emplace_back("lost"); }

  std::vector<std::string> told;
};

class V2HubTest : public ::testing::Test {
 protected:
  static constexpr size_t kQueueBytes = 512 * 1024;

  V2HubTest()
      : hub_({.loop = loop_.get(),
              .view = [this] { return view_; },
              .on_watchers = [this](int change) { count_ += change; },
              .queue_bytes_max = kQueueBytes}) {
    view_ = std::make_shared<const View>(View{{}, 0, History(1)});
  }

  std::shared_ptr<Hub::Watcher> Add(Client* client, Hub::Wish wish) {
    wish.index = view_->index;
    if (wish.since == 0) wish.since = wish.index + 1;
    std::shared_ptr<Hub::Watcher> watcher;
    bool done = false;
    loop_->Post([&] {
      watcher = hub_.Add(wish, client);
      done = true;
    });
    while (!done) scheduler_.Step();
    return watcher;
  }

  // One more event, which the hub does not hear of yet.
  Happening Happen(const std::string& key, Event event = {}) {
    event.index = view_->index + 1;
    event.key = key;
    if (!event.node && !event.prev) event.node = Node::Make({.name = "x", .modified = event.index});
    auto told = std::make_shared<const Event>(std::move(event));
    View next = *view_;
    next.index = told->index;
    next.history.Add(told);
    view_ = std::make_shared<const View>(std::move(next));
    return {told, {}};
  }
  void Push(std::vector<Happening> happenings) {
    const uint64_t after = happenings.front().event->index - 1;
    const uint64_t index = happenings.back().event->index;
    hub_.Push(std::make_shared<const Happenings>(Happenings{after, index, std::move(happenings)}));
  }
  void Settle() { scheduler_.RunFor(std::chrono::seconds(1)); }

  runtime::simulated::Scheduler scheduler_{1};
  std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("net");
  int count_ = 0;
  std::shared_ptr<const View> view_;
  Hub hub_;
  Client client_;
};

TEST_F(V2HubTest, AStreamIsToldEachEventOnceAndALongPollTheFirst) {
  Client once;
  Add(&client_, {.path = "/1/d", .recursive = true, .stream = true});
  Add(&once, {.path = "/1/d", .recursive = true});
  Push({Happen("/1/d/a"), Happen("/1/e"), Happen("/1/d/b")});
  Push({Happen("/1/d/c")});
  Settle();
  EXPECT_THAT(client_.told, ElementsAre("/d/a", "/d/b", "/d/c"));
  EXPECT_THAT(once.told, ElementsAre("/d/a"));
  EXPECT_EQ(count_, 1);
}

TEST_F(V2HubTest, WhatHappensBetweenTheLookAndTheWatchIsTold) {
  Hub::Wish wish{.path = "/1/a"};
  const uint64_t index = view_->index;
  // Nobody listens yet.
  Push({Happen("/1/a")});
  loop_->Post([this, wish, index]() mutable {
    wish.index = index;
    wish.since = index + 1;
    hub_.Add(wish, &client_);
  });
  Settle();
  EXPECT_THAT(client_.told, ElementsAre("/a"));
}

TEST_F(V2HubTest, WhatFindsNoRoomIsReadFromTheHistory) {
  Add(&client_, {.path = "/1/d", .recursive = true, .stream = true});
  Settle();
  std::vector<std::string> expected;
  for (int i = 0; i < 900; ++i) {
    expected.push_back("/d/" + std::to_string(i));
    Push({Happen("/1" + expected.back())});
  }
  Settle();
  EXPECT_EQ(client_.told, expected);
}

TEST_F(V2HubTest, WhatIsGoneFromTheHistoryTooEndsAllAnswers) {
  Client other;
  Add(&client_, {.path = "/1/d", .recursive = true, .stream = true});
  Add(&other, {.path = "/1/none"});
  Settle();
  for (int i = 0; i < 5000; ++i) Push({Happen("/1/d/a")});
  Settle();
  EXPECT_EQ(client_.told.back(), "lost");
  EXPECT_THAT(other.told, ElementsAre("lost"));
  EXPECT_EQ(count_, 0);
  // And others that come are told.
  Add(&other, {.path = "/1/a"});
  Push({Happen("/1/a")});
  Settle();
  EXPECT_THAT(other.told, ElementsAre("lost", "/a"));
}

TEST_F(V2HubTest, OfADirectoryThatIsGoneThoseAreToldWhoWaitForWhatWasInIt) {
  Client there;
  Client none;
  Add(&there, {.path = "/1/d/a"});
  Add(&none, {.path = "/1/d/b"});
  Settle();
  const NodeRef inside = Node::Make({.name = "a"});
  const NodeRef directory = Node::Make({.name = "d", .directory = 9}, BranchesOf({inside}));
  Event deleted;
  deleted.action = Action::kDelete;
  deleted.prev = Node::Make({.directory = 9});
  Happening happening = Happen("/1/d", std::move(deleted));
  happening.removed = directory;
  Push({happening});
  Settle();
  EXPECT_THAT(there.told, ElementsAre("/d"));
  EXPECT_THAT(none.told, IsEmpty());
}

TEST_F(V2HubTest, ThousandsAreToldInSlicesAndWhoLeavesMeanwhileIsNot) {
  std::vector<Client> clients(10'000);
  std::vector<std::shared_ptr<Hub::Watcher>> watchers;
  for (Client& client : clients) watchers.push_back(Add(&client, {.path = "/1/a"}));
  Settle();
  Push({Happen("/1/a")});
  while (clients.front().told.empty()) scheduler_.Step();
  EXPECT_THAT(clients.back().told, IsEmpty());
  loop_->Post([&] { hub_.Remove(watchers.back().get()); });
  Settle();
  for (size_t i = 0; i + 1 < clients.size(); ++i) EXPECT_EQ(clients[i].told.size(), 1);
  EXPECT_THAT(clients.back().told, IsEmpty());
  EXPECT_EQ(count_, 0);
}

}  // namespace
}  // namespace v2
