#include "client/session.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "client/endpoint_sync.h"
#include "client/testing/fake_cluster.h"

namespace client {
namespace {

using base::Code;
using base::Status;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::FakeMember;

constexpr Method kRange{"/etcdserverpb.KV/Range", Repeatable::kYes};
constexpr Method kPut{"/etcdserverpb.KV/Put"};

struct Outcome {
  bool done = false;
  Status status;
  RetryAfter retry_after;
  uint64_t member = 0;  // that has answered
};

// A session, and the members that its calls go to.
class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : wires_(&scheduler_) {
    settings_.dial_timeout = seconds(5);
    settings_.keepalive_time = runtime::Duration::max();
    settings_.keepalive_timeout = seconds(20);
    settings_.max_request_bytes = settings_.max_receive_bytes = 1 << 20;
    settings_.max_attempts = 100;
    settings_.retry_wait = milliseconds(25);
    settings_.retry_jitter_percent = 10;
  }
  ~SessionTest() override {
    Do([this] {
      sync_.reset();
      session_.reset();
    });
  }

  void AddMembers(int count) {
    for (int i = 0; i < count; ++i) {
      members_.push_back(
          std::make_unique<FakeMember>(&scheduler_, &wires_, members_.size() + 1, &arrivals_));
    }
  }
  FakeMember& member(size_t id) { return *members_[id - 1]; }
  // With a session that is connected to all of them.
  void Open(int count) {
    AddMembers(count);
    for (const auto& member : members_) settings_.Add(member->endpoint(), {member->address()});
    Connect();
    Run(seconds(2));
  }
  void Connect() {
    Do([this] { session_ = std::make_unique<Session>(loop_.get(), network_.get(), settings_, 7); });
  }

  void Run(runtime::Duration duration) { scheduler_.RunFor(duration); }
  void Do(base::Callback<void()> task) {
    loop_->Post(std::move(task));
    Run(runtime::Duration(0));
  }

