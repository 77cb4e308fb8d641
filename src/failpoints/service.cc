#include "failpoints/service.h"

#include <string>
#include <utility>

namespace failpoints {
namespace {

http::PlainResponse Text(std::string_view text) {
  http::PlainResponse response;
  response.fields.Add("content-type", "text/plain; charset=utf-8");
  response.body = base::Bytes(text);
  return response;
}

http::PlainResponse Empty() {
  return {.status = 204, .fields = {}, .body = {}};
}

http::PlainResponse Failed(int status, std::string_view what, const base::Status& why) {
  return http::TextResponse(status, std::string(what) + std::string(why.message()));
}

}  // namespace

Service::Service(runtime::Loop* loop, runtime::FailpointTable* table)
    : loop_(*loop), table_(*table) {
  endpoints_.Handle("/", [this](const auto& request, http::Responder responder) {
    Answer(request, std::move(responder));
  });
}

void Service::Answer(const http::PlainRequest& request, http::Responder responder) {
  const std::string method(request.head.Get(":method"));
  const std::string name(request.head.Get(":path").substr(1));
  HoldPanics();
  if (method == "PUT") return responder.Send(Put(name, std::string(request.body)));
  if (method == "GET") return responder.Send(Get(name));
  if (method == "DELETE") return responder.Send(Delete(name));
  http::PlainResponse refused = http::TextResponse(405, "Method not allowed");
  refused.fields.Add("allow", "PUT");
  responder.Send(std::move(refused));
}

http::PlainResponse Service::Put(const std::string& name, const std::string& terms) {
  const base::Status status = name == "failpoints" ? table_.SetAll(terms) : table_.Set(name, terms);
  return status.ok() ? Empty() : Failed(400, "fail to set failpoint: ", status);
}

http::PlainResponse Service::Get(const std::string& name) const {
  constexpr std::string_view kCount = "/count";
  if (name.empty()) return Text(table_.List());
  const bool counts = name.ends_with(kCount);
  const auto state = table_.Get(counts ? name.substr(0, name.size() - kCount.size()) : name);
  if (!state.ok()) {
    // Compat: of a count gofail says that it failed itself unless there is no such name.
    const bool is_missing = !counts || state.status().code() == base::Code::kNotFound;
    return Failed(is_missing ? 404 : 500, "failed to GET: ", state.status());
  }
  return Text(counts ? std::to_string(state->count) : state->terms + "\n");
}

http::PlainResponse Service::Delete(const std::string& name) {
  const base::Status status = table_.Clear(name);
  return status.ok() ? Empty() : Failed(400, "failed to delete failpoint ", status);
}

void Service::HoldPanics() {
  if (held_.owns_lock()) return;
  held_ = table_.HoldPanics();
  loop_.Post([this] { held_.unlock(); });
}

}  // namespace failpoints
