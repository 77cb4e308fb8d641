#include <etcd/auth.h>
#include <etcd/client.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/errors.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/http/tls_context.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"

namespace etcd {
namespace {

namespace pb = etcdserverpb;
using namespace std::chrono_literals;
const CallOptions kPatient{.timeout = 20s};

rpc::Message Encoded(const google::protobuf::Message& message) {
  return rpc::Message(message.SerializeAsString());
}

// Sends three pieces of a snapshot.
class SnapshotCall final : public rpc::CallHandler {
 public:
  explicit SnapshotCall(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {}
  void OnMessage(base::ByteView) override {
    for (const char* blob : {"one", "two", "three"}) {
      pb::SnapshotResponse piece;
      piece.set_blob(blob);
      call_->Send(Encoded(piece));
    }
    call_->Finish({});
  }

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
};

// Knows the lease 7 alone.
class KeepAliveCall final : public rpc::CallHandler {
 public:
  explicit KeepAliveCall(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {}
  void OnMessage(base::ByteView bytes) override {
    pb::LeaseKeepAliveRequest request;
    request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    pb::LeaseKeepAliveResponse response;
    response.set_id(request.id());
    response.set_ttl(request.id() == 7 ? 60 : 0);
    call_->Send(Encoded(response));
  }
  void OnHalfClose() override { call_->Finish({}); }

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
};

// A member on a real port that answers as it is told, and counts.
class FakeMember {
 public:
  explicit FakeMember(std::shared_ptr<const http::TlsContext> tls = nullptr) {
    thread_.RunAndWait([&] {
      table_ = std::make_unique<rpc::Server>(&thread_.loop(), &plain_, rpc::MessageLimits{});
      AddMethods();
      server_ = std::make_unique<http::Server>(&thread_.loop(), &network_, table_.get(),
                                               http::Server::Options{});
      http::Server::Listening listening;
      if (tls != nullptr) listening.tls = [tls] { return tls; };
      address_ = server_->Listen({"127.0.0.1", 0, ""}, listening).value().ToString();
    });
  }
  ~FakeMember() {
    thread_.RunAndWait([this] {
      server_.reset();
      hanging_.clear();
      table_.reset();
    });
  }

  const std::string& address() const { return address_; }

  // Before the first call.
  base::Status answer;  // to ranges and puts; OK: an empty answer
  bool hang = false;
  std::string token;  // that calls must carry, if not empty
  pb::MemberListResponse members;

  std::atomic<int> calls = 0;
  std::atomic<int> authentications = 0;
  // What a change of the members asked for, once there was one.
  std::mutex asked_mutex;
  std::vector<std::string> asked;

 private:
  void AddMethods() {
    table_->AddUnary("etcdserverpb.KV", "Range", [this](auto call, base::ByteView) {
      Answer(std::move(call), pb::RangeResponse());
    });
    table_->AddUnary("etcdserverpb.KV", "Put", [this](auto call, base::ByteView) {
      Answer(std::move(call), pb::PutResponse());
    });
    table_->AddUnary("etcdserverpb.Auth", "Authenticate", [this](auto call, base::ByteView) {
      ++authentications;
      pb::AuthenticateResponse reply;
      // The first token has expired by the time it is used.
      reply.set_token(authentications == 1 ? "expired" : token);
      call->Reply(Encoded(reply));
    });
    table_->AddUnary("etcdserverpb.Cluster", "MemberList",
                     [this](auto call, base::ByteView) { call->Reply(Encoded(members)); });
    AddChange<pb::MemberAddRequest, pb::MemberAddResponse>("Cluster", "MemberAdd");
    AddChange<pb::MemberRemoveRequest, pb::MemberRemoveResponse>("Cluster", "MemberRemove");
    AddChange<pb::MemberUpdateRequest, pb::MemberUpdateResponse>("Cluster", "MemberUpdate");
    AddChange<pb::MemberPromoteRequest, pb::MemberPromoteResponse>("Cluster", "MemberPromote");
    AddChange<pb::MoveLeaderRequest, pb::MoveLeaderResponse>("Maintenance", "MoveLeader");
    AddChange<pb::DowngradeRequest, pb::DowngradeResponse>("Maintenance", "Downgrade");
    AddChange<pb::LeaseGrantRequest, pb::LeaseGrantResponse>("Lease", "LeaseGrant");
    AddChange<pb::LeaseRevokeRequest, pb::LeaseRevokeResponse>("Lease", "LeaseRevoke");
    AddChange<pb::LeaseTimeToLiveRequest, pb::LeaseTimeToLiveResponse>("Lease", "LeaseTimeToLive");
    AddChange<pb::LeaseLeasesRequest, pb::LeaseLeasesResponse>("Lease", "LeaseLeases");
    AddAuth();
    table_->AddStreaming(
        "etcdserverpb.Lease", "LeaseKeepAlive", rpc::Kind::kBidiStreaming,
        [](auto call) { return std::make_unique<KeepAliveCall>(std::move(call)); });
    table_->AddStreaming("etcdserverpb.Maintenance", "Snapshot", rpc::Kind::kServerStreaming,
                         [](auto call) { return std::make_unique<SnapshotCall>(std::move(call)); });
  }

