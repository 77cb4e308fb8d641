#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/identity/passwords.h"
#include "api/identity/token_provider.h"
#include "api/v3/admission.h"
#include "api/v3/client_requests.h"
#include "api/v3/counting.h"
#include "api/v3/leader_watch.h"
#include "api/v3/method_access.h"
#include "api/v3/quota.h"
#include "api/v3/read_report.h"
#include "api/v3/token_waits.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"
#include "server/server.h"
#include "state/apply/reply.h"
#include "state/auth/judge.h"
#include "state/kv/range.h"
#include "state/kv/read_only_txn.h"
#include "state/kv/response_header.h"

namespace v3 {

// What holds for all calls of a method.
struct MethodTerms {
  MethodAccess access = MethodAccess::kByRequest;
  Counting counting = {};

  static MethodTerms Of(std::string_view service, std::string_view method) {
    return {AccessOf(service, method), CountingOf(service, method)};
  }
};

// A call that was admitted: who asks, if its method says who may; until when he waits; and where
// the answer goes.
struct Call {
  std::shared_ptr<rpc::ServerCall> rpc;
  server::Caller caller = {};
  MethodTerms terms = {};

  rpc::ServerCall* operator->() const { return rpc.get(); }
  rpc::ServerCall& operator*() const { return *rpc; }
};

// By what callers are known. What it names outlives the services.
struct Identification {
  identity::TokenProvider* tokens;
  identity::Passwords* passwords;
  // Also by the common name of a certificate that the client must have.
  bool by_certificate = false;
};

class StreamCall;
using NewStreamCall = std::function<std::shared_ptr<StreamCall>(Call call)>;

// What the services of one net loop share: the member, the loop's way into it, and what holds for
// every call. Outlives the services; belongs to the loop.
class Context {
 public:
  Context(server::Server* server, server::Frontend* frontend, const Identification& identification,
          admission::Meters* meters);

  // Gives up the calls that wait for something, which belong to a service: before that ends.
  void DropWaiting() { token_waits_->Clear(); }

  server::Server& server() const { return *server_; }
  server::Frontend& frontend() const { return *frontend_; }
  // The state as it is now; a call takes it once and keeps it.
  const std::shared_ptr<apply::State>& state() const { return frontend_->state(); }
  ReadReport& reads() const { return *reads_; }
  Quota& quota() const { return *quota_; }
  const Identification& identification() const { return identification_; }

  // Adds a method of etcd's services, all of which come through here: each call is admitted, or
  // refused before `handler` sees it. (Health and reflection add themselves, and are not admitted.)
  template <typename Service>
  void AddUnary(rpc::Server& table, const char* service, const char* name, Service* handler,
                void (Service::*serve)(Call call, base::ByteView request)) const {
    AddUnary(table, service, name, [handler, serve](Call call, base::ByteView request) {
      (handler->*serve)(std::move(call), request);
    });
  }
  using UnaryHandler = std::function<void(Call call, base::ByteView request)>;
  void AddUnary(rpc::Server& table, const char* service, const char* name,
                UnaryHandler handler) const;
  // The same for a streaming method, or a unary one whose calls wait for long: each is what
  // `new_call` makes.
  void AddStreaming(rpc::Server& table, const char* service, const char* name, rpc::Kind kind,
                    NewStreamCall new_call) const {
    AddStreaming(table, service, name, kind, MethodTerms::Of(service, name), std::move(new_call));
  }
  // For a method of another service.
  void AddStreaming(rpc::Server& table, const char* service, const char* name, rpc::Kind kind,
                    const MethodTerms& terms, NewStreamCall new_call) const;

  // Who asks, as users and roles are now: the one place where that is found out. Nobody, if
  // authentication is disabled or he does not say; kInvalidAuthToken. Needs call.is_open().
  base::Result<auth::Identity> Identify(const rpc::ServerCall& call) const;
  // Fills in who asks. False, with the call ended, if he cannot be told.
  bool TakeIdentity(Call* call) const;
  // Whether who asks may call a method that says who may. kByRequest and kAnybody: he may.
  base::Result<auth::Identity> CheckAccess(MethodAccess access, const rpc::ServerCall& call) const;
  // Decides what he may do.
  auth::Judge& judge() const { return frontend_->judge(); }

  // Whether a message of a client may come in now, by the cluster's admission rules.
  const Admission& admission() const { return admission_; }

  // Has the cluster carry out a request, `field` of InternalRaftRequest, and answers with what came
  // of it. It is checked when it is applied whether who asks may do that.
  void Propose(Call call, uint32_t field, base::ByteView request) const;

  // Fills in the header of an answer; if `revision` is 0, with the store's.
  void Fill(etcdserverpb::ResponseHeader* header, base::Revision revision) const;
  // Fills in the header of the response and sends it.
  template <typename Response>
  void Reply(rpc::ServerCall& call, Response&& response, base::Revision revision = {}) const {
    Fill(response.mutable_header(), revision);
    Send(call, response);
  }
  static void Send(rpc::ServerCall& call, const google::protobuf::MessageLite& message);
  // Sends the header and behind it the reply's body, which was encoded without one; or the error.
  void ReplyEncoded(rpc::ServerCall& call, const apply::Reply& reply) const;
  // The answer of a read that is done; an error instead if it is long and there is no room for it.
  void ReplyRead(rpc::ServerCall& call, const kv::RangeRead& read) const;
  void ReplyRead(rpc::ServerCall& call, const kv::ReadOnlyTxn& read) const;

  kv::ResponseHeader HeaderAt(base::Revision revision) const;

  // An answer that is larger is made as a whole only after there was room for it.
  static constexpr size_t kSmallAnswerMax = 256 * 1024;

 private:
  struct UnaryMethod {
    const char* name;
    MethodTerms terms;
    UnaryHandler handler;
  };

  void ServeUnary(const UnaryMethod& method, std::shared_ptr<rpc::ServerCall> call,
                  base::ByteView request) const;
  // What must be applied here before it can be told who asks; 0: nothing, or it is already.
  base::Index NeededEntry(MethodAccess access, const rpc::ServerCall& call) const;
  template <typename Read>
  void ReplyWhole(rpc::ServerCall& call, const Read& read) const;
  // Returns until when the caller waits. Refuses a call that asks for a leader when there is none
  // (`hasleader`), one whose metadata etcd does not take, and if this member is a learner one that
  // is not `for_learner`.
  base::Result<server::Caller> Admit(ClientRequests::Type type, const rpc::ServerCall& call,
                                     bool for_learner) const;

  server::Server* const server_;
  server::Frontend* const frontend_;
  const Identification identification_;
  const Admission admission_;
  const std::unique_ptr<ClientRequests> client_requests_;
  const std::unique_ptr<ReadReport> reads_;
  const std::unique_ptr<LeaderWatch> leader_watch_;
  const std::unique_ptr<Quota> quota_;
  const std::unique_ptr<TokenWaits> token_waits_;
};

rpc::Message Encode(const google::protobuf::MessageLite& message);
// False, with the call ended as grpc-go ends it, for bytes that are no such message.
bool Parse(rpc::ServerCall& call, base::ByteView bytes, google::protobuf::MessageLite* message);

}  // namespace v3