  std::shared_ptr<Outcome> Call(const Method& method, std::string message,
                                runtime::Duration timeout) {
    auto outcome = std::make_shared<Outcome>();
    Do([&] {
      Session::Request request{.method = method, .message = std::move(message)};
      request.timeout = timeout;
      session_->StartUnary(
          std::move(request), [outcome](const Session::Ending& ending, base::ByteView bytes) {
            EXPECT_FALSE(outcome->done);
            outcome->done = true;
            outcome->status = ending.status;
            outcome->retry_after = ending.retry_after;
            etcdserverpb::PutResponse reply;
            EXPECT_TRUE(reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
            outcome->member = reply.header().member_id();
          });
    });
    return outcome;
  }
  std::shared_ptr<Outcome> Get(runtime::Duration timeout = seconds(5)) {
    return Call(kRange, "", timeout);
  }
  // Of a key of its own.
  std::shared_ptr<Outcome> Put(runtime::Duration timeout = seconds(5)) {
    etcdserverpb::PutRequest request;
    request.set_key("k" + std::to_string(++puts_));
    return Call(kPut, request.SerializeAsString(), timeout);
  }
  void ExpectNoPutTwice() {
    for (const auto& [key, count] : arrivals_) EXPECT_EQ(count, 1) << key;
  }

  runtime::simulated::Scheduler scheduler_{1};
  runtime::simulated::Wires wires_;
  testing::Arrivals arrivals_;
  std::vector<std::unique_ptr<FakeMember>> members_;
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("client");
  const std::unique_ptr<runtime::Network> network_ = wires_.NewNetwork("client", loop_.get());
  Settings settings_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<EndpointSync> sync_;
  int puts_ = 0;
};

TEST_F(SessionTest, CallsGoToTheMembersInTurn) {
  Open(3);
  for (int i = 0; i < 30; ++i) Put();
  Run(seconds(1));
  for (const auto& member : members_) EXPECT_EQ(member->calls, 10) << member->host();
  ExpectNoPutTwice();
}

TEST_F(SessionTest, SessionsBeginWithDifferentMembers) {
  AddMembers(3);
  for (const auto& member : members_) settings_.Add(member->endpoint(), {member->address()});
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Do([&] { session_ = std::make_unique<Session>(loop_.get(), network_.get(), settings_, seed); });
    Run(seconds(2));
    const auto got = Get();
    Run(seconds(1));
    first.insert(got->member);
  }
  EXPECT_EQ(first.size(), 3u);
}

TEST_F(SessionTest, ReadsOfAMemberThatDiesAreRepeatedOnOthersAndWritesAreNot) {
  Open(3);
  for (const auto& member : members_) member->hangs = true;
  std::vector<std::shared_ptr<Outcome>> reads;
  std::vector<std::shared_ptr<Outcome>> writes;
  for (int i = 0; i < 30; ++i) reads.push_back(Get());
  for (int i = 0; i < 30; ++i) writes.push_back(Put());
  Run(milliseconds(10));
  member(1).Die();
  for (const size_t other : {2, 3}) {
    member(other).hangs = false;
    member(other).Release();
  }
  Run(seconds(1));
  for (const auto& read : reads) EXPECT_TRUE(read->status.ok()) << read->status.ToString();
  int lost = 0;
  for (const auto& write : writes) {
    ASSERT_TRUE(write->done);
    if (write->status.ok()) continue;
    EXPECT_EQ(write->status.code(), Code::kUnavailable);
    ++lost;
  }
  EXPECT_EQ(lost, 10);
  EXPECT_EQ(arrivals_.size(), 30u);
  ExpectNoPutTwice();
  // It comes back, and has its share again.
  member(1).hangs = false;
  member(1).calls = 0;
  member(1).Start();
  Run(minutes(1));
  for (int i = 0; i < 30; ++i) Put();
  Run(seconds(1));
  EXPECT_EQ(member(1).calls, 10);
}

TEST_F(SessionTest, AWriteWaitsForAMemberAndIsSentOnce) {
  Open(1);
  member(1).Die();
  Run(seconds(1));
  const auto put = Put(minutes(5));
  Run(seconds(30));
  EXPECT_FALSE(put->done);
  member(1).Start();
  Run(minutes(2));
  EXPECT_TRUE(put->status.ok()) << put->status.ToString();
  ExpectNoPutTwice();
}

TEST_F(SessionTest, AMemberThatIsStoppedCostsOneCallAndIsThenLeftForTheOthers) {
  Open(3);
  member(2).SetPaused(true);
  int late = 0;
  for (int i = 0; i < 30; ++i) {
    const auto got = Get(seconds(1));
    Run(milliseconds(1100));
    EXPECT_TRUE(got->done);
    late += got->status.ok() ? 0 : 1;
  }
  EXPECT_EQ(late, 1);
  // It goes on, answers one call, and has its share again.
  member(2).SetPaused(false);
  Run(minutes(3));
  for (int i = 0; i < 3; ++i) Get();
  Run(seconds(1));
  member(2).calls = 0;
  for (int i = 0; i < 30; ++i) Get();
  Run(seconds(1));
  EXPECT_EQ(member(2).calls, 10);
}

TEST_F(SessionTest, ADoubtedMemberThatAnswersThePingKeepsItsConnection) {
  Open(2);
  member(2).hangs = true;
  for (int i = 0; i < 4; ++i) Get(milliseconds(100));
  Run(seconds(30));
  EXPECT_EQ(member(2).connections_made(), 1u);
  member(2).hangs = false;
  for (int i = 0; i < 2; ++i) Get();
  Run(seconds(1));
  member(2).calls = 0;
  for (int i = 0; i < 10; ++i) Get();
  Run(seconds(1));
  EXPECT_EQ(member(2).calls, 5);
}

TEST_F(SessionTest, IfAllAreDoubtedCallsGoThereNevertheless) {
  Open(2);
  for (const auto& member : members_) member->SetPaused(true);
  for (int i = 0; i < 4; ++i) Get(milliseconds(100));
  Run(milliseconds(200));
  const auto got = Get();
  Run(seconds(1));
  EXPECT_FALSE(got->done);
  for (const auto& member : members_) member->SetPaused(false);
  Run(seconds(1));
  EXPECT_TRUE(got->done && got->status.ok()) << got->status.ToString();
}

TEST_F(SessionTest, PingsThatAreNotAnsweredEndTheCallsOfASilentMember) {
  settings_.keepalive_time = seconds(10);
  settings_.keepalive_timeout = seconds(6);
  Open(3);
  member(3).SetPaused(true);
  std::vector<std::shared_ptr<Outcome>> reads;
  std::vector<std::shared_ptr<Outcome>> writes;
  for (int i = 0; i < 3; ++i) reads.push_back(Get(minutes(1)));
  for (int i = 0; i < 3; ++i) writes.push_back(Put(minutes(1)));
  Run(seconds(10));
  int open = 0;
  for (const auto& call : reads) open += call->done ? 0 : 1;
  for (const auto& call : writes) open += call->done ? 0 : 1;
  EXPECT_EQ(open, 2);
  Run(seconds(9));
  for (const auto& call : reads) EXPECT_TRUE(call->done && call->status.ok());
  int failed = 0;
  for (const auto& call : writes) {
    ASSERT_TRUE(call->done);
    if (call->status.ok()) continue;
    EXPECT_EQ(call->status.message(),
              "error reading from server: keepalive ping failed to receive ACK within timeout");
    ++failed;
  }
  EXPECT_EQ(failed, 1);
  member(3).SetPaused(false);
  Run(seconds(1));
  ExpectNoPutTwice();
}

TEST_F(SessionTest, WhatIsCutOffIsLeftForTheOthers) {
  settings_.keepalive_time = seconds(10);
  settings_.keepalive_timeout = seconds(6);
  Open(3);
  wires_.Cut("client", "m1");
  for (int i = 0; i < 3; ++i) Get(minutes(1));
  Run(seconds(20));
  for (int i = 0; i < 30; ++i) {
    const auto got = Get(milliseconds(100));
    Run(milliseconds(100));
    EXPECT_TRUE(got->done && got->status.ok()) << got->status.ToString();
  }
}

TEST_F(SessionTest, AReadThatAMemberCannotServeGoesToAnotherAtOnce) {
  Open(3);
  member(1).answer = base::errors::kNoLeader;
  std::vector<std::shared_ptr<Outcome>> reads;
  for (int i = 0; i < 300; ++i) reads.push_back(Get());
  Run(milliseconds(20));
  for (const auto& read : reads) EXPECT_TRUE(read->done && read->status.ok());
  EXPECT_EQ(member(1).calls, 100) << "none was sent there again";
}

TEST_F(SessionTest, AMemberThatDoesNotServeGetsOneCallInAWhileUntilItDoes) {
  Open(3);
  member(1).answer = base::errors::kNoLeader;
  int failed = 0;
  for (int i = 0; i < 200; ++i) {
    const auto put = Put();
    Run(milliseconds(100));
    EXPECT_TRUE(put->done);
    failed += put->status.ok() ? 0 : 1;
  }
  EXPECT_GE(failed, 2);
  EXPECT_LE(failed, 5);
  member(1).answer = {};
  Run(seconds(5));
  for (int i = 0; i < 3; ++i) Put();
  Run(seconds(1));
  member(1).calls = 0;
  for (int i = 0; i < 30; ++i) Put();
  Run(seconds(1));
  EXPECT_EQ(member(1).calls, 10);
}

TEST_F(SessionTest, AMemberThatHangsButAnswersPingsGetsOneCallInAWhile) {
  Open(3);
  member(1).hangs = true;
  int late = 0;
  for (int i = 0; i < 60; ++i) {
    const auto put = Put(milliseconds(900));
    Run(seconds(1));
    EXPECT_TRUE(put->done);
    late += put->status.ok() ? 0 : 1;
  }
  EXPECT_GE(late, 2);
  EXPECT_LE(late, 14);
  ExpectNoPutTwice();
}

TEST_F(SessionTest, IfNoneServesCallsGoToAllOfThem) {
  Open(3);
  for (const auto& member : members_) member->answer = base::errors::kNoLeader;
  for (int i = 0; i < 30; ++i) {
    Put();
    Run(milliseconds(10));
  }
  for (const auto& member : members_) EXPECT_EQ(member->calls, 10) << member->host();
}

TEST_F(SessionTest, AWriteThatAMemberCannotServeFailsAsItSays) {
  Open(3);
  for (const auto& member : members_) member->answer = base::errors::kNoLeader;
  const auto put = Put();
  Run(seconds(1));
  EXPECT_EQ(put->status, base::errors::kNoLeader);
  ExpectNoPutTwice();
}

TEST_F(SessionTest, AWriteThatIsAnsweredLateIsNotSentAgain) {
  Open(3);
  for (const auto& member : members_) member->latency = seconds(3);
  const auto put = Put(seconds(2));
  Run(seconds(10));
  EXPECT_EQ(put->status, Status(Code::kDeadlineExceeded, "context deadline exceeded"));
  EXPECT_EQ(arrivals_.size(), 1u);
  ExpectNoPutTwice();
}

TEST_F(SessionTest, AWriteThatMembersRefuseUnseenIsSentUntilOneTakesIt) {
  Open(3);
  for (const auto& member : members_) member->refuses = true;
  const auto put = Put();
  Run(milliseconds(200));
  EXPECT_FALSE(put->done);
  member(2).refuses = false;
  Run(seconds(1));
  EXPECT_TRUE(put->status.ok()) << put->status.ToString();
  EXPECT_EQ(put->member, 2u);
  ExpectNoPutTwice();
}

TEST_F(SessionTest, ARefusalOfAllEndsAfterTheMostAttempts) {
  settings_.max_attempts = 5;
  Open(2);
  for (const auto& member : members_) member->refuses = true;
  const auto put = Put();
  Run(seconds(4));
  EXPECT_EQ(put->status.code(), Code::kUnavailable);
  EXPECT_TRUE(arrivals_.empty());
}

TEST_F(SessionTest, RequireLeaderIsSaidWithEveryCallIfTheSessionSaysSo) {
  settings_.require_leader = true;
  Open(1);
  Get();
  Put();
  Run(seconds(1));
  EXPECT_EQ(member(1).calls_that_require_a_leader, 2);
}

// Whatever happens to the members: no write arrives twice, and no read fails that has the time.
TEST_F(SessionTest, WhileMembersDieAndStopAndAreCutOffNoWriteIsSentTwice) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Do([this] { session_.reset(); });
    members_.clear();
    settings_.ClearEndpoints();
    settings_.keepalive_time = seconds(10);
    settings_.keepalive_timeout = seconds(1);
    settings_.max_attempts = 100'000;
    Open(3);
    runtime::Random random(seed);
    std::vector<std::shared_ptr<Outcome>> reads;
    for (int step = 0; step < 200; ++step) {
      FakeMember& victim = member(1 + random.Below(3));
      const uint64_t what = random.Below(12);
      if (what == 0) {
        victim.Die();
        victim.Start();
      } else if (what == 1) {
        victim.SetPaused(random.OneIn(2));
      } else if (what == 2) {
        wires_.Cut("client", victim.host());
      } else if (what == 3) {
        wires_.JoinAll();
      } else if (what == 4) {
        wires_.Break("client", victim.host());
      } else if (what == 5) {
        victim.refuses = !victim.refuses;
      } else if (what == 6) {
        victim.answer = random.OneIn(2) ? Status(base::errors::kNoLeader) : Status();
      } else if (what == 7) {
        victim.latency = random.OneIn(2) ? milliseconds(100) : milliseconds(0);
      }
      reads.push_back(Get(minutes(20)));
      Put(milliseconds(10 + random.Below(3000)));
      Run(milliseconds(random.Below(200)));
    }
    wires_.JoinAll();
    for (const auto& member : members_) {
      member->SetPaused(false);
      member->refuses = false;
      member->answer = {};
      member->latency = {};
    }
    Run(minutes(10));
    for (const auto& read : reads) {
      EXPECT_TRUE(read->done && read->status.ok()) << read->status.ToString();
    }
    ExpectNoPutTwice();
  }
}

