#include "client/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/testing/fake_cluster.h"

namespace client {
namespace {

namespace errors = base::errors;
using base::Code;
using base::Status;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::FakeMember;
using testing::FakeStore;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "key@revision" of each.
std::string Text(const std::string& key, int64_t revision) {
  return key + "@" + std::to_string(revision);
}

// What one watch has been told.
struct Told {
  std::vector<std::string> events;
  std::vector<size_t> sizes;  // of the responses that have events
  std::vector<int64_t> progress;
  std::vector<int64_t> created;
  int endings = 0;
  Watch::Ending ending;
  size_t events_wanted = SIZE_MAX;  // its sink has enough of them then
  Watcher::Handle handle;
};

class WatcherTest : public ::testing::Test {
 protected:
  WatcherTest() : wires_(&scheduler_) {
    settings_.dial_timeout = seconds(5);
    settings_.keepalive_time = seconds(10);
    settings_.keepalive_timeout = seconds(5);
    settings_.max_request_bytes = settings_.max_receive_bytes = 1 << 20;
    settings_.max_attempts = 3;
    settings_.retry_wait = milliseconds(25);
    settings_.retry_jitter_percent = 10;
  }
  ~WatcherTest() override { Disconnect(); }

  // With a client of all of them.
  void Open(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      members_.push_back(
          std::make_unique<FakeMember>(&scheduler_, &wires_, i + 1, &arrivals_, &store_));
      settings_.Add(members_.back()->endpoint(), {members_.back()->address()});
    }
    Do([this] {
      session_ = std::make_unique<Session>(loop_.get(), network_.get(), settings_, 7);
      watcher_ = std::make_unique<Watcher>(session_.get());
    });
    Run(seconds(2));
  }
  void Disconnect() {
    Do([this] {
      watcher_.reset();
      session_.reset();
    });
  }

  void Run(runtime::Duration duration) { scheduler_.RunFor(duration); }
  void Do(base::Callback<void()> task) {
    loop_->Post(std::move(task));
    Run(runtime::Duration(0));
  }

  std::shared_ptr<Told> Start(const etcd::WatchRequest& request,
                              const Watcher::Options& options = {}) {
    auto told = std::make_shared<Told>();
    Begin(request, options, told);
    Run(seconds(1));
    return told;
  }
  void Begin(const etcd::WatchRequest& request, const Watcher::Options& options,
             const std::shared_ptr<Told>& told) {
    Do([&] {
      told->handle = watcher_->Start(
          request, options,
          [told](const etcd::WatchResponse& response) {
            EXPECT_EQ(told->endings, 0);
            for (const etcd::Event& event : response.events) {
              told->events.push_back(Text(event.kv.key, event.kv.mod_revision));
            }
            if (!response.events.empty()) told->sizes.push_back(response.events.size());
            if (response.is_progress) told->progress.push_back(response.header.revision);
            if (response.is_created) told->created.push_back(response.header.revision);
            return told->events.size() < told->events_wanted;
          },
          [told](const Watch::Ending& ending) {
            ++told->endings;
            told->ending = ending;
          });
    });
  }

  // What has happened to keys that begin so, from that revision on.
  std::vector<std::string> History(const std::string& prefix, int64_t from = 0) const {
    std::vector<std::string> events;
    for (const mvccpb::Event& event : store_.history()) {
      if (!event.kv().key().starts_with(prefix) || event.kv().mod_revision() < from) continue;
      events.push_back(Text(event.kv().key(), event.kv().mod_revision()));
    }
    return events;
  }

