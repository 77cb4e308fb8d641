#include "client_v2/keys.h"

#include <utility>

#include "base/url_escape.h"

namespace client_v2 {

std::string Encode(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    if (!text.empty()) text += '&';
    text += base::FormEscape(name) + "=" + base::FormEscape(value);
  }
  return text;
}

std::optional<Failure> AskKey(Cluster& cluster, const Deadline& deadline, const KeyCall& call,
                              Event* event) {
  const std::string key = call.key.starts_with('/') ? call.key : "/" + call.key;
  Request request{.method = call.method,
                  .path = "/v2/keys" + (call.key.empty() ? "" : key),
                  .query = Encode(call.query),
                  .waits = call.waits,
                  .once = call.once};
  if (call.form.has_value()) request.body = Encode(*call.form);
  if (call.method != "GET") request.content_type = "application/x-www-form-urlencoded";
  Reply reply;
  auto failure = cluster.Ask(request, deadline, &reply);
  if (failure.has_value()) return failure;
  return ReadEvent(reply, event);
}

Watcher::Watcher(Cluster* cluster, std::string key, uint64_t after, bool is_recursive)
    : cluster_(cluster),
      key_(std::move(key)),
      is_recursive_(is_recursive),
      wait_index_(after == 0 ? 0 : after + 1) {}

std::optional<Failure> Watcher::Next(Event* event) {
  while (true) {
    const KeyCall call{.method = "GET",
                       .key = key_,
                       .query = {{"wait", "true"},
                                 {"waitIndex", std::to_string(wait_index_)},
                                 {"recursive", is_recursive_ ? "true" : "false"}},
                       .waits = true};
    auto failure = AskKey(*cluster_, std::nullopt, call, event);
    // The member has nothing to say any more, as when it stops.
    if (failure.has_value() && failure->text == kEmptyBody) continue;
    if (!failure.has_value()) wait_index_ = event->node.modified_index + 1;
    return failure;
  }
}

}  // namespace client_v2