// ---- Tokens ----

class TokenTest : public SessionTest {
 protected:
  TokenTest() {
    settings_.user = "user";
    settings_.password = "secret";
  }
  // As a client does before its first call.
  std::shared_ptr<Outcome> LogIn(runtime::Duration timeout = seconds(5)) {
    auto outcome = std::make_shared<Outcome>();
    Do([&] {
      session_->RenewToken(timeout, [outcome](const Session::Ending& ending) {
        outcome->done = true;
        outcome->status = ending.status;
      });
    });
    Run(milliseconds(10));
    return outcome;
  }
  std::vector<std::shared_ptr<Outcome>> ManyCalls() {
    std::vector<std::shared_ptr<Outcome>> calls;
    for (int i = 0; i < 50; ++i) {
      calls.push_back(Get());
      calls.push_back(Put());
    }
    return calls;
  }
};

TEST_F(TokenTest, OneLogInServesAllCallsWhoseTokenIsRefused) {
  Open(1);
  for (const int round : {1, 2, 3}) {
    member(1).token_wanted = "token " + std::to_string(round);
    const auto calls = ManyCalls();
    Run(seconds(1));
    for (const auto& call : calls) EXPECT_TRUE(call->done && call->status.ok());
    EXPECT_EQ(member(1).authentications, round);
  }
}

