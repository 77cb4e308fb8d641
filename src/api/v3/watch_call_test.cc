#include "api/v3/watch_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/check.h"
#include "base/errors.h"

namespace v3 {
namespace {

using etcdserverpb::WatchCreateRequest;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Put;

// What came on a stream, as one line an answer: "1: created @1", "1: a=x b=y @3", "-1: progress
// @3".
std::string TextOf(const WatchResponse& answer) {
  std::string text = std::to_string(answer.watch_id()) + ":";
  if (answer.created()) text += " created";
  if (answer.canceled()) text += " canceled";
  if (answer.compact_revision() != 0) {
    text += " compacted to " + std::to_string(answer.compact_revision());
  }
  if (!answer.cancel_reason().empty()) text += " (" + answer.cancel_reason() + ")";
  for (const mvccpb::Event& event : answer.events()) {
    text += " " + event.kv().key();
    text += event.type() == mvccpb::Event::PUT ? "=" + event.kv().value() : " deleted";
    if (event.has_prev_kv()) text += " was " + event.prev_kv().value();
  }
  const bool is_progress = !answer.created() && !answer.canceled() && answer.events_size() == 0;
  if (is_progress) text += " progress";
  return text + " @" + std::to_string(answer.header().revision());
}

struct Heard {
  std::vector<std::string> answers;
  bool finished = false;
  base::Status status;
};

class Listener final : public rpc::ClientHandler {
 public:
  explicit Listener(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}
  void OnMessage(base::ByteView message) override {
    WatchResponse answer;
    CHECK(answer.ParseFromArray(message.data(), static_cast<int>(message.size())));
    heard_->answers.push_back(TextOf(answer));
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    heard_->finished = true;
    heard_->status = status;
  }

 private:
  const std::shared_ptr<Heard> heard_;
};

class WatchCallTest : public ::testing::Test {
 protected:
  // A stream, and what was heard of it since the last look.
  class Stream {
   public:
    explicit Stream(testing::ServedMember* member) : member_(*member) {
      member_.OnClient([this] {
        call_ = member_.client().Open(testing::kWatch.path, {}, std::make_unique<Listener>(heard_));
      });
    }

    void Send(const WatchRequest& request) {
      member_.OnClient([&] { call_->Send(rpc::Message(request.SerializeAsString())); });
      member_.member().RunFor(milliseconds(50));
    }
    void Create(const WatchCreateRequest& create) {
      WatchRequest request;
      *request.mutable_create_request() = create;
      Send(request);
    }
    void Cancel(int64_t id) {
      WatchRequest request;
      request.mutable_cancel_request()->set_watch_id(id);
      Send(request);
    }
    void AskForProgress() {
      WatchRequest request;
      request.mutable_progress_request();
      Send(request);
    }
    std::vector<std::string> Take() { return std::exchange(heard_->answers, {}); }
    const Heard& heard() const { return *heard_; }
    rpc::ClientCall& call() { return *call_; }

   private:
    testing::ServedMember& member_;
    const std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
    std::shared_ptr<rpc::ClientCall> call_;
  };

  void SetUp() override {
    member_.options().watch_progress_notify_interval = minutes(1);
    member_.StartAndWait();
  }
  void PutOne(const std::string& key, const std::string& value) {
    ASSERT_TRUE(member_.Call(testing::kPut, Put(key, value)).ok());
    RunFor(milliseconds(50));
  }
  void DeleteOne(const std::string& key) {
    ASSERT_TRUE(member_.Call(testing::kDeleteRange, testing::Delete(key)).ok());
    RunFor(milliseconds(50));
  }
  void RunFor(runtime::Duration duration) { member_.member().RunFor(duration); }
  // Of any stream.
  void ExpectNothingIsLeft() {
    const std::string metrics = member_.server().environment().registry->Scrape();
    EXPECT_NE(metrics.find("etcd_debugging_mvcc_watcher_total 0\n"), std::string::npos);
    EXPECT_NE(metrics.find("etcd_debugging_mvcc_watch_stream_total 0\n"), std::string::npos);
  }

  static WatchCreateRequest Watch(const std::string& key, int64_t start = 0) {
    WatchCreateRequest create;
    create.set_key(key);
    create.set_start_revision(start);
    return create;
  }

