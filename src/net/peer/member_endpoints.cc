#include "net/peer/member_endpoints.h"

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/web/method.h"
#include "api/web/version.h"
#include "base/errors.h"
#include "net/peer/answer.h"
#include "net/peer/peer_headers.h"
#include "state/apply/state.h"
#include "state/members/member.h"
#include "storage/mvcc/reads.h"

namespace peer {
namespace {

constexpr base::ByteView kPromote = "/members/promote/";

// {"revision":N}, or without it; whitespace may be anywhere.
std::optional<int64_t> ParseHashRequest(base::ByteView body) {
  std::string text;
  for (const char letter : body) {
    if (base::ByteView(" \t\r\n").find(letter) == base::ByteView::npos) text += letter;
  }
  constexpr base::ByteView kBegin = R"({"revision":)";
  if (text == "{}") return 0;
  if (!text.starts_with(kBegin) || !text.ends_with('}')) return std::nullopt;
  int64_t revision = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [at, error] = std::from_chars(text.data() + kBegin.size(), end, revision);
  if (error != std::errc() || at != end) return std::nullopt;
  return revision;
}

http::PlainResponse JsonResponse(std::string text) {
  http::PlainResponse response;
  response.fields.Add("content-type", "application/json");
  response.body = std::move(text);
  return response;
}

http::PlainResponse HashResponse(const mvcc::KeyValueHash& hash, base::Revision current) {
  // Compat: zeros are left out.
  std::string text = R"({"header":{"revision":)" + ToString(current) + "}";
  if (hash.hash != 0) text += R"(,"hash":)" + std::to_string(hash.hash);
  if (hash.compact_revision != 0) {
    text += R"(,"compact_revision":)" + std::to_string(hash.compact_revision);
  }
  if (hash.revision != 0) text += R"(,"hash_revision":)" + std::to_string(hash.revision);
  return JsonResponse(text + "}");
}

// Compat: etcd tells its peers the error of its store, without what it puts in front for clients.
http::PlainResponse HashFailure(const base::Status& why) {
  constexpr base::ByteView kPrefix = "etcdserver: ";
  base::ByteView text = why.message();
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  return http::TextResponse(400, text);
}

http::PlainResponse PromoteResponse(const base::Result<std::vector<members::Member>>& members) {
  if (members.ok()) return JsonResponse(members::ToJson(*members) + "\n");
  const base::Status& why = members.status();
  if (why == base::errors::kMemberNotFound) {
    return http::TextResponse(404, "membership: ID not found");
  }
  if (why == base::errors::kMemberNotLearner) {
    return http::TextResponse(412, "membership: can only promote a learner member");
  }
  if (why == base::errors::kLearnerNotReady) {
    return http::TextResponse(412, why.message());
  }
  http::PlainResponse response = JsonResponse(R"({"message":"Internal Server Error"})");
  response.status = 500;
  return response;
}

// What answers later holds a share of it: the service may end before.
class MemberEndpoints : public std::enable_shared_from_this<MemberEndpoints> {
 public:
  MemberEndpoints(runtime::Loop* loop, server::Server* server)
      : loop_(*loop), server_(*server), cluster_(members::HexText(server->cluster().value())) {}

  void Hash(const http::PlainRequest& request, http::Responder responder) {
    if (web::RefuseMethod(request, responder)) return;
    const auto cluster = request.head.Find(kClusterField);
    if (cluster.has_value() && *cluster != cluster_) {
      return responder.Send(http::TextResponse(412, kClusterMismatch));
    }
    const auto revision = ParseHashRequest(request.body);
    if (!revision.has_value()) {
      return responder.Send(http::TextResponse(400, "error unmarshalling request"));
    }
    // Hashing reads every key.
    const auto hash = std::make_shared<base::Result<mvcc::KeyValueHash>>(base::errors::kStopped);
    const auto state = server_.state();
    const bool accepted = server_.environment().bulk_workers->Run(
        [state, hash, revision] {
          *hash = mvcc::Reads(&state->store()).HashKv(base::Revision(*revision));
        },
        &loop_,
        [self = shared_from_this(), state, hash, responder]() mutable {
          if (!hash->ok()) return responder.Send(HashFailure(hash->status()));
          responder.Send(self->OfCluster(HashResponse(**hash, state->store().revision())));
        });
    if (!accepted) responder.Send(http::TextResponse(503, "too much other work"));
  }

  void Promote(const http::PlainRequest& request, http::Responder responder) {
    if (http::Method(request.head) != "POST") return responder.Send(WrongMethod("POST"));
    const base::ByteView text = http::PathOnly(request.head).substr(kPromote.size());
    uint64_t id = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || at != text.data() + text.size()) {
      return responder.Send(OfCluster(
          http::TextResponse(404, "member " + std::string(text) + " not found in cluster")));
    }
    const server::Caller caller{.deadline =
                                    loop_.clock().Now() + server_.options().request_timeout()};
    server_.reconfiguration().Promote(
        base::MemberId(id), caller, [self = shared_from_this(), responder](auto members) {
          self->loop_.Post([self, responder, response = PromoteResponse(members)]() mutable {
            responder.Send(self->OfCluster(std::move(response)));
          });
        });
  }

  void DowngradeEnabled(const http::PlainRequest& request, http::Responder responder) {
    if (web::RefuseMethod(request, responder)) return;
    http::PlainResponse response;
    response.fields.Add("content-type", "text/plain");
    response.body = "false";
    responder.Send(OfCluster(std::move(response)));
  }

 private:
  http::PlainResponse OfCluster(http::PlainResponse response) const {
    response.fields.Add(kClusterField, cluster_);
    return response;
  }

  runtime::Loop& loop_;
  server::Server& server_;
  const std::string cluster_;
};

}  // namespace

void AddMemberEndpoints(http::PlainService& service, runtime::Loop* loop, server::Server* server) {
  const auto endpoints = std::make_shared<MemberEndpoints>(loop, server);
  web::AddVersion(service, server);
  service.Handle("/members/hashkv", [endpoints](const auto& request, http::Responder responder) {
    endpoints->Hash(request, std::move(responder));
  });
  service.Handle(std::string(kPromote),
                 [endpoints](const auto& request, http::Responder responder) {
                   endpoints->Promote(request, std::move(responder));
                 });
  service.Handle("/downgrade/enabled", [endpoints](const auto& request, http::Responder responder) {
    endpoints->DowngradeEnabled(request, std::move(responder));
  });
}

}  // namespace peer