  void AddAuth() {
    AddChange<pb::AuthEnableRequest, pb::AuthEnableResponse>("Auth", "AuthEnable");
    AddChange<pb::AuthDisableRequest, pb::AuthDisableResponse>("Auth", "AuthDisable");
    AddChange<pb::AuthStatusRequest, pb::AuthStatusResponse>("Auth", "AuthStatus",
                                                             [](pb::AuthStatusResponse* reply) {
                                                               reply->set_enabled(true);
                                                               reply->set_authrevision(9);
                                                             });
    AddChange<pb::AuthUserAddRequest, pb::AuthUserAddResponse>("Auth", "UserAdd");
    AddChange<pb::AuthUserDeleteRequest, pb::AuthUserDeleteResponse>("Auth", "UserDelete");
    AddChange<pb::AuthUserGetRequest, pb::AuthUserGetResponse>(
        "Auth", "UserGet", [](pb::AuthUserGetResponse* reply) { reply->add_roles("r"); });
    AddChange<pb::AuthUserListRequest, pb::AuthUserListResponse>(
        "Auth", "UserList", [](pb::AuthUserListResponse* reply) { reply->add_users("u"); });
    AddChange<pb::AuthUserChangePasswordRequest, pb::AuthUserChangePasswordResponse>(
        "Auth", "UserChangePassword");
    AddChange<pb::AuthUserGrantRoleRequest, pb::AuthUserGrantRoleResponse>("Auth", "UserGrantRole");
    AddChange<pb::AuthUserRevokeRoleRequest, pb::AuthUserRevokeRoleResponse>("Auth",
                                                                             "UserRevokeRole");
    AddChange<pb::AuthRoleAddRequest, pb::AuthRoleAddResponse>("Auth", "RoleAdd");
    AddChange<pb::AuthRoleDeleteRequest, pb::AuthRoleDeleteResponse>("Auth", "RoleDelete");
    AddChange<pb::AuthRoleGetRequest, pb::AuthRoleGetResponse>(
        "Auth", "RoleGet", [](pb::AuthRoleGetResponse* reply) {
          reply->add_perm()->set_key("k");
          reply->mutable_perm(0)->set_range_end("l");
          reply->mutable_perm(0)->set_permtype(authpb::Permission::READWRITE);
        });
    AddChange<pb::AuthRoleListRequest, pb::AuthRoleListResponse>(
        "Auth", "RoleList", [](pb::AuthRoleListResponse* reply) { reply->add_roles("r"); });
    AddChange<pb::AuthRoleGrantPermissionRequest, pb::AuthRoleGrantPermissionResponse>(
        "Auth", "RoleGrantPermission");
    AddChange<pb::AuthRoleRevokePermissionRequest, pb::AuthRoleRevokePermissionResponse>(
        "Auth", "RoleRevokePermission");
  }

  // `fill` adds to the answer, which has a header.
  template <typename Request, typename Reply>
  void AddChange(
      const std::string& service, const std::string& name,
      std::function<void(Reply*)> fill = [](Reply*) {}) {
    table_->AddUnary("etcdserverpb." + service, name,
                     [this, name, fill](auto call, base::ByteView bytes) {
                       Request request;
                       request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                       {
                         const std::lock_guard lock(asked_mutex);
                         asked.push_back(name + " " + request.ShortDebugString());
                       }
                       Reply reply;
                       reply.mutable_header()->set_member_id(5);
                       fill(&reply);
                       Answer(std::move(call), reply);
                     });
  }

  void Answer(std::shared_ptr<rpc::ServerCall> call, const google::protobuf::Message& reply) {
    ++calls;
    if (hang) return hanging_.push_back(std::move(call));
    if (!token.empty() && call->metadata().Get("token") != token) {
      return call->Finish(base::errors::kInvalidAuthToken);
    }
    if (!answer.ok()) return call->Finish(answer);
    call->Reply(Encoded(reply));
  }