  testing::ServedMember member_;
};

TEST_F(WatchCallTest, TellsOfWhatIsWrittenFromNowOn) {
  PutOne("a", "1");
  Stream stream(&member_);
  stream.Create(Watch("a"));
  EXPECT_THAT(stream.Take(), ElementsAre("0: created @2"));
  PutOne("a", "2");
  PutOne("b", "3");
  DeleteOne("a");
  EXPECT_THAT(stream.Take(), ElementsAre("0: a=2 @3", "0: a deleted @5"));
}

TEST_F(WatchCallTest, TellsOfWhatWasWrittenFromARevisionOn) {
  for (const char* const value : {"1", "2", "3"}) PutOne("a", value);
  Stream stream(&member_);
  WatchCreateRequest create = Watch("a", 3);
  create.set_prev_kv(true);
  stream.Create(create);
  EXPECT_THAT(stream.Take(), ElementsAre("0: created @4", "0: a=2 was 1 a=3 was 2 @4"));
}

TEST_F(WatchCallTest, WatchesOfOneStreamHaveNamesOfTheirOwn) {
  Stream stream(&member_);
  stream.Create(Watch("a"));
  WatchCreateRequest named = Watch("b");
  named.set_watch_id(1);
  stream.Create(named);
  stream.Create(named);
  stream.Create(Watch("c"));
  EXPECT_THAT(stream.Take(),
              ElementsAre("0: created @1", "1: created @1",
                          "-1: created canceled (mvcc: duplicate watch ID provided on the "
                          "WatchStream) @1",
                          "2: created @1"));
  stream.Cancel(1);
  stream.Cancel(1);
  EXPECT_THAT(stream.Take(), ElementsAre("1: canceled @1"));
  for (const char* const key : {"a", "b", "c"}) PutOne(key, "x");
  EXPECT_THAT(stream.Take(), ElementsAre("0: a=x @2", "2: c=x @4"));
}

TEST_F(WatchCallTest, WhatIsWrongWithAWatchIsSaidInItsAnswer) {
  Stream stream(&member_);
  WatchCreateRequest empty = Watch("b");
  empty.set_range_end("a");
  stream.Create(empty);
  stream.Create(Watch("a", -1));
  EXPECT_THAT(
      stream.Take(),
      ElementsAre("-1: created canceled (mvcc: watcher range is empty) @1",
                  "-1: created canceled (etcdserver: mvcc: required revision has been compacted) "
                  "@1"));
  stream.Send(WatchRequest());
  EXPECT_FALSE(stream.heard().finished);
}

TEST_F(WatchCallTest, AStartThatWasCompactedIsCanceledWithTheRevisionToBeginAt) {
  for (const char* const value : {"1", "2", "3"}) PutOne("a", value);
  ASSERT_TRUE(member_.Call(testing::kCompact, testing::CompactTo(3)).ok());
  Stream stream(&member_);
  stream.Create(Watch("a", 2));
  stream.Create(Watch("a", 3));
  EXPECT_THAT(stream.Take(), ElementsAre("0: created @4", "0: canceled compacted to 3 @0",
                                         "1: created @4", "1: a=2 a=3 @4"));
}

TEST_F(WatchCallTest, ARequestOfManyChangesIsOneAnswer) {
  Stream stream(&member_);
  WatchCreateRequest all = Watch("a");
  all.set_range_end(std::string(1, '\0'));
  stream.Create(all);
  stream.Take();
  etcdserverpb::TxnRequest txn;
  for (const char* const key : {"a", "b", "c"})
    *txn.add_success()->mutable_request_put() = Put(key);
  ASSERT_TRUE(member_.Call(testing::kTxn, txn).ok());
  RunFor(milliseconds(50));
  EXPECT_THAT(stream.Take(), ElementsAre("0: a= b= c= @2"));
}

TEST_F(WatchCallTest, AnEmptyKeyIsOneZeroByteAndFiltersHide) {
  Stream stream(&member_);
  WatchCreateRequest all;
  all.set_range_end(std::string(1, '\0'));
  all.add_filters(WatchCreateRequest::NOPUT);
  stream.Create(all);
  PutOne("a", "1");
  DeleteOne("a");
  EXPECT_THAT(stream.Take(), ElementsAre("0: created @1", "0: a deleted @3"));
}

TEST_F(WatchCallTest, ProgressIsToldWhenAskedForOnceThereIsAWatch) {
  Stream stream(&member_);
  stream.AskForProgress();
  EXPECT_THAT(stream.Take(), IsEmpty());
  stream.Create(Watch("a"));
  stream.Create(Watch("b"));
  PutOne("c", "1");
  stream.Take();
  stream.AskForProgress();
  EXPECT_THAT(stream.Take(), ElementsAre("-1: progress @2"));
}

TEST_F(WatchCallTest, ProgressIsNotToldBeforeTheRevisionThatAWatchBeginsAt) {
  Stream stream(&member_);
  WatchCreateRequest create = Watch("a");
  create.set_start_revision(3);
  create.set_progress_notify(true);
  stream.Create(create);
  PutOne("c", "1");
  stream.Take();
  stream.AskForProgress();
  RunFor(minutes(1) + seconds(6));
  EXPECT_THAT(stream.Take(), IsEmpty());
  PutOne("c", "2");
  stream.AskForProgress();
  EXPECT_THAT(stream.Take(), ElementsAre("-1: progress @3"));
}

TEST_F(WatchCallTest, ProgressIsReportedToWhoWantsItAndHeardNothing) {
  Stream stream(&member_);
  WatchCreateRequest create = Watch("a");
  create.set_progress_notify(true);
  stream.Create(create);
  stream.Create(Watch("b"));
  PutOne("c", "1");
  stream.Take();
  RunFor(minutes(1) + seconds(6));
  EXPECT_THAT(stream.Take(), ElementsAre("0: progress @2"));
  PutOne("a", "2");
  stream.Take();
  RunFor(minutes(1));
  EXPECT_THAT(stream.Take(), IsEmpty()) << "it has heard something";
  RunFor(minutes(1) + seconds(6));
  EXPECT_THAT(stream.Take(), ElementsAre("0: progress @3"));
}

TEST_F(WatchCallTest, ProgressIsReportedBeforeACompactionPassesAWatchBy) {
  Stream stream(&member_);
  WatchCreateRequest create = Watch("a");
  create.set_progress_notify(true);
  stream.Create(create);
  stream.Create(Watch("b"));
  for (const char* const value : {"1", "2", "3"}) PutOne("c", value);
  stream.Take();
  ASSERT_TRUE(member_.Call(testing::kCompact, testing::CompactTo(3)).ok());
  RunFor(milliseconds(50));
  EXPECT_THAT(stream.Take(), ElementsAre("0: progress @4"));
}

TEST_F(WatchCallTest, AWatchIsNotToldOfCompactionsBeforeIt) {
  WatchCreateRequest create = Watch("a");
  create.set_progress_notify(true);
  for (const int64_t compacted : {3, 6}) {
    for (const char* const value : {"1", "2", "3"}) PutOne("c", value);
    ASSERT_TRUE(member_.Call(testing::kCompact, testing::CompactTo(compacted)).ok());
    RunFor(milliseconds(50));
    Stream stream(&member_);
    stream.Create(create);
    EXPECT_THAT(stream.Take(), ElementsAre("0: created @" + std::to_string(compacted + 1)));
    RunFor(minutes(1) + seconds(6));
    EXPECT_THAT(stream.Take(), ElementsAre("0: progress @" + std::to_string(compacted + 1)));
    stream.Cancel(0);
  }
}

TEST_F(WatchCallTest, HowLongAnswersTakeIsObservedByTheirKind) {
  Stream stream(&member_);
  stream.Create(Watch("a"));
  stream.Create(Watch("a"));
  stream.AskForProgress();
  PutOne("a", "1");
  stream.Cancel(1);
  const std::string metrics = member_.member().Metrics();
  const std::string prefix = "etcd_debugging_server_watch_send_loop_";
  for (const char* const expected :
       {"watch_stream_duration_seconds_count 2\n",
        "watch_stream_duration_per_event_seconds_count 2\n",
        "control_stream_duration_seconds_count 3\n", "progress_duration_seconds_count 1\n"}) {
    EXPECT_NE(metrics.find(prefix + expected), std::string::npos) << expected;
  }
}

TEST_F(WatchCallTest, AClientThatHasSaidAllGoesOnHearing) {
  Stream stream(&member_);
  stream.Create(Watch("a"));
  stream.Take();
  member_.OnClient([&] { stream.call().HalfClose(); });
  PutOne("a", "1");
  EXPECT_THAT(stream.Take(), ElementsAre("0: a=1 @2"));
  EXPECT_FALSE(stream.heard().finished);
}

TEST_F(WatchCallTest, NothingIsLeftOfAStreamThatItsClientCancels) {
  Stream stream(&member_);
  stream.Create(Watch("a"));
  member_.OnClient([&] { stream.call().Cancel(); });
  RunFor(milliseconds(50));
  PutOne("a", "1");
  ExpectNothingIsLeft();
}

TEST_F(WatchCallTest, NothingIsLeftOfAStreamOfManyWatches) {
  Stream stream(&member_);
  for (int i = 0; i < 500; ++i) stream.Create(Watch("a" + std::to_string(i)));
  member_.OnClient([&] { stream.call().Cancel(); });
  PutOne("a1", "1");
  RunFor(milliseconds(50));
  ExpectNothingIsLeft();
}

TEST_F(WatchCallTest, AMemberGoesWhileWatchesAreLetGoOf) {
  Stream stream(&member_);
  for (int i = 0; i < 100; ++i) stream.Create(Watch("a" + std::to_string(i)));
  member_.OnClient([&] { stream.call().Cancel(); });
  while (!stream.heard().finished) RunFor(std::chrono::microseconds(1));
  member_.Kill();
  member_.StartAndWait();
  PutOne("a1", "1");
}

TEST_F(WatchCallTest, EndsWhenTheMemberStops) {
  Stream stream(&member_);
  stream.Create(Watch("a"));
  member_.member().net_loop().Post([this] { member_.front().Drain(); });
  RunFor(milliseconds(50));
  EXPECT_TRUE(stream.heard().finished);
  EXPECT_EQ(stream.heard().status, base::errors::kStopped);
}

// Its client opens it again at another member; a watch that is canceled would have ended for it.
TEST_F(WatchCallTest, AStreamWhoseChangesAreUnavailableEndsSo) {
  PutOne("a", "1");
  RunFor(seconds(1));
  member_.Kill();
  const auto fault = std::make_shared<base::Status>();
  member_.member().faults.on_read = [fault] { return *fault; };
  member_.StartAndWait();
  PutOne("b", "2");
  *fault = base::Status(base::Code::kUnavailable, "gone");
  Stream stream(&member_);
  stream.Create(Watch("a", 2));
  RunFor(seconds(1));
  EXPECT_TRUE(stream.heard().finished);
  EXPECT_EQ(stream.heard().status.code(), base::Code::kUnavailable);
  EXPECT_THAT(stream.Take(), ElementsAre("0: created @3"));
}

TEST_F(WatchCallTest, WithoutRoomAWatchIsRefusedAndOneThatEndsMakesRoom) {
  member_.Kill();
  member_.options().watch_bytes_max = 1;
  member_.StartAndWait();
  Stream stream(&member_);
  stream.Create(Watch("a"));
  stream.Create(Watch("b"));
  stream.Cancel(0);
  stream.Create(Watch("c"));
  EXPECT_THAT(stream.Take(), ElementsAre("0: created @1",
                                         "-1: created canceled (etcdserver: too many requests) @1",
                                         "0: canceled @1", "1: created @1"));
}

TEST_F(WatchCallTest, AClientThatDoesNotReadGetsAllOnceItReads) {
  Stream slow(&member_);
  Stream other(&member_);
  slow.Create(Watch("a"));
  other.Create(Watch("a"));
  slow.Take();
  other.Take();
  member_.OnClient([&] { slow.call().PauseReading(); });
  for (int i = 0; i < 60; ++i) PutOne("a", std::string(100'000, 'x') + std::to_string(i));
  EXPECT_EQ(other.Take().size(), 60u);
  const size_t before = slow.heard().answers.size();
  EXPECT_LT(before, 60u);
  member_.OnClient([&] { slow.call().ResumeReading(); });
  RunFor(seconds(1));
  std::string all;
  for (const std::string& answer : slow.Take()) all += answer;
  for (int i = 0; i < 60; ++i) {
    EXPECT_NE(all.find("x" + std::to_string(i) + " "), std::string::npos) << i;
  }
  PutOne("a", "last");
  EXPECT_THAT(slow.Take(), ElementsAre("0: a=last @62"));
}

TEST_F(WatchCallTest, AClientThatDoesNotReadIsSlowUntilItLeaves) {
  Stream slow(&member_);
  slow.Create(Watch("a"));
  member_.OnClient([&] { slow.call().PauseReading(); });
  for (int i = 0; i < 60; ++i) PutOne("a", std::string(100'000, 'x'));
  const auto has_slow = [this](const std::string& count) {
    const std::string metrics = member_.server().environment().registry->Scrape();
    return metrics.find("etcd_debugging_mvcc_slow_watcher_total " + count + "\n") !=
           std::string::npos;
  };
  EXPECT_TRUE(has_slow("1"));
  // Who was sent nothing was not sent it in no time, either.
  const std::string metrics = member_.member().Metrics();
  const std::string sum = "watch_stream_duration_per_event_seconds_sum ";
  const size_t at = metrics.find(sum);
  ASSERT_NE(at, std::string::npos);
  EXPECT_TRUE(std::isdigit(metrics[at + sum.size()])) << metrics.substr(at, 80);
  member_.OnClient([&] { slow.call().Cancel(); });
  RunFor(milliseconds(50));
  EXPECT_TRUE(has_slow("0"));
}

}  // namespace
}  // namespace v3
