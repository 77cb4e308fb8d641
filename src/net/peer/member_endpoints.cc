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
#include "net/peer/hash_answer.h"
#include "net/peer/lease_messages.h"
#include "net/peer/peer_headers.h"
#include "net/peer/replacement_messages.h"
#include "server/lease_requests.h"
#include "state/apply/state.h"
#include "state/members/member.h"
#include "storage/mvcc/reads.h"

namespace peer {
namespace {

constexpr base::ByteView kPromote = "/members/promote/";

http::PlainResponse JsonResponse(std::string text) {
  http::PlainResponse response;
  response.fields.Add("content-type", "application/json");
  response.body = std::move(text);
  return response;
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
    const auto revision = ParseHashQuestion(request.body);
    if (!revision.ok()) {
      return responder.Send(http::TextResponse(400, revision.status().message()));
    }
    // Hashing reads every key.
    const auto hash = std::make_shared<base::Result<mvcc::KeyValueHash>>(base::errors::kStopped);
    const auto state = server_.state();
    const bool accepted = server_.environment().bulk_workers->Run(
        [state, hash, revision = *revision] {
          *hash = mvcc::Reads(&state->store()).HashKv(revision);
        },
        &loop_,
        [self = shared_from_this(), state, hash, responder]() mutable {
          if (!hash->ok()) return responder.Send(HashRefusal(hash->status()));
          const server::MemberHash answer{**hash, state->store().revision()};
          responder.Send(self->OfCluster(JsonResponse(HashAnswer(answer))));
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

  void Replace(const http::PlainRequest& request, http::Responder responder) {
    if (http::Method(request.head) != "POST") return responder.Send(WrongMethod("POST"));
    base::Result<server::Replacement> replacement = ParseReplacement(request.body);
    if (!replacement.ok()) {
      return responder.Send(http::TextResponse(400, replacement.status().message()));
    }
    const server::Caller caller{.deadline =
                                    loop_.clock().Now() + server_.options().request_timeout()};
    server_.replacing().Replace(
        *std::move(replacement), caller, [self = shared_from_this(), responder](auto members) {
          self->loop_.Post([self, responder, response = ReplacementResponse(members)]() mutable {
            responder.Send(self->OfCluster(std::move(response)));
          });
        });
  }

  void RenewLease(const http::PlainRequest& request, http::Responder responder) {
    if (http::Method(request.head) != "POST") return responder.Send(WrongMethod("POST"));
    const auto lease = ParseRenewal(request.body);
    if (!lease.ok()) return responder.Send(http::TextResponse(400, lease.status().message()));
    server_.leases().RenewHere(
        *lease, [self = shared_from_this(), responder, lease = *lease](const auto& ttl) {
          self->loop_.Post([responder, response = RenewalResponse(lease, ttl)]() mutable {
            responder.Send(std::move(response));
          });
        });
  }

  void AskLease(const http::PlainRequest& request, http::Responder responder) {
    if (http::Method(request.head) != "POST") return responder.Send(WrongMethod("POST"));
    const auto question = ParseLeaseQuestion(request.body);
    if (!question.ok()) return responder.Send(http::TextResponse(400, question.status().message()));
    server_.leases().TimeToLiveHere(
        question->lease, question->keys,
        [self = shared_from_this(), responder, lease = question->lease](const auto& times) {
          self->loop_.Post([responder, response = LeaseTimesResponse(lease, times)]() mutable {
            responder.Send(std::move(response));
          });
        });
  }

  void DowngradeEnabled(const http::PlainRequest& request, http::Responder responder) {
    if (web::RefuseMethod(request, responder)) return;
    server_.downgrading().IsPending([self = shared_from_this(), responder](auto pending) {
      self->loop_.Post([self, responder, pending = std::move(pending)]() mutable {
        if (!pending.ok()) {
          return responder.Send(self->OfCluster(http::TextResponse(
              500, "failed linearized read: " + std::string(pending.status().message()))));
        }
        http::PlainResponse response;
        response.fields.Add("content-type", "text/plain");
        response.body = *pending ? "true" : "false";
        responder.Send(self->OfCluster(std::move(response)));
      });
    });
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
  web::AddVersion(service, server, web::VersionFor::kMembers);
  service.Handle("/members/hashkv", [endpoints](const auto& request, http::Responder responder) {
    endpoints->Hash(request, std::move(responder));
  });
  service.Handle(std::string(kPromote),
                 [endpoints](const auto& request, http::Responder responder) {
                   endpoints->Promote(request, std::move(responder));
                 });
  service.Handle(std::string(kReplace),
                 [endpoints](const auto& request, http::Responder responder) {
                   endpoints->Replace(request, std::move(responder));
                 });
  service.Handle(std::string(kLeases), [endpoints](const auto& request, http::Responder responder) {
    endpoints->RenewLease(request, std::move(responder));
  });
  service.Handle(std::string(kLeaseTimes),
                 [endpoints](const auto& request, http::Responder responder) {
                   endpoints->AskLease(request, std::move(responder));
                 });
  service.Handle("/downgrade/enabled", [endpoints](const auto& request, http::Responder responder) {
    endpoints->DowngradeEnabled(request, std::move(responder));
  });
}

}  // namespace peer
