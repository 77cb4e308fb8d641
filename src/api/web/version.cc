#include "api/web/version.h"

#include <string>

#include "state/members/versions.h"

namespace web {

void AddVersion(http::PlainService& service, const server::Server* server, VersionFor who) {
  const members::Extensions extensions =
      who == VersionFor::kMembers ? server->options().extensions : members::Extensions();
  service.Handle("/version", [server, extensions](const http::PlainRequest& request,
                                                  http::Responder responder) {
    if (http::Method(request.head) != "GET") {
      http::PlainResponse refusal = http::TextResponse(405, "Method Not Allowed");
      refusal.fields.Add("allow", "GET");
      return responder.Send(std::move(refusal));
    }
    const std::string cluster = server->state()->view().Get()->cluster_version;
    http::PlainResponse response;
    response.fields.Add("content-type", "application/json");
    response.body = members::ToJson({.server = std::string(server::kVersion),
                                     .cluster = cluster.empty() ? "not_decided" : cluster,
                                     .storage = cluster.empty() ? "unknown" : cluster,
                                     .extensions = extensions});
    responder.Send(std::move(response));
  });
}

}  // namespace web
