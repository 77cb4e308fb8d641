#include "api/web/method.h"

#include <utility>

namespace web {

bool RefuseMethod(const http::PlainRequest& request, http::Responder& responder) {
  if (http::Method(request.head) == "GET") return false;
  http::PlainResponse response = http::TextResponse(405, "Method Not Allowed");
  response.fields.Add("allow", "GET");
  responder.Send(std::move(response));
  return true;
}

}  // namespace web