TEST_F(TokenTest, WhoIsRefusedBehindAnotherTakesTheTokenThatThatOneGot) {
  Open(1);
  EXPECT_TRUE(LogIn()->status.ok());
  member(1).latency = milliseconds(500);
  member(1).answer = base::errors::kInvalidAuthToken;
  const auto first = Get();
  Run(milliseconds(100));
  const auto second = Get();
  // The first is refused, and asks again with a new token; then the second is.
  Run(milliseconds(600));
  member(1).answer = {};
  Run(seconds(1));
  EXPECT_TRUE(first->done && first->status.ok()) << first->status.ToString();
  EXPECT_TRUE(second->done && second->status.ok()) << second->status.ToString();
  EXPECT_EQ(member(1).authentications, 2);
  EXPECT_EQ(member(1).tokens,
            (std::vector<std::string>{"token 1", "token 1", "token 2", "token 2"}));
}

TEST_F(TokenTest, ALogInThatFailsIsTheErrorOfAllThatWaitForIt) {
  Open(1);
  member(1).token_wanted = "token 1";
  member(1).log_in_answer = base::errors::kAuthFailed;
  const auto calls = ManyCalls();
  Run(seconds(1));
  for (const auto& call : calls) EXPECT_EQ(call->status, base::errors::kAuthFailed);
  EXPECT_EQ(member(1).authentications, 1);
}

