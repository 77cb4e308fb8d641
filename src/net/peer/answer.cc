#include "net/peer/answer.h"

#include <string>
#include <utility>

#include "net/peer/peer_headers.h"
#include "state/members/member.h"

namespace peer {

void SendAnswer(const Identity& self, http::PlainResponse response, http::Exchange* exchange) {
  http::Headers head = {{":status", std::to_string(response.status)}};
  head.Add(response.fields);
  // Compat: etcd looks at the method first.
  if (response.status != 405) head.Add(kClusterField, members::HexText(self.cluster.value()));
  if (response.status != 204) head.Add("content-length", std::to_string(response.body.size()));
  const bool has_body = !response.body.empty() && http::Method(exchange->received_head()) != "HEAD";
  exchange->SendHead(head, has_body ? http::Exchange::Then::kContinue : http::Exchange::Then::kEnd);
  if (has_body) exchange->SendData(std::move(response.body), http::Exchange::Then::kEnd);
}

http::PlainResponse WrongMethod(std::string_view allowed) {
  http::PlainResponse response = http::TextResponse(405, "Method Not Allowed");
  response.fields.Add("allow", allowed);
  return response;
}

http::PlainResponse RemovedMember() {
  http::PlainResponse response;
  response.status = 403;
  response.fields.Add("content-type", "application/json");
  response.body = R"({"message":"cannot process message from removed member"})";
  return response;
}

}  // namespace peer
