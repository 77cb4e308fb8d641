#include "api/v3/stream_call.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using std::chrono::seconds;

// What a client has heard of its call.
struct Heard {
  std::vector<base::Bytes> messages;
  bool finished = false;
  base::Status status;
};

class Listener final : public rpc::ClientHandler {
 public:
  explicit Listener(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}
  void OnMessage(base::ByteView message) override { heard_->messages.emplace_back(message); }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    heard_->finished = true;
    heard_->status = status;
  }

 private:
  const std::shared_ptr<Heard> heard_;
};

// A member, and a client that sends and hears message by message.
class StreamedMember {
 public:
  StreamedMember() { served_.StartAndWait(); }

  server::SimulatedMember& member() { return served_.member(); }
  const Context& context() { return served_.front().context(); }
  rpc::Server& table() { return served_.front().table(); }

  void RunFor(runtime::Duration duration) { member().RunFor(duration); }
  // Long enough for what is under way, too short for any time limit.
  void Settle() { RunFor(std::chrono::milliseconds(200)); }
  void Drain() {
    AtServer([this] { served_.front().Drain(); });
  }
  void AtServer(base::Callback<void()> task) {
    member().net_loop().Post(std::move(task));
    RunFor(runtime::Duration(0));
  }
  void AtClient(base::Callback<void()> task) { served_.OnClient(std::move(task)); }

  // A call under way, and what comes of it.
  struct Open {
    std::shared_ptr<rpc::ClientCall> call;
    std::shared_ptr<Heard> heard;
  };
  Open Start(const std::string& path, rpc::ClientCall::Options options = {}) {
    Open open{nullptr, std::make_shared<Heard>()};
    AtClient([&] {
      open.call =
          served_.client().Open(path, std::move(options), std::make_unique<Listener>(open.heard));
    });
    return open;
  }
  void Send(const Open& open, base::ByteView message) {
    AtClient([&] { open.call->Send(rpc::Message(message)); });
    Settle();
  }
  // A call of one message, from its start until nothing moves any more.
  Open Call(const std::string& path, base::ByteView message,
            rpc::ClientCall::Options options = {}) {
    const Open open = Start(path, std::move(options));
    AtClient([&] {
      open.call->Send(rpc::Message(message));
      open.call->HalfClose();
    });
    Settle();
    return open;
  }

 private:
  testing::ServedMember served_;
};

constexpr char kPath[] = "/test.Streams/Count";
constexpr size_t kAnswerBytes = 1000;

// What has happened to the calls of a server.
struct Seen {
  std::vector<std::string> messages;
  size_t answers = 0;
  int half_closes = 0;
  std::vector<std::string> ends;
  std::vector<std::string> posted;
};

// A message asks for as many answers as it has bytes; "fail" ends the call, "later" has something
// posted.
class CountCall final : public StreamCall {
 public:
  CountCall(const Context* context, Call call, Seen* seen)
      : StreamCall(context, std::move(call)), seen_(*seen) {}

  void OnMessage(base::ByteView message) override {
    seen_.messages.emplace_back(message);
    if (message == "fail") return Finish(base::errors::kCompacted);
    if (message == "later") {
      posted = Posted([this] { seen_.posted.push_back("in the call"); });
      return;
    }
    left_ += message.size();
    Continue();
  }
  void OnHalfClose() override {
    ++seen_.half_closes;
    Finish({});
  }
  base::Result<Next> Produce() override {
    if (left_ == 0) return Next::kWaits;
    if (left_ == 13) return base::Status(base::Code::kInternal, "no thirteenth");
    ++seen_.answers;
    Send(rpc::Message(std::string(kAnswerBytes, static_cast<char>('a' + --left_ % 26))));
    return Next::kMore;
  }
  void OnStopping() override { Finish(base::errors::kStopped); }
  void OnEnded(const base::Status& status) override { seen_.ends.push_back(status.ToString()); }

  inline static base::Callback<void()> posted;

 private:
  Seen& seen_;
  size_t left_ = 0;
};

class StreamCallTest : public ::testing::Test {
 protected:
  StreamCallTest() {
    served_.context().AddStreaming(
        served_.table(), "test.Streams", "Count", rpc::Kind::kBidiStreaming,
        {.access = MethodAccess::kAnybody}, [this](Call call) {
          return std::make_shared<CountCall>(&served_.context(), std::move(call), &seen_);
        });
  }

  Seen seen_;  // outlives the calls
  StreamedMember served_;
};