TEST_F(TokenTest, WhereAuthenticationIsNotEnabledCallsGoOnWithoutAToken) {
  Open(1);
  EXPECT_TRUE(LogIn()->status.ok());
  EXPECT_TRUE(Get() != nullptr);
  Run(seconds(1));
  member(1).log_in_answer = base::errors::kAuthNotEnabled;
  EXPECT_TRUE(LogIn()->status.ok());
  const auto put = Put();
  Run(seconds(1));
  EXPECT_TRUE(put->done && put->status.ok());
  EXPECT_EQ(member(1).tokens, (std::vector<std::string>{"token 1", ""}));
  // And ask for one when it is.
  member(1).log_in_answer = {};
  member(1).token_wanted = "token 3";
  member(1).token_refusal = base::errors::kUserEmpty;
  const auto again = Put();
  Run(seconds(1));
  EXPECT_TRUE(again->done && again->status.ok()) << again->status.ToString();
}

TEST_F(TokenTest, ATokenThatIsRefusedWhenItIsNewIsRenewedOnceACall) {
  Open(1);
  member(1).token_wanted = "none";
  const auto put = Put();
  Run(seconds(3));
  EXPECT_EQ(put->status, base::errors::kInvalidAuthToken);
  EXPECT_EQ(member(1).authentications, 1);
  EXPECT_EQ(member(1).calls, 2);
}

TEST_F(TokenTest, WhatTheStoreHasLeftBehindIsTriedAgainUntilItHasNot) {
  Open(1);
  member(1).token_wanted = "token 5";
  member(1).token_refusal = base::errors::kAuthOldRevision;
  const auto put = Put();
  Run(seconds(1));
  EXPECT_TRUE(put->done && put->status.ok()) << put->status.ToString();
  EXPECT_EQ(member(1).authentications, 5);
}

TEST_F(TokenTest, WhatIsLeftBehindForEverEndsAfterTheMostAttempts) {
  settings_.max_attempts = 7;
  Open(1);
  member(1).token_wanted = "none";
  member(1).token_refusal = base::errors::kAuthOldRevision;
  const auto put = Put();
  Run(seconds(5));
  EXPECT_EQ(put->status, base::errors::kAuthOldRevision);
  EXPECT_EQ(member(1).calls, 7);
}