  FakeStore store_;
  runtime::simulated::Scheduler scheduler_{1};
  runtime::simulated::Wires wires_;
  testing::Arrivals arrivals_;
  std::vector<std::unique_ptr<FakeMember>> members_;
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("client");
  const std::unique_ptr<runtime::Network> network_ = wires_.NewNetwork("client", loop_.get());
  Settings settings_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Watcher> watcher_;
};

TEST_F(WatcherTest, EventsOfTheKeyAreToldInTheirOrder) {
  Open(1);
  store_.Put({"a"});
  const auto one = Start({.key = "a"});
  const auto all = Start(etcd::Prefix("a"));
  store_.Put({"a"});
  Run(milliseconds(1));
  store_.Put({"a", "ab", "b"});
  Run(seconds(1));
  EXPECT_THAT(one->events, ElementsAre("a@3", "a@4"));
  EXPECT_THAT(all->events, ElementsAre("a@3", "a@4", "ab@4"));
  EXPECT_EQ(all->sizes.back(), 2u);
  EXPECT_EQ(one->endings, 0);
}

TEST_F(WatcherTest, APastStartIsCaughtUpWithAndOneThatLiesAheadIsWaitedFor) {
  Open(1);
  for (int i = 0; i < 3; ++i) store_.Put({"a"});
  const auto past = Start({.key = "a", .start_revision = 3});
  const auto ahead = Start({.key = "a", .start_revision = 7});
  store_.EndStreams(errors::kStopped);
  Run(seconds(1));
  for (int i = 0; i < 4; ++i) store_.Put({"a"});
  Run(seconds(1));
  EXPECT_EQ(past->events, History("a", 3));
  EXPECT_EQ(ahead->events, History("a", 7));
}

TEST_F(WatcherTest, WatchesShareAStreamWhileThereAreAny) {
  Open(3);
  std::vector<std::shared_ptr<Told>> watches;
  for (int i = 0; i < 20; ++i) watches.push_back(Start({.key = std::to_string(i)}));
  EXPECT_EQ(store_.streams_begun, 1);
  EXPECT_EQ(store_.open_streams(), 1u);
  for (const auto& watch : watches) Do([&] { watcher_->Cancel(watch->handle); });
  Run(seconds(1));
  EXPECT_EQ(store_.open_streams(), 0u);
  // All but the last, whose stream ended with it.
  EXPECT_THAT(store_.canceled, SizeIs(19));
  for (const auto& watch : watches) EXPECT_EQ(watch->ending.status.code(), Code::kCanceled);
  Start({.key = "a"});
  EXPECT_EQ(store_.streams_begun, 2);
}

TEST_F(WatcherTest, ThoseThatRequireALeaderHaveAStreamOfTheirOwn) {
  Open(1);
  const auto without = Start({.key = "a"});
  const auto with = Start({.key = "a"}, {.require_leader = true});
  EXPECT_EQ(store_.streams_begun, 2);
  EXPECT_EQ(store_.streams_with_leader, 1);
  store_.EndStreams(errors::kNoLeader);
  Run(seconds(1));
  EXPECT_EQ(with->ending.status, errors::kNoLeader);
  EXPECT_EQ(store_.open_streams(), 0u);
}

TEST_F(WatcherTest, AClientThatAlwaysRequiresALeaderHasOneStream) {
  settings_.require_leader = true;
  Open(1);
  Start({.key = "a"});
  Start({.key = "a"}, {.require_leader = true});
  EXPECT_EQ(store_.streams_begun, 1);
  EXPECT_EQ(store_.streams_with_leader, 1);
}

// At every response of a scenario the stream breaks, in each way: what is told is the history.
TEST_F(WatcherTest, NothingIsLostOrToldTwiceWhereverTheStreamBreaks) {
  Open(3);
  store_.sends_parts = true;
  enum class Way { kEnds, kBreaksOnTheWire, kMemberDies };
  for (const Way way : {Way::kEnds, Way::kBreaksOnTheWire, Way::kMemberDies}) {
    for (int at = 1; at <= 16; ++at) {
      SCOPED_TRACE(std::to_string(static_cast<int>(way)) + " " + std::to_string(at));
      const int64_t first = store_.revision() + 1;
      store_.Put({"a0", "a1"});
      store_.sent = 0;
      store_.before_send = [&](int sent) {
        if (sent != at) return true;
        if (way == Way::kEnds) return false;
        for (const auto& member : members_) {
          if (way == Way::kBreaksOnTheWire) wires_.Break("client", member->host());
          // Who serves the stream is not known here; all are back at once.
          if (way == Way::kMemberDies) {
            loop_->Post([&member] {
              member->Die();
              member->Start();
            });
          }
        }
        return true;
      };
      const auto past =
          Start({.key = "a", .range_end = "b", .start_revision = first, .fragment = true});
      const auto now = Start({.key = "a", .range_end = "b", .created_notify = true});
      for (int i = 0; i < 4; ++i) {
        store_.Put({"a1", "a2", "b"});
        Run(milliseconds(i % 2 == 0 ? 0 : 20));
      }
      Run(minutes(3));
      EXPECT_GE(store_.sent, at);
      EXPECT_EQ(past->events, History("a", first));
      EXPECT_EQ(now->events, History("a", first + 1));
      EXPECT_THAT(now->created, SizeIs(1));
      EXPECT_EQ(past->endings + now->endings, 0);
      for (const size_t size : now->sizes) EXPECT_EQ(size % 2, 0u);  // whole revisions
      Do([&] {
        watcher_->Cancel(past->handle);
        watcher_->Cancel(now->handle);
      });
      Run(seconds(1));
      EXPECT_EQ(store_.open_streams(), 0u);
    }
  }
}

TEST_F(WatcherTest, AWatchFromNowOnMissesNothingThatHappensWhileItHasNoMember) {
  Open(1);
  const auto told = Start({.key = "a"});
  members_[0]->Die();
  store_.Put({"a"});
  store_.Put({"a"});
  Run(seconds(10));
  members_[0]->Start();
  Run(minutes(1));
  EXPECT_THAT(told->events, ElementsAre("a@2", "a@3"));
  EXPECT_THAT(store_.starts, ElementsAre(0, 2));
}

TEST_F(WatcherTest, AWatchStaysAtAMemberThatIsNoEndpointAnyMoreUntilThatGoes) {
  Open(2);
  const auto told = Start({.key = "a"});
  for (const size_t other : {1, 0}) {
    Do([&] { EXPECT_TRUE(session_->SetEndpoints({members_[other]->endpoint()}).ok()); });
    Run(seconds(5));
  }
  EXPECT_EQ(store_.streams_begun, 1);
  members_[1]->Die();
  store_.Put({"a"});
  Run(minutes(1));
  EXPECT_THAT(told->events, ElementsAre("a@2"));
  EXPECT_EQ(told->endings, 0);
}

TEST_F(WatcherTest, ProgressMovesTheStartToo) {
  Open(1);
  const auto told = Start({.key = "a"});
  for (int i = 0; i < 5; ++i) store_.Put({"b"});
  Do([this] { watcher_->RequestProgress(false); });
  Run(seconds(1));
  EXPECT_THAT(told->progress, ElementsAre(6));
  store_.EndStreams(errors::kStopped);
  Run(seconds(1));
  EXPECT_THAT(store_.starts, ElementsAre(0, 7));
}

TEST_F(WatcherTest, ProgressIsAskedForOnceAllWatchesAreServedAndOfNobodyIfThereAreNone) {
  Open(1);
  Do([this] { watcher_->RequestProgress(false); });
  Run(seconds(1));
  EXPECT_EQ(store_.streams_begun, 0);
  const auto told = std::make_shared<Told>();
  Begin({.key = "a"}, {}, told);
  for (int i = 0; i < 3; ++i) Do([this] { watcher_->RequestProgress(false); });
  Run(seconds(1));
  EXPECT_EQ(store_.progress_requests, 1);
  EXPECT_THAT(told->progress, ElementsAre(1));
}

TEST_F(WatcherTest, ProgressBetweenThePartsOfAResponseIsNotTheirEnd) {
  Open(1);
  const auto told = Start({.key = "a"});
  etcdserverpb::WatchResponse part;
  part.mutable_header()->set_revision(9);
  part.set_fragment(true);
  part.add_events()->mutable_kv()->set_key("a");
  part.mutable_events(0)->mutable_kv()->set_mod_revision(9);
  etcdserverpb::WatchResponse progress;
  progress.mutable_header()->set_revision(9);
  progress.set_watch_id(-1);
  for (const auto& message : {part, progress}) store_.SendToAll(message);
  Run(seconds(1));
  EXPECT_THAT(told->events, IsEmpty());
  EXPECT_THAT(told->progress, IsEmpty());
  part.set_fragment(false);
  store_.SendToAll(part);
  Run(seconds(1));
  EXPECT_THAT(told->events, ElementsAre("a@9", "a@9"));
}

TEST_F(WatcherTest, PartsThatAreTooMuchEndTheWatch) {
  settings_.max_receive_bytes = 1000;
  Open(1);
  const auto told = Start({.key = "a"});
  const auto other = Start({.key = "b"});
  etcdserverpb::WatchResponse part;
  part.mutable_header()->set_revision(9);
  part.set_fragment(true);
  part.add_events()->mutable_kv()->set_key(std::string(400, 'k'));
  for (int i = 0; i < 3; ++i) store_.SendToAll(part);
  Run(seconds(1));
  EXPECT_EQ(told->ending.status.code(), Code::kResourceExhausted);
  EXPECT_EQ(other->endings, 0);
}

TEST_F(WatcherTest, CompactionEndsAWatchAndTellsWhereToBegin) {
  Open(3);
  for (int i = 0; i < 9; ++i) store_.Put({"a"});
  store_.Compact(6);
  const auto told = Start({.key = "a", .start_revision = 3});
  EXPECT_EQ(told->endings, 1);
  EXPECT_EQ(told->ending.status, errors::kCompacted);
  EXPECT_EQ(told->ending.compact_revision, 6);
  EXPECT_THAT(told->ending.cancel_reason, IsEmpty());
  Run(seconds(5));
  EXPECT_EQ(store_.streams_begun, 1);
  EXPECT_EQ(store_.open_streams(), 0u);
}

TEST_F(WatcherTest, AWatchThatFallsBehindWhatIsCompactedEndsWhenItComesBack) {
  Open(1);
  store_.told_until = 2;
  const auto told = Start({.key = "a", .start_revision = 1});
  for (int i = 0; i < 5; ++i) store_.Put({"a"});
  Run(seconds(1));
  store_.Compact(5);
  store_.EndStreams(errors::kStopped);
  Run(seconds(1));
  EXPECT_THAT(told->events, ElementsAre("a@2"));
  EXPECT_EQ(told->ending.compact_revision, 5);
}

TEST_F(WatcherTest, ARefusedWatchEndsWithTheMembersWordsAndTheOthersGoOn) {
  Open(1);
  const auto other = Start({.key = "b"});
  store_.refusal = "mvcc: watcher range is empty";
  EXPECT_EQ(Start({.key = "a"})->ending.status, Status(Code::kFailedPrecondition, store_.refusal));
  store_.refusal = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
  const auto told = Start({.key = "a"});
  EXPECT_EQ(told->ending.status, errors::kPermissionDenied);
  EXPECT_EQ(told->ending.cancel_reason, store_.refusal);
  store_.refusal = "etcdserver: mvcc: required revision has been compacted";
  EXPECT_EQ(Start({.key = "a"})->ending.status, errors::kCompacted);
  store_.refusal.clear();
  store_.Put({"b"});
  Run(seconds(1));
  EXPECT_THAT(other->events, ElementsAre("b@2"));
}

TEST_F(WatcherTest, ASinkThatHasEnoughEndsItsWatchAlone) {
  Open(1);
  const auto told = std::make_shared<Told>();
  told->events_wanted = 2;
  Begin({.key = "a"}, {}, told);
  const auto other = Start({.key = "a"});
  for (int i = 0; i < 4; ++i) store_.Put({"a"});
  Run(seconds(1));
  EXPECT_EQ(told->endings, 1);
  EXPECT_EQ(told->ending.status, Status(Code::kCanceled, "context canceled"));
  EXPECT_EQ(other->events, History("a"));
  EXPECT_THAT(store_.canceled, ElementsAre(0));
}

TEST_F(WatcherTest, AWatchThatIsCanceledWhileItIsAskedForIsForgottenByTheMember) {
  Open(1);
  const auto other = Start({.key = "b"});
  const auto told = std::make_shared<Told>();
  Begin({.key = "a"}, {}, told);
  const auto next = std::make_shared<Told>();
  Begin({.key = "c"}, {}, next);
  Do([&] { watcher_->Cancel(told->handle); });
  EXPECT_EQ(told->endings, 1);
  Run(seconds(1));
  EXPECT_THAT(store_.canceled, ElementsAre(1));
  store_.Put({"a", "b", "c"});
  Run(seconds(1));
  EXPECT_THAT(told->events, IsEmpty());
  EXPECT_THAT(other->events, ElementsAre("b@2"));
  EXPECT_THAT(next->events, ElementsAre("c@2"));
}

TEST_F(WatcherTest, AWatchEndsWhenItsTimeIsOverAlsoWhereNobodyAnswers) {
  Open(1);
  const auto told = Start({.key = "a"}, {.timeout = seconds(10)});
  EXPECT_EQ(told->endings, 0);
  Run(seconds(10));
  EXPECT_EQ(told->ending.status, Status(Code::kDeadlineExceeded, "context deadline exceeded"));
  EXPECT_THAT(told->ending.cause, IsEmpty());
  members_[0]->Die();
  Run(seconds(10));
  const auto nobody = Start({.key = "a"}, {.timeout = seconds(10)});
  Run(seconds(10));
  EXPECT_EQ(nobody->ending.status.code(), Code::kDeadlineExceeded);
  EXPECT_NE(nobody->ending.cause, "");
}

TEST_F(WatcherTest, WhatCannotBeginEndsAtOnce) {
  Open(1);
  EXPECT_EQ(Start({.key = "a"}, {.canceled = true})->ending.status.code(), Code::kCanceled);
  EXPECT_EQ(Start({.key = "a"}, {.timeout = seconds(0)})->ending.status.code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(Start({.key = std::string(2 << 20, 'k')})->ending.status.code(),
            Code::kResourceExhausted);
  EXPECT_EQ(store_.streams_begun, 0);
}

TEST_F(WatcherTest, AMemberThatHangsIsLeftWhenItDoesNotAnswerPings) {
  Open(2);
  const auto told = Start({.key = "a"});
  for (const auto& member : members_) {
    if (member->connections() > 0) wires_.Cut("client", member->host());
  }
  store_.Put({"a"});
  Run(seconds(5));
  EXPECT_THAT(told->events, IsEmpty());
  wires_.Join("client", members_[1]->host());
  Run(minutes(1));
  EXPECT_THAT(told->events, ElementsAre("a@2"));
}

TEST_F(WatcherTest, AnErrorThatIsNotOfTheStreamEndsAllItsWatches) {
  Open(3);
  const auto one = Start({.key = "a"});
  const auto two = Start({.key = "b"});
  store_.EndStreams(Status(Code::kUnimplemented, "unknown service"));
  Run(seconds(5));
  EXPECT_EQ(one->ending.status.code(), Code::kUnimplemented);
  EXPECT_EQ(two->ending.status.code(), Code::kUnimplemented);
  EXPECT_EQ(store_.streams_begun, 1);
}

TEST_F(WatcherTest, AStreamThatEndsAgainAndAgainIsNotOpenedWithoutAWait) {
  Open(3);
  store_.before_send = [](int) { return false; };
  Start({.key = "a"});
  store_.streams_begun = 0;
  Run(seconds(10));
  // Two members in each wait of about 25 ms.
  EXPECT_GE(store_.streams_begun, 600);
  EXPECT_LE(store_.streams_begun, 900);
}

TEST_F(WatcherTest, ATokenThatHasExpiredIsRenewedOnce) {
  settings_.user = "root";
  settings_.password = "secret";
  Open(1);
  const auto old = Start({.key = "b"});
  store_.refusal = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
  const auto told = std::make_shared<Told>();
  Begin({.key = "a"}, {}, told);
  while (members_[0]->authentications == 0) Run(microseconds(50));
  store_.refusal.clear();
  Run(seconds(1));
  store_.Put({"a", "b"});
  Run(seconds(1));
  EXPECT_EQ(store_.last_token, "token 1");
  EXPECT_THAT(told->events, ElementsAre("a@2"));
  EXPECT_THAT(old->events, ElementsAre("b@2"));
  // One that is of no use either is the end.
  store_.refusal = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
  const auto refused = Start({.key = "c"});
  EXPECT_EQ(refused->ending.status, errors::kInvalidAuthToken);
  EXPECT_EQ(members_[0]->authentications, 2);
}

TEST_F(WatcherTest, AnOldRevisionOfAuthIsRenewedUntilItIsTheNewest) {
  settings_.user = "root";
  settings_.password = "secret";
  settings_.max_attempts = 10;
  Open(1);
  store_.refusal = std::string("rpc error: code = InvalidArgument desc = ") +
                   std::string(errors::kAuthOldRevision.text);
  const auto told = std::make_shared<Told>();
  Begin({.key = "a"}, {}, told);
  while (members_[0]->authentications < 5) Run(microseconds(50));
  store_.refusal.clear();
  Run(seconds(1));
  store_.Put({"a"});
  Run(seconds(1));
  EXPECT_THAT(told->events, ElementsAre("a@2"));
  EXPECT_EQ(members_[0]->authentications, 5);
  // For ever it is not.
  store_.refusal = std::string("rpc error: code = InvalidArgument desc = ") +
                   std::string(errors::kAuthOldRevision.text);
  const auto refused = Start({.key = "c"});
  EXPECT_EQ(refused->ending.status, errors::kAuthOldRevision);
  EXPECT_EQ(members_[0]->authentications, 15);
}

TEST_F(WatcherTest, ALogInThatFailsEndsTheWatch) {
  settings_.user = "root";
  settings_.password = "secret";
  Open(1);
  store_.refusal = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
  members_[0]->log_in_answer = errors::kAuthFailed;
  const auto told = Start({.key = "a"});
  EXPECT_EQ(told->ending.status, errors::kAuthFailed);
  EXPECT_EQ(members_[0]->authentications, 1);
}

TEST_F(WatcherTest, AWatchThatEndsWhileItWaitsForATokenIsNotToldOfIt) {
  settings_.user = "root";
  settings_.password = "secret";
  Open(1);
  store_.refusal = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
  members_[0]->log_in_hangs = true;
  const auto told = Start({.key = "a"});
  Do([&] { watcher_->Cancel(told->handle); });
  EXPECT_EQ(told->ending.status.code(), Code::kCanceled);
  // Nor is it asked for any longer.
  Run(seconds(30));
  EXPECT_EQ(members_[0]->authentications, 1);
  members_[0]->log_in_hangs = false;
  store_.refusal.clear();
  const auto next = Start({.key = "a"});
  store_.Put({"a"});
  Run(seconds(1));
  EXPECT_THAT(next->events, ElementsAre("a@2"));
}

TEST_F(WatcherTest, TheEndOfTheClientEndsItsWatches) {
  Open(1);
  const auto told = Start({.key = "a"});
  const auto waiting = std::make_shared<Told>();
  Begin({.key = "b"}, {}, waiting);
  Disconnect();
  EXPECT_EQ(told->ending.status.code(), Code::kCanceled);
  EXPECT_EQ(waiting->ending.status.code(), Code::kCanceled);
  Run(seconds(1));
  EXPECT_EQ(store_.open_streams(), 0u);
}

// ---- Too early ----

constexpr char kComeBack[] =
    "etcdserver: admission rule a: too much of requests, come back in 700 ms";

TEST_F(WatcherTest, AWatchThatComesTooEarlyIsAskedForAgainWhenItMayBe) {
  Open(1);
  const auto other = Start({.key = "b"});
  store_.refusal = kComeBack;
  const auto told = std::make_shared<Told>();
  Begin({.key = "a", .start_revision = 2}, {}, told);
  Run(milliseconds(100));
  EXPECT_THAT(store_.starts, SizeIs(2));
  store_.refusal.clear();
  store_.Put({"a", "b"});
  Run(milliseconds(500));
  // Others go on meanwhile, on the same stream.
  EXPECT_THAT(other->events, ElementsAre("b@2"));
  EXPECT_THAT(told->events, IsEmpty());
  Run(milliseconds(500));
  EXPECT_THAT(told->events, ElementsAre("a@2"));
  EXPECT_EQ(told->endings, 0);
  EXPECT_EQ(store_.streams_begun, 1);
}

TEST_F(WatcherTest, AWatchThatIsBegunElsewhereTooEarlyLosesNothing) {
  Open(2);
  const auto told = Start({.key = "a"});
  store_.refusal = kComeBack;
  store_.EndStreams(errors::kStopped);
  Run(milliseconds(300));
  store_.Put({"a"});
  store_.refusal.clear();
  Run(seconds(1));
  EXPECT_THAT(told->events, ElementsAre("a@2"));
}

TEST_F(WatcherTest, AWatchThatComesTooEarlyCanBeEndedMeanwhile) {
  Open(1);
  store_.refusal = kComeBack;
  const auto hasty = Start({.key = "a"}, {.timeout = milliseconds(500)});
  EXPECT_EQ(hasty->ending.status.code(), Code::kDeadlineExceeded);
  const auto canceled = Start({.key = "a"});
  EXPECT_EQ(canceled->endings, 0);
  Do([&] { watcher_->Cancel(canceled->handle); });
  EXPECT_EQ(canceled->ending.status.code(), Code::kCanceled);
  Run(seconds(1));
  EXPECT_EQ(store_.open_streams(), 0u);
  const auto left = Start({.key = "a"});
  Disconnect();
  EXPECT_EQ(left->ending.status.code(), Code::kCanceled);
}

}  // namespace
}  // namespace client