TEST_F(StreamCallTest, AnswersAreMadeNoFasterThanTheClientTakesThem) {
  const StreamedMember::Open open = served_.Start(kPath);
  served_.AtClient([&] { open.call->PauseReading(); });
  served_.Send(open, std::string(20'000, 'x'));
  EXPECT_GT(seen_.answers, 10u);
  EXPECT_LT(seen_.answers, 1'000u);
  const size_t before = seen_.answers;
  served_.RunFor(seconds(1));
  EXPECT_EQ(seen_.answers, before);
  served_.AtClient([&] { open.call->ResumeReading(); });
  served_.RunFor(seconds(20));
  EXPECT_EQ(seen_.answers, 19'987u);
  ASSERT_EQ(open.heard->messages.size(), 19'987u);
  for (size_t i = 0; i < 19'987; ++i) {
    ASSERT_EQ(open.heard->messages[i][0], static_cast<char>('a' + (19'999 - i) % 26)) << i;
  }
  EXPECT_EQ(open.heard->status.ToString(), "Internal: no thirteenth");
  EXPECT_EQ(seen_.ends, std::vector<std::string>{"Internal: no thirteenth"});
}

TEST_F(StreamCallTest, AClientThatDoesNotReadIsNotReadFrom) {
  const StreamedMember::Open open = served_.Start(kPath);
  served_.AtClient([&] { open.call->PauseReading(); });
  served_.Send(open, std::string(20'000, 'x'));
  served_.Send(open, "y");
  served_.AtClient([&] { open.call->HalfClose(); });
  served_.RunFor(seconds(1));
  EXPECT_EQ(seen_.messages.size(), 1u);
  EXPECT_EQ(seen_.half_closes, 0);
  served_.AtClient([&] { open.call->ResumeReading(); });
  served_.RunFor(seconds(20));
  EXPECT_EQ(seen_.messages.size(), 2u);
  EXPECT_TRUE(open.heard->finished);
}

TEST_F(StreamCallTest, MessagesComeOneAfterTheOtherAndAreAnswered) {
  const StreamedMember::Open open = served_.Start(kPath);
  served_.Send(open, "xx");
  served_.Send(open, "x");
  EXPECT_EQ(open.heard->messages.size(), 3u);
  EXPECT_FALSE(open.heard->finished);
  served_.AtClient([&] { open.call->HalfClose(); });
  served_.Settle();
  EXPECT_EQ(seen_.messages, (std::vector<std::string>{"xx", "x"}));
  EXPECT_EQ(seen_.half_closes, 1);
  EXPECT_TRUE(open.heard->status.ok());
  EXPECT_EQ(seen_.ends, std::vector<std::string>{"OK"});
}

TEST_F(StreamCallTest, EveryWayToEndIsToldOnce) {
  served_.Send(served_.Start(kPath), "fail");
  const StreamedMember::Open canceled = served_.Start(kPath);
  served_.Send(canceled, "x");
  served_.AtClient([&] { canceled.call->Cancel(); });
  served_.Settle();
  rpc::ClientCall::Options options;
  options.metadata = {{"grpc-timeout", "2S"}};  // which the client itself does not look at
  served_.Send(served_.Start(kPath, std::move(options)), "x");
  served_.RunFor(seconds(3));
  const StreamedMember::Open stopped = served_.Start(kPath);
  served_.Send(stopped, "x");
  served_.Drain();
  served_.Settle();
  EXPECT_EQ(seen_.ends,
            (std::vector<std::string>{base::Status(base::errors::kCompacted).ToString(),
                                      "Canceled: context canceled",
                                      "DeadlineExceeded: context deadline exceeded",
                                      base::Status(base::errors::kStopped).ToString()}));
  EXPECT_EQ(stopped.heard->status.ToString(), base::Status(base::errors::kStopped).ToString());
}

TEST_F(StreamCallTest, WhatIsPostedRunsInTheCallOrNotAtAll) {
  const StreamedMember::Open open = served_.Start(kPath);
  served_.Send(open, "later");
  served_.AtClient([] { CountCall::posted(); });  // of another loop
  EXPECT_EQ(seen_.posted.size(), 1u);
  served_.Send(open, "later");
  served_.AtClient([&] { open.call->Cancel(); });
  served_.Settle();
  served_.AtClient([] { CountCall::posted(); });
  CountCall::posted = nullptr;
  EXPECT_EQ(seen_.posted.size(), 1u);
}

// ---- The methods of etcd's ----

class StreamedMethodsTest : public ::testing::Test {
 protected:
  void Put(const std::string& key, const std::string& value) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    const auto put = served_.Call("/etcdserverpb.KV/Put", request.SerializeAsString());
    ASSERT_TRUE(put.heard->finished && put.heard->status.ok());
  }
  static etcdserverpb::RangeRequest AllKeys() {
    etcdserverpb::RangeRequest request;
    request.set_key(std::string(1, '\0'));
    request.set_range_end(std::string(1, '\0'));
    return request;
  }
  // Shares of the loop's reads besides the frontend's own.
  long ReadsHeld() {
    long count = 0;
    served_.AtServer([&] { count = served_.member().frontend().reads().use_count(); });
    return count - 1;
  }

  StreamedMember served_;
};

TEST_F(StreamedMethodsTest, ARangeComesInChunksAndLetsGoOfTheState) {
  for (int i = 10; i < 40; ++i) Put("k" + std::to_string(i), "v");
  const auto stream = served_.Call("/etcdserverpb.KV/RangeStream", AllKeys().SerializeAsString());
  ASSERT_TRUE(stream.heard->finished);
  EXPECT_TRUE(stream.heard->status.ok()) << stream.heard->status.ToString();
  ASSERT_GT(stream.heard->messages.size(), 1u);
  std::vector<std::string> keys;
  etcdserverpb::RangeStreamResponse chunk;
  for (const base::Bytes& message : stream.heard->messages) {
    ASSERT_TRUE(chunk.ParseFromString(message));
    for (const auto& kv : chunk.range_response().kvs()) keys.push_back(kv.key());
  }
  ASSERT_EQ(keys.size(), 30u);
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(keys[i], "k" + std::to_string(10 + i));
  EXPECT_EQ(chunk.range_response().count(), 30);
  EXPECT_EQ(chunk.range_response().header().revision(), 31);
  EXPECT_EQ(ReadsHeld(), 0);
}

TEST_F(StreamedMethodsTest, ARangeThatIsNotTakenHoldsItsStateUntilItsClientGoes) {
  for (int i = 0; i < 40; ++i) Put("k" + std::to_string(i), std::string(100'000, 'v'));
  const auto stream = served_.Start("/etcdserverpb.KV/RangeStream");
  served_.AtClient([&] { stream.call->PauseReading(); });
  etcdserverpb::RangeRequest request = AllKeys();
  request.set_serializable(true);
  served_.Send(stream, request.SerializeAsString());
  EXPECT_EQ(ReadsHeld(), 1);
  served_.AtClient([&] { stream.call->Cancel(); });
  served_.Settle();
  EXPECT_EQ(ReadsHeld(), 0);
}

TEST_F(StreamedMethodsTest, ARangeOfTheFutureIsRefused) {
  etcdserverpb::RangeRequest request = AllKeys();
  request.set_revision(100);
  const auto stream = served_.Call("/etcdserverpb.KV/RangeStream", request.SerializeAsString());
  EXPECT_EQ(stream.heard->status.ToString(),
            base::Status(base::errors::kFutureRevision).ToString());
  const auto odd = served_.Call("/etcdserverpb.KV/RangeStream", "\xff");
  EXPECT_EQ(odd.heard->status.code(), base::Code::kInternal);
}

TEST_F(StreamedMethodsTest, ASnapshotCountsDownToItsDigest) {
  for (int i = 0; i < 20; ++i) Put("k" + std::to_string(i), std::string(100'000, 'v'));
  const auto snapshot = served_.Start("/etcdserverpb.Maintenance/Snapshot");
  served_.AtClient([&] { snapshot.call->PauseReading(); });
  served_.Send(snapshot, "");
  served_.RunFor(seconds(5));
  EXPECT_FALSE(snapshot.heard->finished);
  served_.AtClient([&] { snapshot.call->ResumeReading(); });
  served_.RunFor(seconds(5));
  ASSERT_TRUE(snapshot.heard->finished);
  EXPECT_TRUE(snapshot.heard->status.ok()) << snapshot.heard->status.ToString();
  etcdserverpb::SnapshotResponse first;
  ASSERT_TRUE(first.ParseFromString(snapshot.heard->messages.front()));
  uint64_t left = first.blob().size() + first.remaining_bytes();
  EXPECT_GT(left, 2'000'000u);
  for (size_t i = 0; i + 1 < snapshot.heard->messages.size(); ++i) {
    etcdserverpb::SnapshotResponse chunk;
    ASSERT_TRUE(chunk.ParseFromString(snapshot.heard->messages[i]));
    left -= chunk.blob().size();
    EXPECT_EQ(chunk.remaining_bytes(), left);
  }
  EXPECT_EQ(left, 0u);
  etcdserverpb::SnapshotResponse last;
  ASSERT_TRUE(last.ParseFromString(snapshot.heard->messages.back()));
  EXPECT_EQ(last.blob().size(), 32u);
  EXPECT_EQ(ReadsHeld(), 0);
}

}  // namespace
}  // namespace v3