TEST_F(TokenTest, WhoWaitsForATokenWaitsNoLongerThanItsTimeAndAnotherMemberIsAsked) {
  Open(2);
  for (const auto& member : members_) member->token_wanted = "token 1";
  member(1).log_in_hangs = member(2).log_in_hangs = true;
  const auto hasty = Get(seconds(1));
  const auto patient = Get(minutes(1));
  Run(seconds(2));
  EXPECT_EQ(hasty->status, Status(Code::kDeadlineExceeded, "context deadline exceeded"));
  EXPECT_FALSE(patient->done);
  const int asked_first = member(1).authentications == 1 ? 1 : 2;
  FakeMember& other = member(asked_first == 1 ? 2 : 1);
  EXPECT_EQ(other.authentications, 0);
  other.log_in_hangs = false;
  Run(seconds(6));
  EXPECT_TRUE(patient->done && patient->status.ok()) << patient->status.ToString();
}

TEST_F(TokenTest, WhatNobodyWaitsForIsAskedNoLonger) {
  Open(1);
  member(1).token_wanted = "token 2";
  member(1).log_in_hangs = true;
  auto outcome = std::make_shared<Outcome>();
  Session::Handle call;
  Do([&] {
    call = session_->StartUnary({.method = kPut, .message = ""},
                                [outcome](const Session::Ending& ending, base::ByteView) {
                                  outcome->done = true;
                                  outcome->status = ending.status;
                                });
  });
  Run(seconds(1));
  EXPECT_FALSE(outcome->done);
  Do([&] { Session::Cancel(call); });
  EXPECT_EQ(outcome->status, Status(Code::kCanceled, "context canceled"));
  Run(seconds(30));
  EXPECT_EQ(member(1).authentications, 1);
  member(1).log_in_hangs = false;
  const auto put = Put();
  Run(seconds(1));
  EXPECT_TRUE(put->done && put->status.ok()) << put->status.ToString();
}

TEST_F(TokenTest, TheEndOfTheSessionEndsTheWaitForAToken) {
  Open(1);
  member(1).token_wanted = "token 1";
  member(1).log_in_hangs = true;
  const auto put = Put();
  const auto log_in = LogIn(Session::kNoTimeout);
  Run(seconds(1));
  Do([this] { session_.reset(); });
  EXPECT_EQ(put->status.code(), Code::kCanceled);
  EXPECT_EQ(log_in->status.code(), Code::kCanceled);
}

TEST_F(TokenTest, ALogInGoesToAnotherMemberWhenOneBreaks) {
  Open(2);
  for (const auto& member : members_) member->token_wanted = "token 1";
  member(1).log_in_answer = base::errors::kNoLeader;
  for (int i = 0; i < 4; ++i) {
    const auto put = Put();
    Run(seconds(1));
    EXPECT_TRUE(put->done && put->status.ok()) << put->status.ToString();
  }
  EXPECT_EQ(member(2).authentications, 1);
}

TEST_F(TokenTest, ATokenOfTheUsersIsSentAndNeverRenewed) {
  settings_.user.clear();
  settings_.password.clear();
  settings_.token = "mine";
  Open(1);
  EXPECT_TRUE(LogIn()->status.ok());
  member(1).token_wanted = "another";
  const auto put = Put();
  Run(seconds(1));
  EXPECT_EQ(put->status, base::errors::kInvalidAuthToken);
  EXPECT_EQ(member(1).tokens, std::vector<std::string>{"mine"});
  EXPECT_EQ(member(1).authentications, 0);
}

// ---- Endpoints that change ----

TEST_F(SessionTest, EndpointsThatStayKeepTheirConnectionsAndCallsUnderWayGoOn) {
  Open(2);
  member(1).hangs = true;
  std::vector<std::shared_ptr<Outcome>> gets = {Get(), Get()};
  AddMembers(1);
  Do([&] {
    EXPECT_TRUE(session_->SetEndpoints({member(2).endpoint(), member(3).endpoint()}).ok());
  });
  Run(seconds(2));
  EXPECT_EQ(member(2).connections_made(), 1u);
  EXPECT_EQ(member(3).connections_made(), 1u);
  EXPECT_EQ(member(1).connections(), 1u) << "a call is open there";
  member(1).Release();
  Run(seconds(2));
  for (const auto& get : gets) EXPECT_TRUE(get->status.ok()) << get->status.ToString();
  EXPECT_EQ(member(1).connections(), 0u);
  const int calls = member(1).calls;
  for (int i = 0; i < 10; ++i) Get();
  Run(seconds(1));
  EXPECT_EQ(member(1).calls, calls);
  EXPECT_EQ(member(3).calls, 5);
}

