#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/posix/clock.h"
#include "state/apply/applier.h"
#include "state/apply/request_rights.h"
#include "state/auth/users.h"
#include "state/leases/leases.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

// What entries do to users and roles, and what these let others do.

namespace apply {
namespace {

namespace errors = base::errors;
using etcdserverpb::InternalRaftRequest;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Told final : auth::Observer {
  void OnToken(const std::string& user, const std::string& token) override {
    calls.push_back(user + " " + token);
  }
  void OnUserChanged(const std::string& user) override { calls.push_back(user); }
  void OnAllChanged() override { calls.emplace_back("all"); }

  std::vector<std::string> calls;
};

class AuthEntriesTest : public ::testing::Test {
 protected:
  AuthEntriesTest()
      : applier_({.auth_observer = &told_, .is_awaited = [](uint64_t id) { return id != 0; }},
                 Open(), {}) {}

  std::shared_ptr<State> Open() {
    return State::Open(backend::OpenMemoryBackend(database_), {}, &clock_).value();
  }
  const auth::View& view() { return applier_.state().users().view(); }

  Reply ApplyAs(const auth::Identity& who, InternalRaftRequest request) {
    request.mutable_header()->set_id(++id_);
    request.mutable_header()->set_username(who.user);
    request.mutable_header()->set_auth_revision(who.revision);
    const raft::Entry entry{.term = base::Term(1),
                            .index = applier_.applied().index + 1,
                            .data = base::SharedBytes(request.SerializeAsString())};
    auto outcome = applier_.Apply(entry, clock_.Now());
    EXPECT_TRUE(outcome.ok()) << outcome.status().message();
    return outcome->reply;
  }
  // As a user who was known just now; nobody if it is empty.
  Reply ApplyAs(const std::string& user, const InternalRaftRequest& request) {
    return ApplyAs(user.empty() ? auth::Identity() : auth::Identity{user, view().revision},
                   request);
  }
  Reply Put(const std::string& user, const std::string& key, int64_t lease = 0,
            bool prev_kv = false) {
    InternalRaftRequest request;
    request.mutable_put()->set_key(key);
    request.mutable_put()->set_lease(lease);
    request.mutable_put()->set_prev_kv(prev_kv);
    return ApplyAs(user, request);
  }
  Reply Txn(const std::string& user, const etcdserverpb::TxnRequest& txn) {
    InternalRaftRequest request;
    *request.mutable_txn() = txn;
    return ApplyAs(user, request);
  }

  // Root, and a user `ann` who reads [r, s) and writes [w, x), with authentication on.
  void Enable() {
    for (const char* const name : {"root", "ann"}) {
      InternalRaftRequest add;
      add.mutable_auth_user_add()->set_name(name);
      ASSERT_TRUE(ApplyAs("", add).status.ok());
      InternalRaftRequest role;
      role.mutable_auth_role_add()->set_name(name);
      ASSERT_TRUE(ApplyAs("", role).status.ok());
      InternalRaftRequest grant;
      grant.mutable_auth_user_grant_role()->set_user(name);
      grant.mutable_auth_user_grant_role()->set_role(name);
      ASSERT_TRUE(ApplyAs("", grant).status.ok());
    }
    Permit("r", "s", authpb::Permission::READ);
    Permit("w", "x", authpb::Permission::WRITE);
    InternalRaftRequest enable;
    enable.mutable_auth_enable();
    ASSERT_TRUE(ApplyAs("", enable).status.ok());
  }
  void Permit(const std::string& key, const std::string& end, authpb::Permission::Type type) {
    InternalRaftRequest request;
    auto* const permission = request.mutable_auth_role_grant_permission();
    permission->set_name("ann");
    permission->mutable_perm()->set_key(key);
    permission->mutable_perm()->set_range_end(end);
    permission->mutable_perm()->set_permtype(type);
    ASSERT_TRUE(ApplyAs("root", request).status.ok());
  }
  void Grant(int64_t lease) {
    InternalRaftRequest request;
    request.mutable_lease_grant()->set_id(lease);
    request.mutable_lease_grant()->set_ttl(60);
    ASSERT_TRUE(ApplyAs("ann", request).status.ok());
  }
  Reply Revoke(const std::string& user, int64_t lease) {
    InternalRaftRequest request;
    request.mutable_lease_revoke()->set_id(lease);
    return ApplyAs(user, request);
  }

