#include "api/v3/service.h"

#include <cstring>
#include <utility>

#include "api/v3/request_spans.h"
#include "api/v3/stream_call.h"
#include "base/errors.h"
#include "base/go_text.h"
#include "state/apply/request_codec.h"

namespace v3 {
namespace {

// Of a call that was refused before it began.
class Refused final : public rpc::CallHandler {
 public:
  void OnMessage(base::ByteView) override {}
};

bool AsksForLeader(const rpc::ServerCall& call) {
  return call.metadata().Get("hasleader") == "true";
}

// Compat: either name; what a browser's library puts before it does not count.
std::optional<base::ByteView> TokenOf(const rpc::ServerCall& call) {
  auto token = call.metadata().Find("token");
  if (!token.has_value()) token = call.metadata().Find("authorization");
  constexpr base::ByteView kBearer = "Bearer ";
  if (token.has_value() && token->starts_with(kBearer)) token->remove_prefix(kBearer.size());
  return token;
}

// Why a learner serves so little: what it knows may be old, and nobody asks it for a vote.
bool UnaryForLearner(std::string_view name, base::ByteView bytes) {
  if (name == "Status") return true;
  if (name != "Range") return false;
  etcdserverpb::RangeRequest request;
  // What cannot be parsed is refused for that.
  return !apply::ParseRequest(bytes, &request) || request.serializable();
}

ClientRequests::Type TypeOf(rpc::Kind kind) {
  return kind == rpc::Kind::kUnary ? ClientRequests::Type::kUnary : ClientRequests::Type::kStream;
}

bool StreamForLearner(std::string_view name) {
  return name == "Snapshot";
}

}  // namespace

Context::Context(server::Server* server, server::Frontend* frontend,
                 const Identification& identification, admission::Meters* meters)
    : server_(server),
      frontend_(frontend),
      identification_(identification),
      admission_(frontend, meters),
      client_requests_(std::make_unique<ClientRequests>(server->environment().registry)),
      reads_(std::make_unique<ReadReport>(*server)),
      leader_watch_(std::make_unique<LeaderWatch>(&frontend->loop(), &server->progress(),
                                                  server->options().election_timeout)),
      quota_(std::make_unique<Quota>(server, frontend)),
      token_waits_(std::make_unique<TokenWaits>(&frontend->loop(), &server->progress(),
                                                server->options().request_timeout())) {}

base::Result<auth::Identity> Context::Identify(const rpc::ServerCall& call) const {
  const auth::View& view = judge().view();
  if (!view.enabled) return auth::Identity();
  if (const auto token = TokenOf(call)) {
    return identification_.tokens->Identify(*token, view.revision);
  }
  // A gateway's certificate is not that of who asks.
  if (!identification_.by_certificate || call.metadata().Find("grpcgateway-accept")) {
    return auth::Identity();
  }
  const std::string& name = call.connection().certificate_common_name;
  return name.empty() ? auth::Identity() : auth::Identity{name, view.revision};
}

base::Result<auth::Identity> Context::CheckAccess(MethodAccess access,
                                                  const rpc::ServerCall& call) const {
  if (access == MethodAccess::kAnybody || access == MethodAccess::kByRequest) {
    return auth::Identity();
  }
  ASSIGN_OR_RETURN(auth::Identity who, Identify(call));
  RETURN_IF_ERROR(access == MethodAccess::kRoot ? judge().CheckRoot(who) : judge().CheckUser(who));
  return who;
}

bool Context::TakeIdentity(Call* call) const {
  base::Result<auth::Identity> who = Identify(*call->rpc);
  if (!who.ok()) {
    call->rpc->Finish(who.status());
    return false;
  }
  call->caller.identity = *std::move(who);
  return true;
}

base::Index Context::NeededEntry(MethodAccess access, const rpc::ServerCall& call) const {
  if (access == MethodAccess::kAnybody || !judge().view().enabled) return {};
  const auto token = TokenOf(call);
  if (!token.has_value()) return {};
  const base::Index needed = identification_.tokens->NeededEntry(*token);
  return needed.value() <= server_->progress().applied ? base::Index() : needed;
}

base::Result<server::Caller> Context::Admit(ClientRequests::Type type, const rpc::ServerCall& call,
                                            bool for_learner) const {
  if (!for_learner && server_->progress().is_learner) {
    return base::errors::kNotSupportedForLearner;
  }
  const http::Headers& metadata = call.metadata();
  const auto version = metadata.Find("client-api-version");
  if (version && !base::IsUtf8(*version)) return base::errors::kInvalidClientApiVersion;
  client_requests_->Count(type, version.value_or("unknown"));
  if (server_->progress().leader == 0 && AsksForLeader(call)) return base::errors::kNoLeader;
  return server::Caller{.deadline = call.deadline().value_or(runtime::TimePoint::max())};
}

void Context::AddUnary(rpc::Server& table, const char* service, const char* name,
                       UnaryHandler handler) const {
  table.AddUnary(
      service, name,
      [this, method = UnaryMethod{name, MethodTerms::Of(service, name), std::move(handler)}](
          std::shared_ptr<rpc::ServerCall> call, base::ByteView request) {
        const base::Index needed = NeededEntry(method.terms.access, *call);
        if (needed == base::Index()) {
          return ServeUnary(method, std::move(call), request);
        }
        call->SetKept(request.size());
        token_waits_->Wait(call, needed, [this, &method, call, request = base::Bytes(request)] {
          call->SetKept(0);
          ServeUnary(method, call, request);
        });
      });
}

void Context::ServeUnary(const UnaryMethod& method, std::shared_ptr<rpc::ServerCall> call,
                         base::ByteView request) const {
  const bool for_learner = !server_->progress().is_learner || UnaryForLearner(method.name, request);
  base::Result<server::Caller> caller = Admit(ClientRequests::Type::kUnary, *call, for_learner);
  if (!caller.ok()) return call->Finish(caller.status());
  base::Result<auth::Identity> who = CheckAccess(method.terms.access, *call);
  if (!who.ok()) return call->Finish(who.status());
  caller->identity = *std::move(who);
  if (!admission_.Admit(*this, *call, method.terms.counting, request)) return;
  method.handler({std::move(call), *std::move(caller), method.terms}, request);
}

void Context::AddStreaming(rpc::Server& table, const char* service, const char* name,
                           rpc::Kind kind, const MethodTerms& terms, NewStreamCall new_call) const {
  table.AddStreaming(
      service, name, kind,
      [this, terms, for_learner = StreamForLearner(name), new_call = std::move(new_call)](
          std::shared_ptr<rpc::ServerCall> call) -> std::unique_ptr<rpc::CallHandler> {
        base::Result<server::Caller> caller =
            Admit(TypeOf(call->method().kind), *call, for_learner);
        if (caller.ok()) {
          // Compat: a unary call is asked once.
          const bool needs_leader =
              call->method().kind != rpc::Kind::kUnary && AsksForLeader(*call);
          const base::Index needed = NeededEntry(terms.access, *call);
          const std::shared_ptr<StreamCall> stream =
              new_call(Call{.rpc = call, .caller = *std::move(caller), .terms = terms});
          if (needs_leader) leader_watch_->Add(stream);
          if (needed != base::Index()) {
            stream->HoldMessages();
            token_waits_->Wait(call, needed, [stream] { stream->ResumeMessages(); });
          }
          return StreamCall::HandlerOf(stream);
        }
        call->Finish(caller.status());
        return std::make_unique<Refused>();
      });
}

void Context::Propose(Call call, uint32_t field, base::ByteView request) const {
  if (!TakeIdentity(&call)) return;
  const auth::Identity& who = call.caller.identity;
  // It will not become newer on its way.
  const bool is_old = !who.is_nobody() && who.revision < judge().view().revision;
  if (is_old && call.terms.access == MethodAccess::kByRequest) {
    return call->Finish(base::errors::kAuthOldRevision);
  }
  TellMoment(*call, kProposed);
  frontend_->Propose(
      field, request,
      [this, rpc = std::move(call.rpc)](const apply::Reply& reply) {
        TellMoment(*rpc, kApplied);
        ReplyEncoded(*rpc, reply);
      },
      call.caller);
}

kv::ResponseHeader Context::HeaderAt(base::Revision revision) const {
  if (revision == base::Revision()) revision = state()->store().revision();
  return {.cluster = server_->cluster(),
          .member = server_->id(),
          .revision = revision,
          .term = base::Term(server_->progress().term)};
}

void Context::Fill(etcdserverpb::ResponseHeader* out, base::Revision revision) const {
  const kv::ResponseHeader header = HeaderAt(revision);
  out->set_cluster_id(header.cluster.value());
  out->set_member_id(header.member.value());
  out->set_revision(header.revision.value());
  out->set_raft_term(header.term.value());
}

void Context::ReplyEncoded(rpc::ServerCall& call, const apply::Reply& reply) const {
  if (!reply.status.ok()) return call.Finish(reply.status);
  const kv::ResponseHeader header = HeaderAt(reply.revision);
  const size_t size = kv::HeaderSize(header) + reply.body.size();
  if (size > kSmallAnswerMax && !call.Reserve(size)) return;
  rpc::Message message(size);
  char* const rest = kv::WriteHeader(header, reinterpret_cast<char*>(message.data()));
  std::memcpy(rest, reply.body.data(), reply.body.size());
  call.Reply(std::move(message));
}

template <typename Read>
void Context::ReplyWhole(rpc::ServerCall& call, const Read& read) const {
  const kv::ResponseHeader header = HeaderAt(read.revision());
  const size_t size = kv::HeaderSize(header) + read.BodySize();
  if (size > kSmallAnswerMax && !call.Reserve(size)) return;
  rpc::Message message(size);
  read.WriteBody(kv::WriteHeader(header, reinterpret_cast<char*>(message.data())));
  call.Reply(std::move(message));
}

void Context::ReplyRead(rpc::ServerCall& call, const kv::RangeRead& read) const {
  ReplyWhole(call, read);
}

void Context::ReplyRead(rpc::ServerCall& call, const kv::ReadOnlyTxn& read) const {
  ReplyWhole(call, read);
}

void Context::Send(rpc::ServerCall& call, const google::protobuf::MessageLite& message) {
  if (!call.is_open()) return;
  const size_t size = message.ByteSizeLong();
  if (size > kSmallAnswerMax && !call.Reserve(size)) return;
  rpc::Message frame(size);
  message.SerializeWithCachedSizesToArray(frame.data());
  call.Reply(std::move(frame));
}

rpc::Message Encode(const google::protobuf::MessageLite& message) {
  rpc::Message frame(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(frame.data());
  return frame;
}

bool Parse(rpc::ServerCall& call, base::ByteView bytes, google::protobuf::MessageLite* message) {
  if (apply::ParseRequest(bytes, message)) return true;
  const std::string what = call.method().kind == rpc::Kind::kUnary
                               ? "grpc: error unmarshalling request"
                               : "grpc: failed to unmarshal the received message";
  call.Finish({base::Code::kInternal, what + ": proto: cannot parse invalid wire-format data"});
  return false;
}

}  // namespace v3