TEST_F(SessionTest, WhatWaitsGoesToTheNewEndpoints) {
  AddMembers(1);
  settings_.Add("nowhere:1", {{"nowhere", 1, ""}});
  Connect();
  const auto put = Put();
  Run(seconds(1));
  EXPECT_FALSE(put->done);
  Do([&] { EXPECT_TRUE(session_->SetEndpoints({member(1).endpoint()}).ok()); });
  Run(seconds(1));
  EXPECT_TRUE(put->done && put->status.ok()) << put->status.ToString();
}

TEST_F(SessionTest, EndpointsMayChangeInsideACallsEndAndBackAgain) {
  Open(2);
  int ends = 0;
  const auto swap = [&](const Session::Ending&, base::ByteView) {
    ++ends;
    EXPECT_TRUE(session_->SetEndpoints({member(1 + ends % 2).endpoint()}).ok());
  };
  for (int i = 0; i < 20; ++i) {
    Do([&] { session_->StartUnary({.method = kRange, .message = ""}, swap); });
    if (i % 5 == 4) wires_.Break("client", i % 2 == 0 ? "m1" : "m2");
    Run(milliseconds(i * 10));
  }
  Run(minutes(1));
  EXPECT_EQ(ends, 20);
}

TEST_F(SessionTest, EndpointsThatCannotBeUsedChangeNothing) {
  Open(1);
  Do([&] {
    EXPECT_EQ(session_->SetEndpoints({}).code(), Code::kInvalidArgument);
    EXPECT_EQ(session_->SetEndpoints({"m1:2379", "nowhere"}).code(), Code::kInvalidArgument);
    EXPECT_EQ(session_->SetEndpoints({"https://m1:2379"}).code(), Code::kInvalidArgument);
    EXPECT_EQ(session_->endpoints(), std::vector<std::string>{"m1:2379"});
  });
  const auto got = Get();
  Run(seconds(1));
  EXPECT_TRUE(got->status.ok());
}

TEST_F(SessionTest, OfManyEndpointsOneThatAnswersIsFoundAndTheOthersAreNotStormed) {
  AddMembers(1);
  for (int i = 0; i < 100; ++i) {
    const std::string host = "hung" + std::to_string(i);
    settings_.Add(host + ":1", {{host, 1, ""}});
    wires_.Cut("client", host);
  }
  settings_.Add(member(1).endpoint(), {member(1).address()});
  Connect();
  const auto put = Put();
  Run(seconds(4));
  EXPECT_TRUE(put->done && put->status.ok()) << put->status.ToString();
}

// ---- Endpoints from the cluster ----

class EndpointSyncTest : public SessionTest {
 protected:
  // What all members say: that these serve clients.
  void Say(const std::vector<uint64_t>& ids) {
    etcdserverpb::MemberListResponse list;
    for (const uint64_t id : ids) {
      etcdserverpb::Member* const told = list.add_members();
      told->set_name(member(id).host());
      told->add_clienturls("http://" + member(id).endpoint());
    }
    for (const auto& member : members_) member->members = list;
  }
  void Sync(runtime::Duration interval) {
    Do([this, interval] {
      sync_ = std::make_unique<EndpointSync>(loop_.get(), session_.get(), interval, 3);
    });
  }
};

TEST_F(EndpointSyncTest, FollowsTheMembers) {
  Open(3);
  Say({2, 3});
  Sync(seconds(10));
  Run(seconds(8));
  EXPECT_EQ(session_->endpoints().size(), 3u);
  Run(seconds(4));
  EXPECT_EQ(session_->endpoints(), (std::vector<std::string>{"http://m2:2379", "http://m3:2379"}));
  Say({1});
  Run(seconds(12));
  EXPECT_EQ(session_->endpoints(), std::vector<std::string>{"http://m1:2379"});
}

TEST_F(EndpointSyncTest, LearnersAndThoseThatHaveNotStartedAreLeftOut) {
  Open(3);
  Say({1, 2, 3});
  for (const auto& member : members_) {
    member->members.mutable_members(1)->set_islearner(true);
    member->members.mutable_members(2)->clear_name();
  }
  Sync(seconds(10));
  Run(seconds(12));
  EXPECT_EQ(session_->endpoints(), std::vector<std::string>{"http://m1:2379"});
}