  Told told_;
  runtime::posix::Clock clock_;
  std::shared_ptr<backend::MemoryDatabase> database_ =
      backend::NewMemoryDatabase(schema::kBucketNames.size());
  Applier applier_;
  uint64_t id_ = 0;
};

TEST_F(AuthEntriesTest, WhoMayNotIsRefusedAndNothingChanges) {
  Enable();
  ASSERT_TRUE(Put("ann", "w").status.ok());
  const base::Revision revision = applier_.state().store().revision();
  EXPECT_EQ(Put("", "w").status, errors::kUserEmpty);
  EXPECT_EQ(Put("bob", "w").status, errors::kPermissionDenied);
  EXPECT_EQ(Put("ann", "r").status, errors::kPermissionDenied);
  EXPECT_EQ(Put("ann", "w", 0, true).status, errors::kPermissionDenied);
  InternalRaftRequest put;
  put.mutable_put()->set_key("w");
  EXPECT_EQ(ApplyAs(auth::Identity{"ann", view().revision - 1}, put).status,
            errors::kAuthOldRevision);
  InternalRaftRequest remove;
  remove.mutable_delete_range()->set_key("w");
  remove.mutable_delete_range()->set_range_end("y");
  EXPECT_EQ(ApplyAs("ann", remove).status, errors::kPermissionDenied);
  remove.mutable_delete_range()->set_range_end("x");
  remove.mutable_delete_range()->set_prev_kv(true);
  EXPECT_EQ(ApplyAs("ann", remove).status, errors::kPermissionDenied);
  EXPECT_EQ(applier_.state().store().revision(), revision);
  remove.mutable_delete_range()->set_prev_kv(false);
  EXPECT_TRUE(ApplyAs("ann", remove).status.ok());
  EXPECT_TRUE(Put("root", "any", 0, true).status.ok());
}

// Such as that of a token which was signed before the state was set back.
TEST_F(AuthEntriesTest, WhoComesFromALaterRevisionReadsNothing) {
  Enable();
  auth::Judge judge(&applier_.state().auth_view());
  etcdserverpb::RangeRequest range;
  range.set_key("r");
  EXPECT_TRUE(CheckRights(judge, {"ann", view().revision}, range).ok());
  for (const uint64_t revision : {view().revision - 1, view().revision + 1}) {
    EXPECT_EQ(CheckRights(judge, {"ann", revision}, range), errors::kAuthOldRevision);
    EXPECT_EQ(CheckRights(judge, {"ann", revision}, etcdserverpb::TxnRequest()),
              errors::kAuthOldRevision);
  }
}

// The lease would go on to be revoked with keys that are not his.
TEST_F(AuthEntriesTest, ALeaseIsForWhoMayWriteAllItsKeys) {
  Enable();
  Grant(7);
  ASSERT_TRUE(Put("ann", "w1", 7).status.ok());
  ASSERT_TRUE(Put("ann", "w2", 7).status.ok());
  ASSERT_TRUE(Put("root", "secret", 7).status.ok());
  EXPECT_EQ(Put("ann", "w3", 7).status, errors::kPermissionDenied);
  EXPECT_EQ(Revoke("ann", 7).status, errors::kPermissionDenied);
  EXPECT_EQ(Revoke("", 7).status, errors::kUserEmpty);
  EXPECT_EQ(Revoke("ann", 8).status, errors::kLeaseNotFound);
  EXPECT_EQ(Put("ann", "w3", 8).status, errors::kLeaseNotFound);
  EXPECT_TRUE(Revoke("root", 7).status.ok());
  Grant(9);
  ASSERT_TRUE(Put("ann", "w1", 9).status.ok());
  EXPECT_TRUE(Revoke("ann", 9).status.ok());
}

// As etcd's members make it of the same entry.
TEST_F(AuthEntriesTest, WhoLogsInHasATokenThatNamesTheEntryBefore) {
  Enable();
  InternalRaftRequest request;
  request.mutable_authenticate()->set_name("ann");
  request.mutable_authenticate()->set_simple_token("abc");
  const std::string before = ToString(applier_.applied().index);
  const Reply reply = ApplyAs("", request);
  etcdserverpb::AuthenticateResponse response;
  ASSERT_TRUE(response.ParseFromString(reply.body));
  EXPECT_EQ(response.token(), "abc." + before);
  EXPECT_EQ(told_.calls, (std::vector<std::string>{"ann " + response.token()}));
  request.mutable_authenticate()->set_name("bob");
  EXPECT_EQ(ApplyAs("", request).status, errors::kAuthFailed);
}

TEST_F(AuthEntriesTest, NoTokenCountsAfterASnapshot) {
  Enable();
  applier_.Replace(Open(), applier_.applied());
  EXPECT_EQ(told_.calls, (std::vector<std::string>{"all"}));
}

TEST_F(AuthEntriesTest, UsersAndRolesAreChangedByRootAlone) {
  Enable();
  std::vector<InternalRaftRequest> requests(9);
  requests[0].mutable_auth_user_add()->set_name("bob");
  auto* const password = requests[1].mutable_auth_user_change_password();
  password->set_name("bob");
  requests[2].mutable_auth_role_add()->set_name("other");
  requests[3].mutable_auth_user_grant_role()->set_user("bob");
  requests[3].mutable_auth_user_grant_role()->set_role("other");
  auto* const grant = requests[4].mutable_auth_role_grant_permission();
  grant->set_name("other");
  grant->mutable_perm()->set_key("k");
  requests[5].mutable_auth_role_revoke_permission()->set_role("other");
  requests[5].mutable_auth_role_revoke_permission()->set_key("k");
  requests[6].mutable_auth_user_revoke_role()->set_name("bob");
  requests[6].mutable_auth_user_revoke_role()->set_role("other");
  requests[7].mutable_auth_role_delete()->set_role("other");
  requests[8].mutable_auth_user_delete()->set_name("bob");
  for (const InternalRaftRequest& request : requests) {
    const uint64_t revision = view().revision;
    EXPECT_EQ(ApplyAs("ann", request).status, errors::kPermissionDenied);
    EXPECT_EQ(ApplyAs("", request).status, errors::kUserEmpty);
    EXPECT_EQ(ApplyAs("gone", request).status, errors::kUserNotFound);
    EXPECT_EQ(view().revision, revision);
    EXPECT_TRUE(ApplyAs("root", request).status.ok()) << request.ShortDebugString();
    EXPECT_EQ(view().revision, revision + 1);
  }
  InternalRaftRequest disable;
  disable.mutable_auth_disable();
  EXPECT_EQ(ApplyAs("ann", disable).status, errors::kPermissionDenied);
  EXPECT_TRUE(ApplyAs("root", disable).status.ok());
  EXPECT_TRUE(Put("", "any").status.ok());
}

// What each kind of entry asks for is said here once more: a new one is in neither list.
TEST_F(AuthEntriesTest, EachKindOfEntryIsForNobodyOrForSomebody) {
  Enable();
  // What members propose, or what was checked before it was proposed.
  const std::set<std::string> anybody = {
      "header", "ID", "compaction", "lease_grant", "alarm", "lease_checkpoint", "authenticate",
      "cluster_version_set", "cluster_member_attr_set", "downgrade_info_set",
      "downgrade_version_test", "extensions_set",
      // The v2 API has users of its own.
      "v2",
      // What only reads is not done.
      "range", "auth_status", "auth_user_get", "auth_user_list", "auth_role_get", "auth_role_list"};
  Grant(7);
  ASSERT_TRUE(Put("root", "secret", 7).status.ok());
  auth::Judge judge(&applier_.state().auth_view());
  const auto* const descriptor = InternalRaftRequest::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (field.message_type() == nullptr) continue;
    InternalRaftRequest request;
    request.GetReflection()->MutableMessage(&request, &field);
    if (field.name() == "lease_revoke") request.mutable_lease_revoke()->set_id(7);
    if (field.name() == "txn") request.mutable_txn()->add_compare();
    const base::Status status = CheckRights(judge, {}, applier_.state().leases(), request);
    EXPECT_EQ(status.ok(), anybody.contains(field.name())) << field.name();
    EXPECT_TRUE(status.ok() || status == errors::kUserEmpty) << field.name();
  }
}

// Every operation of a transaction, found by reflection: in either branch, and in transactions
// within it.
class NestedRightsTest : public AuthEntriesTest {
 protected:
  // The operations that there are, each on `key`, with all that they can be asked to answer.
  static std::vector<etcdserverpb::RequestOp> OperationsOn(const std::string& key) {
    std::vector<etcdserverpb::RequestOp> all;
    const auto* const kinds = etcdserverpb::RequestOp::descriptor()->oneof_decl(0);
    for (int i = 0; i < kinds->field_count(); ++i) {
      const FieldDescriptor* const kind = kinds->field(i);
      if (kind->name() == "request_txn") continue;
      etcdserverpb::RequestOp op;
      Message* const request = op.GetReflection()->MutableMessage(&op, kind);
      const auto* const key_field = request->GetDescriptor()->FindFieldByName("key");
      request->GetReflection()->SetString(request, key_field, key);
      all.push_back(op);
      const auto* const prev_kv = request->GetDescriptor()->FindFieldByName("prev_kv");
      if (prev_kv == nullptr) continue;
      request->GetReflection()->SetBool(request, prev_kv, true);
      all.push_back(op);
    }
    return all;
  }