  runtime::asio::LoopThread thread_{"fake-member"};
  runtime::asio::Network network_{&thread_.loop()};
  http::PlainService plain_{1000};
  std::unique_ptr<rpc::Server> table_;
  std::unique_ptr<http::Server> server_;
  std::vector<std::shared_ptr<rpc::ServerCall>> hanging_;
  std::string address_;
};

std::unique_ptr<Client> Connected(ClientOptions options) {
  Result<std::unique_ptr<Client>> client = Client::New(options);
  EXPECT_TRUE(client.ok()) << client.status().ToString();
  return client.ok() ? std::move(client).value() : nullptr;
}
std::unique_ptr<Client> Connected(std::vector<std::string> endpoints) {
  ClientOptions options;
  options.endpoints = std::move(endpoints);
  return Connected(options);
}

TEST(ClientTest, AReadIsRepeatedOnTheOtherEndpoint) {
  FakeMember sick;
  FakeMember well;
  sick.answer = base::errors::kNoLeader;
  const auto client = Connected({sick.address(), well.address()});
  while (sick.calls == 0) {
    const auto got = client->Get({.key = "a"}, kPatient);
    ASSERT_TRUE(got.ok()) << got.status().ToString();
  }
  EXPECT_GE(well.calls, 1);
}

TEST(ClientTest, AReadIsGivenUpAfterTheMostAttempts) {
  FakeMember sick;
  sick.answer = base::errors::kNoLeader;
  ClientOptions options;
  options.endpoints = {sick.address()};
  options.max_attempts = 3;
  options.retry_wait = 1ms;
  const auto got = Connected(options)->Get({.key = "a"}, kPatient);
  EXPECT_EQ(got.status(), Status(Code::kUnavailable, "etcdserver: no leader"));
  EXPECT_EQ(sick.calls, 3);
}

TEST(ClientTest, AWriteThatFailedIsNotRepeated) {
  FakeMember sick;
  sick.answer = base::errors::kTimeout;
  const auto put = Connected({sick.address()})->Put({.key = "a"}, kPatient);
  EXPECT_EQ(put.status().message(), "etcdserver: request timed out");
  EXPECT_EQ(sick.calls, 1);
}

TEST(ClientTest, AnExpiredTokenIsRenewedAndTheWriteSentAgain) {
  FakeMember member;
  member.token = "fresh";
  ClientOptions options;
  options.endpoints = {member.address()};
  options.user = "root";
  options.password = "secret";
  const auto client = Connected(options);
  const auto put = client->Put({.key = "a"}, kPatient);
  EXPECT_TRUE(put.ok()) << put.status().ToString();
  EXPECT_EQ(member.authentications, 2);
  EXPECT_EQ(member.calls, 2);
}

TEST(ClientTest, ATokenOfTheUsersIsSent) {
  FakeMember member;
  member.token = "mine";
  ClientOptions options;
  options.endpoints = {member.address()};
  options.token = "mine";
  EXPECT_TRUE(Connected(options)->Put({.key = "a"}, kPatient).ok());
  EXPECT_EQ(member.authentications, 0);
}

TEST(ClientTest, ACallEndsWhenItsTimeIsOver) {
  FakeMember member;
  member.hang = true;
  const auto got = Connected({member.address()})->Get({.key = "a"}, {.timeout = 50ms});
  EXPECT_EQ(got.status(), Status(Code::kDeadlineExceeded, "context deadline exceeded"));
}

TEST(ClientTest, NoTimeIsOverAtOnceAndNothingIsSent) {
  FakeMember member;
  member.hang = true;
  const auto client = Connected({member.address()});
  for (const Duration timeout : {Duration(0), Duration(-1), Duration::min()}) {
    EXPECT_EQ(client->Get({.key = "a"}, {.timeout = timeout}).status(),
              Status(Code::kDeadlineExceeded, "context deadline exceeded"));
  }
  EXPECT_EQ(member.calls, 0);
  // Nor where nobody answers.
  EXPECT_EQ(Connected({"127.0.0.1:1"})->Get({.key = "a"}, {.timeout = -1ms}).status().code(),
            Code::kDeadlineExceeded);
}

TEST(ClientTest, ACallWithOneAnswerThatIsGivenNoTimeHasFiveSeconds) {
  FakeMember member;
  member.hang = true;
  const auto client = Connected({member.address()});
  auto compacted = Connected({"127.0.0.1:1"});
  auto physical = compacted->CompactAsync({.revision = 1, .physical = true});
  auto defragmented = compacted->DefragmentAsync("");
  EXPECT_EQ(client->Get({.key = "a"}).status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(compacted->Compact({.revision = 1}, {.timeout = 100ms}).status().code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(physical.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(defragmented.wait_for(0s), std::future_status::timeout);
  compacted.reset();
  EXPECT_EQ(physical.get().status().code(), Code::kCanceled);
  EXPECT_EQ(defragmented.get().status().code(), Code::kCanceled);
}

TEST(ClientTest, WhyNobodyWasReachedIsTheCause) {
  const auto got = Connected({"127.0.0.1:1"})->Get({.key = "a"}, {.timeout = 100ms});
  EXPECT_EQ(got.status().ToString(), "context deadline exceeded");
  EXPECT_EQ(got.status().cause(), "127.0.0.1:1: Connection refused");
}

TEST(ClientTest, AHandleEndsTheCallsThatHaveIt) {
  FakeMember member;
  member.hang = true;
  const auto client = Connected({member.address()});
  Cancellation cancellation;
  std::promise<Status> ended;
  client->Get({.key = "a"}, {.cancellation = cancellation},
              [&ended](Result<GetResponse> result) { ended.set_value(result.status()); });
  auto other = client->GetAsync({.key = "b"}, {.cancellation = cancellation});
  auto unconcerned = client->GetAsync({.key = "c"});
  while (member.calls < 3) {
  }
  cancellation.Cancel();
  EXPECT_EQ(ended.get_future().get(), Status(Code::kCanceled, "context canceled"));
  EXPECT_EQ(other.get().status().code(), Code::kCanceled);
  EXPECT_EQ(unconcerned.wait_for(0s), std::future_status::timeout);
  EXPECT_TRUE(cancellation.canceled());
  EXPECT_EQ(client->Put({.key = "late"}, {.cancellation = cancellation}).status().code(),
            Code::kCanceled);
  EXPECT_EQ(member.calls, 3);
}

TEST(ClientTest, ACallbackMayCancelAndAHandleMayOutliveTheClient) {
  FakeMember member;
  Cancellation cancellation;
  {
    const auto client = Connected({member.address()});
    std::promise<void> done;
    client->Get({.key = "a"}, {.timeout = 20s, .cancellation = cancellation},
                [&](const Result<GetResponse>& result) {
                  EXPECT_TRUE(result.ok());
                  cancellation.Cancel();
                  done.set_value();
                });
    done.get_future().wait();
  }
  cancellation.Cancel();
}

TEST(ClientTest, AHandleEndsAStream) {
  FakeMember member;
  Cancellation cancellation;
  const auto client = Connected({member.address()});
  const Status status = client->Snapshot({.cancellation = cancellation}, [&](const SnapshotChunk&) {
    cancellation.Cancel();
    return true;
  });
  // Its end may have been under way.
  EXPECT_TRUE(status.ok() || status.code() == Code::kCanceled) << status.ToString();
  EXPECT_EQ(client
                ->Snapshot({.cancellation = cancellation},
                           [](const SnapshotChunk&) {
                             ADD_FAILURE();
                             return true;
                           })
                .code(),
            Code::kCanceled);
}

TEST(ClientTest, AFutureHasTheAnswer) {
  FakeMember member;
  const auto client = Connected({member.address()});
  auto put = client->PutAsync({.key = "a"}, kPatient);
  auto got = client->GetAsync({.key = "a"}, kPatient);
  EXPECT_TRUE(put.get().ok());
  EXPECT_TRUE(got.get().ok());
}

TEST(ClientTest, ACallbackThatWaitsForACallIsToldThatItMustNot) {
  FakeMember member;
  const auto client = Connected({member.address()});
  std::promise<Status> inner;
  client->Get({.key = "a"}, kPatient, [&](const Result<GetResponse>&) {
    inner.set_value(client->Put({.key = "a"}).status());
  });
  const Status status = inner.get_future().get();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_NE(status.message().find("a callback"), std::string::npos);
}

TEST(ClientDeathTest, ToDestroyTheClientInACallbackEndsTheProcessWithALine) {
  EXPECT_DEATH(
      {
        FakeMember member;
        auto client = Connected({member.address()});
        std::promise<void> never;
        client->Get({.key = "a"}, kPatient, [&](const Result<GetResponse>&) { client.reset(); });
        never.get_future().wait();
      },
      "destroyed inside one of its own callbacks");
}

TEST(ClientTest, DestroyingTheClientCancelsItsCalls) {
  FakeMember member;
  member.hang = true;
  auto client = Connected({member.address()});
  std::promise<Status> ended;
  client->Get({.key = "a"}, {},
              [&ended](Result<GetResponse> result) { ended.set_value(result.status()); });
  while (member.calls == 0) {
  }
  client.reset();
  EXPECT_EQ(ended.get_future().get().code(), Code::kCanceled);
}

TEST(ClientTest, ARequestLargerThanTheLimitIsNotSent) {
  FakeMember member;
  ClientOptions options;
  options.endpoints = {member.address()};
  options.max_request_bytes = 100;
  const auto put = Connected(options)->Put({.key = "a", .value = std::string(100, 'v')}, kPatient);
  EXPECT_EQ(put.status(), Status(Code::kResourceExhausted,
                                 "trying to send message larger than max (105 vs. 100)"));
  EXPECT_EQ(member.calls, 0);
}

TEST(ClientTest, ASnapshotArrivesPieceByPieceInOrder) {
  FakeMember member;
  std::vector<std::string> blobs;
  const Status status =
      Connected({member.address()})->Snapshot(kPatient, [&blobs](const SnapshotChunk& chunk) {
        blobs.push_back(chunk.blob);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(blobs, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(ClientTest, ASinkThatHasEnoughEndsTheCall) {
  FakeMember member;
  int pieces = 0;
  const Status status =
      Connected({member.address()})->Snapshot(kPatient, [&pieces](const SnapshotChunk&) {
        ++pieces;
        return false;
      });
  EXPECT_EQ(status.code(), Code::kCanceled);
  EXPECT_EQ(pieces, 1);
}

TEST(ClientTest, ACallAboutOneMemberGoesThereAndRefusesWhatIsNoEndpoint) {
  FakeMember one;
  FakeMember other;
  const auto client = Connected({one.address()});
  const auto status = client->MemberStatus(other.address(), kPatient);
  EXPECT_EQ(status.status().code(), Code::kUnimplemented) << status.status().ToString();
  EXPECT_EQ(client->MemberStatus("nowhere", kPatient).status().code(), Code::kInvalidArgument);
}

class ClientTlsTest : public ::testing::Test {
 protected:
  ClientTlsTest() : self_(http::NewSelfSigned({"127.0.0.1"}, {Now()}, 1)) {
    http::TlsOptions options;
    options.certificate_pem = self_.certificate_pem;
    options.key_pem = self_.key_pem;
    member_ = std::make_unique<FakeMember>(
        http::TlsContext::New(http::TlsContext::Role::kServer, options).value());
    client_.endpoints = {"https://" + member_->address()};
  }
  static runtime::WallTime Now() { return runtime::posix::Clock().WallNow(); }

  // A file with these contents, removed after the test.
  std::string File(const std::string& text) {
    path_ = ::testing::TempDir() + "/client_test_ca_" + std::to_string(Now().unix_nanos);
    runtime::posix::Disk disk;
    const auto file = disk.Open(path_, runtime::OpenMode::kCreateOrTruncate);
    EXPECT_TRUE(file.ok() && (*file)->WriteAt(0, text).ok());
    return path_;
  }
  void TearDown() override {
    if (path_.empty()) return;
    runtime::posix::Disk disk;
    EXPECT_TRUE(disk.Remove(path_).ok());
  }

  const http::SelfSigned self_;
  std::unique_ptr<FakeMember> member_;
  ClientOptions client_;
  std::string path_;
};

TEST_F(ClientTlsTest, TrustsTheGivenAuthority) {
  client_.tls.ca_file = File(self_.certificate_pem);
  EXPECT_TRUE(Connected(client_)->Put({.key = "a"}, kPatient).ok());
}

TEST_F(ClientTlsTest, DoesNotTrustANameThatTheCertificateLacks) {
  client_.tls.ca_file = File(self_.certificate_pem);
  client_.tls.server_name = "elsewhere";
  const Status status = Connected(client_)->Put({.key = "a"}, {.timeout = 200ms}).status();
  EXPECT_EQ(status.message(), "context deadline exceeded");
  EXPECT_EQ(status.cause(), member_->address() +
                                ": TLS handshake: tls: failed to verify certificate: x509: "
                                "certificate is valid for 127.0.0.1, not elsewhere");
  EXPECT_EQ(member_->calls, 0);
}

TEST_F(ClientTlsTest, PlainEndpointsAndThoseWithTlsShareTheCalls) {
  FakeMember plain;
  client_.endpoints = {"https://" + member_->address(), "http://" + plain.address()};
  client_.tls.ca_file = File(self_.certificate_pem);
  const auto client = Connected(client_);
  for (int i = 0; i < 200 && (member_->calls == 0 || plain.calls == 0); ++i) {
    EXPECT_TRUE(client->Put({.key = "a"}, kPatient).ok());
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_GT(member_->calls, 0);
  EXPECT_GT(plain.calls, 0);
}

TEST_F(ClientTlsTest, SkipsTheCheckWhenToldTo) {
  client_.tls.insecure_skip_verify = true;
  EXPECT_TRUE(Connected(client_)->Put({.key = "a"}, kPatient).ok());
}

TEST(ClientTest, ChangesOfTheMembersAreAskedForAsTheyAre) {
  FakeMember member;
  const auto client = Connected({member.address()});
  EXPECT_EQ(client->MemberAdd({{"http://a:1", "http://b:2"}, true}, kPatient)->header.member_id,
            5u);
  EXPECT_TRUE(client->MemberRemove(7, kPatient).ok());
  EXPECT_TRUE(client->MemberUpdate(8, {"http://c:3"}, kPatient).ok());
  EXPECT_TRUE(client->MemberPromoteAsync(9, kPatient).get().ok());
  EXPECT_TRUE(client->MoveLeader(member.address(), 10, kPatient).ok());
  EXPECT_TRUE(client->Downgrade(DowngradeAction::kEnable, "3.6", kPatient).ok());
  EXPECT_TRUE(client->DowngradeAsync(DowngradeAction::kCancel, "", kPatient).get().ok());
  EXPECT_EQ(member.asked,
            (std::vector<std::string>{
                "MemberAdd peerURLs: \"http://a:1\" peerURLs: \"http://b:2\" "
                "isLearner: true",
                "MemberRemove ID: 7", "MemberUpdate ID: 8 peerURLs: \"http://c:3\"",
                "MemberPromote ID: 9", "MoveLeader targetID: 10",
                "Downgrade action: ENABLE version: \"3.6\"", "Downgrade action: CANCEL"}));
}

TEST(ClientTest, LeasesAreAskedForAsTheyAre) {
  FakeMember member;
  const auto client = Connected({member.address()});
  EXPECT_EQ(client->LeaseGrant({.ttl = 60, .id = 7}, kPatient)->header.member_id, 5u);
  EXPECT_TRUE(client->LeaseRevokeAsync(7, kPatient).get().ok());
  EXPECT_TRUE(client->LeaseTimeToLive(8, true, kPatient).ok());
  EXPECT_TRUE(client->LeaseTimeToLiveAsync(8, false, kPatient).get().ok());
  EXPECT_TRUE(client->LeaseList(kPatient).ok());
  EXPECT_EQ(member.asked, (std::vector<std::string>{"LeaseGrant TTL: 60 ID: 7", "LeaseRevoke ID: 7",
                                                    "LeaseTimeToLive ID: 8 keys: true",
                                                    "LeaseTimeToLive ID: 8", "LeaseLeases "}));
}

TEST(ClientTest, UsersAndRolesAreAskedForAsTheyAre) {
  FakeMember member;
  const auto client = Connected({member.address()});
  Auth auth(client.get());
  EXPECT_EQ(auth.AuthEnable(kPatient)->header.member_id, 5u);
  EXPECT_TRUE(auth.AuthDisableAsync(kPatient).get().ok());
  EXPECT_TRUE(auth.UserAdd({.name = "u", .password = "p"}, kPatient).ok());
  EXPECT_TRUE(auth.UserAddAsync({.name = "u", .no_password = true}, kPatient).get().ok());
  EXPECT_TRUE(auth.UserDelete("u", kPatient).ok());
  EXPECT_TRUE(auth.UserChangePassword("u", "p", kPatient).ok());
  EXPECT_TRUE(auth.UserGrantRole("u", "r", kPatient).ok());
  EXPECT_TRUE(auth.UserRevokeRoleAsync("u", "r", kPatient).get().ok());
  EXPECT_TRUE(auth.RoleAdd("r", kPatient).ok());
  EXPECT_TRUE(auth.RoleDelete("r", kPatient).ok());
  EXPECT_TRUE(auth.RoleGrantPermission("r", {PermissionType::kWrite, "k", "l"}, kPatient).ok());
  EXPECT_TRUE(auth.RoleRevokePermission("r", "k", "l", kPatient).ok());
  EXPECT_EQ(
      member.asked,
      (std::vector<std::string>{
          "AuthEnable ", "AuthDisable ", "UserAdd name: \"u\" password: \"p\" options { }",
          "UserAdd name: \"u\" options { no_password: true }", "UserDelete name: \"u\"",
          "UserChangePassword name: \"u\" password: \"p\"", "UserGrantRole user: \"u\" role: \"r\"",
          "UserRevokeRole name: \"u\" role: \"r\"", "RoleAdd name: \"r\"", "RoleDelete role: \"r\"",
          "RoleGrantPermission name: \"r\" "
          "perm { permType: WRITE key: \"k\" range_end: \"l\" }",
          "RoleRevokePermission role: \"r\" key: \"k\" range_end: \"l\""}));
}

TEST(ClientTest, WhatIsNoTextIsNoNameAndNoPassword) {
  FakeMember member;
  const auto client = Connected({member.address()});
  Auth auth(client.get());
  const Status refused(Code::kInternal,
                       "grpc: error while marshaling: string field contains invalid UTF-8");
  EXPECT_EQ(auth.UserGet("\xff", kPatient).status(), refused);
  EXPECT_EQ(auth.UserAdd({.name = "u", .password = "\x80"}, kPatient).status(), refused);
  EXPECT_EQ(auth.RoleGrantPermission("\xc3(", {}, kPatient).status(), refused);
  // A key may be anything.
  EXPECT_TRUE(auth.RoleRevokePermission("r", "\xff", "\xff\xff", kPatient).ok());
  EXPECT_EQ(member.asked.size(), 1u);
  ClientOptions options;
  options.endpoints = {member.address()};
  options.user = "u";
  options.password = "\xff";
  EXPECT_EQ(Client::New(options).status(), refused);
  EXPECT_EQ(member.authentications, 0);
}

TEST(ClientTest, WhatThereIsOfUsersAndRolesIsTold) {
  FakeMember member;
  member.token = "token";
  ClientOptions options;
  options.endpoints = {member.address()};
  options.token = "token";
  const auto client = Connected(options);
  Auth auth(client.get());
  // The first is of no use: see FakeMember.
  EXPECT_EQ(auth.Authenticate("u", "p", kPatient)->token, "expired");
  EXPECT_EQ(auth.AuthenticateAsync("u", "p", kPatient).get()->token, "token");
  const auto status = auth.AuthStatus(kPatient);
  ASSERT_TRUE(status.ok()) << status.status().ToString();
  EXPECT_TRUE(status->enabled);
  EXPECT_EQ(status->auth_revision, 9u);
  EXPECT_EQ(auth.UserGet("u", kPatient)->roles, std::vector<std::string>{"r"});
  EXPECT_EQ(auth.UserList(kPatient)->users, std::vector<std::string>{"u"});
  EXPECT_EQ(auth.RoleList(kPatient)->roles, std::vector<std::string>{"r"});
  const auto role = auth.RoleGet("r", kPatient);
  ASSERT_TRUE(role.ok()) << role.status().ToString();
  ASSERT_EQ(role->permissions.size(), 1u);
  EXPECT_EQ(role->permissions[0].type, PermissionType::kReadWrite);
  EXPECT_EQ(role->permissions[0].key, "k");
  EXPECT_EQ(role->permissions[0].range_end, "l");
}

TEST(ClientTest, ALeaseIsRenewedOnceOrIsNotThere) {
  FakeMember member;
  const auto client = Connected({member.address()});
  const auto renewed = client->LeaseKeepAliveOnce(7, kPatient);
  ASSERT_TRUE(renewed.ok()) << renewed.status().ToString();
  EXPECT_EQ(renewed->id, 7);
  EXPECT_EQ(renewed->ttl, 60);
  const auto gone = client->LeaseKeepAliveOnceAsync(8, kPatient).get();
  EXPECT_EQ(gone.status().code(), Code::kNotFound);
  EXPECT_EQ(gone.status().message(), "etcdserver: requested lease not found");
}

TEST(ClientTest, UrlsThatAreNoneAreRefusedBeforeAnythingIsSent) {
  FakeMember member;
  const auto client = Connected({member.address()});
  const auto added = client->MemberAdd({{"bad"}, false}, kPatient);
  EXPECT_EQ(added.status().code(), Code::kInvalidArgument);
  EXPECT_EQ(added.status().message(), "URL scheme must be http, https, unix, or unixs: bad");
  EXPECT_EQ(client->MemberUpdate(1, {}, kPatient).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(member.asked.empty());
}

TEST(ClientTest, AChangeOfTheMembersIsNeverRepeated) {
  FakeMember member;
  member.answer = base::Status(base::Code::kUnavailable, "etcdserver: leader changed");
  const auto client = Connected({member.address(), member.address()});
  EXPECT_EQ(client->MemberRemove(7, kPatient).status().code(), Code::kUnavailable);
  EXPECT_EQ(member.calls, 1);
}

TEST(ClientTest, EndpointsAreThoseOfTheVotersThatHaveStarted) {
  FakeMember first;
  FakeMember second;
  FakeMember learner;
  const auto add = [&first](const std::string& name, const std::string& url, bool is_learner) {
    pb::Member* const member = first.members.add_members();
    member->set_name(name);
    member->add_clienturls("http://" + url);
    member->set_islearner(is_learner);
  };
  add("second", second.address(), false);
  add("learner", learner.address(), true);
  add("", "127.0.0.1:1", false);
  const auto client = Connected({first.address()});
  // One that is under way stays where it is.
  first.hang = true;
  auto hanging = client->GetAsync({.key = "k"}, kPatient);
  while (first.calls == 0) {
  }
  ASSERT_TRUE(client->SyncEndpoints(kPatient).ok());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(client->Get({.key = "k"}, kPatient).ok());
  EXPECT_EQ(first.calls, 1);
  EXPECT_EQ(second.calls, 4);
  EXPECT_EQ(learner.calls, 0);
  EXPECT_EQ(hanging.wait_for(0s), std::future_status::timeout);
}

TEST(ClientTest, TheEndpointsMayBeChangedByAnyThreadAndInACallback) {
  FakeMember first;
  FakeMember second;
  const auto client = Connected({first.address()});
  EXPECT_TRUE(client->SetEndpoints({second.address(), "http://" + first.address()}).ok());
  EXPECT_EQ(client->Endpoints(),
            (std::vector<std::string>{second.address(), "http://" + first.address()}));
  std::promise<Status> changed;
  client->Get({.key = "k"}, kPatient, [&](const Result<GetResponse>&) {
    changed.set_value(client->SetEndpoints({second.address()}));
  });
  EXPECT_TRUE(changed.get_future().get().ok());
  EXPECT_EQ(client->SetEndpoints({"nowhere"}).code(), Code::kInvalidArgument);
  EXPECT_EQ(client->Endpoints(), std::vector<std::string>{second.address()});
  first.calls = second.calls = 0;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(client->Get({.key = "k"}, kPatient).ok());
  EXPECT_EQ(first.calls, 0);
  EXPECT_EQ(second.calls, 4);
}

TEST(ClientTest, TheEndpointsFollowTheMembersByThemselves) {
  FakeMember first;
  FakeMember second;
  pb::Member* const told = first.members.add_members();
  told->set_name("second");
  told->add_clienturls("http://" + second.address());
  ClientOptions options;
  options.endpoints = {first.address()};
  options.auto_sync_interval = 1ms;
  const auto client = Connected(options);
  const std::vector<std::string> expected = {"http://" + second.address()};
  for (int i = 0; i < 1000 && client->Endpoints() != expected; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(client->Endpoints(), expected);
  EXPECT_TRUE(client->Get({.key = "k"}, kPatient).ok());
  EXPECT_EQ(second.calls, 1);
}

TEST(ClientTest, CallsBeyondThePendingBytesAreRefusedUnsent) {
  FakeMember member;
  member.hang = true;
  ClientOptions options;
  options.endpoints = {member.address()};
  options.max_pending_bytes = 4096;
  auto client = Connected(options);
  auto first = client->PutAsync({.key = "a", .value = std::string(1000, 'v')}, kPatient);
  auto second = client->GetAsync({.key = "a"}, kPatient);
  const Status refused =
      client->Put({.key = "b", .value = std::string(2000, 'v')}, kPatient).status();
  EXPECT_EQ(refused, Status(Code::kResourceExhausted, "too many calls are under way"));
  EXPECT_EQ(client->Snapshot(kPatient, [](const SnapshotChunk&) { return true; }).code(), Code::kOk)
      << "there is room for a small one";
  while (member.calls < 2) {
  }
  EXPECT_EQ(first.wait_for(0s), std::future_status::timeout);
  client.reset();
  EXPECT_EQ(first.get().status().code(), Code::kCanceled);
  EXPECT_EQ(second.get().status().code(), Code::kCanceled);
  EXPECT_EQ(member.calls, 2);
}

TEST_F(ClientTlsTest, WhatTheClusterSaysMakesNoPlainEndpointOfOneWithTls) {
  FakeMember plain;
  client_.tls.ca_file = File(self_.certificate_pem);
  pb::Member* const told = member_->members.add_members();
  told->set_name("plain");
  told->add_clienturls("http://" + plain.address());
  const auto client = Connected(client_);
  EXPECT_EQ(client->SyncEndpoints(kPatient).code(), Code::kInvalidArgument);
  told->add_clienturls("https://" + member_->address());
  EXPECT_TRUE(client->SyncEndpoints(kPatient).ok());
  EXPECT_EQ(client->Endpoints(), std::vector<std::string>{"https://" + member_->address()});
}

TEST(ClientTest, WithoutAnEndpointToGoToTheClientStaysWhereItIs) {
  FakeMember member;
  const auto client = Connected({member.address()});
  EXPECT_EQ(client->SyncEndpoints(kPatient).code(), Code::kUnavailable);
  member.members.add_members()->set_name("secure");
  member.members.mutable_members(0)->add_clienturls("https://127.0.0.1:1");
  EXPECT_EQ(client->SyncEndpoints(kPatient).code(), Code::kInvalidArgument);
  EXPECT_TRUE(client->Get({.key = "k"}, kPatient).ok());
}

}  // namespace
}  // namespace etcd