TEST_F(EndpointSyncTest, WhatFailsOrIsEmptyOrCannotBeUsedChangesNothingAndIsAskedAgain) {
  Open(2);
  const std::vector<std::string> before = session_->endpoints();
  Say({});
  Sync(seconds(10));
  Run(seconds(25));
  EXPECT_EQ(session_->endpoints(), before);
  for (const auto& member : members_) {
    member->members.add_members()->set_name("x");
    member->members.mutable_members(0)->add_clienturls("https://m1:2379");
    member->members.mutable_members(0)->add_clienturls("what?");
  }
  Run(seconds(25));
  EXPECT_EQ(session_->endpoints(), before);
  for (const auto& member : members_) member->answer = base::errors::kPermissionDenied;
  Run(seconds(25));
  EXPECT_EQ(session_->endpoints(), before);
  for (const auto& member : members_) member->answer = {};
  Say({2});
  Run(seconds(12));
  EXPECT_EQ(session_->endpoints(), std::vector<std::string>{"http://m2:2379"});
}

TEST_F(EndpointSyncTest, OfWhatItIsToldItTakesABoundedNumber) {
  Open(1);
  Say({1});
  for (int i = 0; i < 5000; ++i) {
    member(1).members.mutable_members(0)->add_clienturls("http://h" + std::to_string(i) + ":1");
  }
  Sync(seconds(10));
  Run(seconds(12));
  EXPECT_EQ(session_->endpoints().size(), 1000u);
}

TEST_F(EndpointSyncTest, OneQuestionIsOpenAtATimeAndNoneAfterItsEnd) {
  Open(1);
  Say({1});
  wires_.Cut("client", "m1");
  Sync(seconds(1));
  Run(seconds(30));
  wires_.JoinAll();
  Run(milliseconds(500));
  const int lists = member(1).lists;
  EXPECT_LE(lists, 6);
  Do([this] { sync_.reset(); });
  Run(minutes(1));
  EXPECT_LE(member(1).lists, lists + 1);
}

// ---- Too early ----

const Status kTooEarly(Code::kResourceExhausted, "etcdserver: admission rule a: too much");

TEST_F(SessionTest, AReadThatComesTooEarlyIsRepeatedWhenItMayBe) {
  Open(1);
  member(1).answer = kTooEarly;
  member(1).retry_after = "700";
  const auto got = Get();
  Run(milliseconds(100));
  member(1).answer = {};
  Run(milliseconds(500));
  EXPECT_FALSE(got->done);
  EXPECT_EQ(member(1).calls, 1);
  Run(milliseconds(500));
  ASSERT_TRUE(got->done);
  EXPECT_TRUE(got->status.ok());
  EXPECT_EQ(member(1).calls, 2);
}

TEST_F(SessionTest, AReadWhoseTimeIsOverByThenIsRefusedAtOnce) {
  Open(1);
  member(1).answer = kTooEarly;
  member(1).retry_after = "700";
  const auto got = Get(milliseconds(600));
  Run(milliseconds(100));
  EXPECT_EQ(got->status, kTooEarly);
  EXPECT_EQ(got->retry_after, milliseconds(700));
  EXPECT_EQ(member(1).calls, 1);
}

TEST_F(SessionTest, AWriteThatComesTooEarlyIsItsCallersAffair) {
  Open(2);
  for (const auto& member : members_) {
    member->answer = kTooEarly;
    member->retry_after = "10";
  }
  const auto put = Put();
  Run(seconds(1));
  EXPECT_EQ(put->status, kTooEarly);
  EXPECT_EQ(put->retry_after, milliseconds(10));
  ExpectNoPutTwice();
}

TEST_F(SessionTest, WhatIsTooMuchWithoutATimeIsNotRepeated) {
  Open(2);
  for (const auto& member : members_) member->answer = kTooEarly;
  const auto got = Get();
  Run(seconds(1));
  EXPECT_EQ(got->status, kTooEarly);
  EXPECT_EQ(got->retry_after, std::nullopt);
  EXPECT_EQ(member(1).calls + member(2).calls, 1);
}

}  // namespace
}  // namespace client