  static etcdserverpb::TxnRequest Within(int levels, bool succeeded,
                                         const etcdserverpb::RequestOp& op) {
    etcdserverpb::TxnRequest txn;
    etcdserverpb::TxnRequest* innermost = &txn;
    for (int i = 0; i < levels; ++i) {
      auto* const branch = i % 2 == 0 ? innermost->add_success() : innermost->add_failure();
      innermost = branch->mutable_request_txn();
    }
    *(succeeded ? innermost->add_success() : innermost->add_failure()) = op;
    return txn;
  }
};

TEST_F(NestedRightsTest, EachOperationOfATransactionIsChecked) {
  Enable();
  auth::Judge judge(&applier_.state().auth_view());
  const auth::Identity ann{"ann", view().revision};
  for (const int levels : {0, 1, 2, 5'000}) {
    for (const bool succeeded : {false, true}) {
      for (const etcdserverpb::RequestOp& op : OperationsOn("secret")) {
        EXPECT_EQ(CheckRights(judge, ann, Within(levels, succeeded, op)), errors::kPermissionDenied)
            << levels << op.ShortDebugString();
        EXPECT_EQ(CheckRights(judge, {}, Within(levels, succeeded, op)), errors::kUserEmpty);
        const auth::Identity root{"root", view().revision};
        EXPECT_TRUE(CheckRights(judge, root, Within(levels, succeeded, op)).ok());
      }
    }
  }
}

TEST_F(NestedRightsTest, AnswersAreCheckedBesideWhatIsDone) {
  Enable();
  for (const etcdserverpb::RequestOp& op : OperationsOn("w")) {
    const bool reads =
        op.has_request_range() || op.request_put().prev_kv() || op.request_delete_range().prev_kv();
    EXPECT_EQ(Txn("ann", Within(1, true, op)).status.ok(), !reads) << op.ShortDebugString();
  }
  for (const etcdserverpb::RequestOp& op : OperationsOn("r")) {
    EXPECT_EQ(Txn("ann", Within(1, false, op)).status.ok(), op.has_request_range());
  }
}

TEST_F(NestedRightsTest, ComparesAreChecked) {
  Enable();
  etcdserverpb::TxnRequest txn;
  auto* const compare = txn.add_compare();
  compare->set_key("w");
  EXPECT_EQ(Txn("ann", txn).status, errors::kPermissionDenied);
  compare->set_key("r");
  EXPECT_TRUE(Txn("ann", txn).status.ok());
  compare->set_range_end("s1");
  EXPECT_EQ(Txn("ann", txn).status, errors::kPermissionDenied);
  etcdserverpb::TxnRequest outer;
  *outer.add_failure()->mutable_request_txn() = txn;
  EXPECT_EQ(Txn("ann", outer).status, errors::kPermissionDenied);
}

TEST_F(NestedRightsTest, ALeaseWithinATransactionIsChecked) {
  Enable();
  Grant(7);
  ASSERT_TRUE(Put("root", "secret", 7).status.ok());
  etcdserverpb::RequestOp op;
  op.mutable_request_put()->set_key("w");
  ASSERT_TRUE(Txn("ann", Within(2, true, op)).status.ok());
  op.mutable_request_put()->set_lease(7);
  EXPECT_EQ(Txn("ann", Within(2, true, op)).status, errors::kPermissionDenied);
}

}  // namespace
}  // namespace apply
