#pragma once

#include <optional>
#include <string>

#include "net/http/client.h"
#include "runtime/loop.h"
#include "runtime/time.h"

namespace client_v2 {

// How long an answer may take: until its head is there, and all of it. Duration::max(): for ever.
struct AnswerTimes {
  runtime::Duration head;
  runtime::Duration all;
};

// As http::Client::Fetch, but for the times: kDeadlineExceeded if one of them has passed. On the
// client's loop, which is `loop`.
void Fetch(http::Client& client, runtime::Loop* loop, http::Headers head,
           const std::optional<std::string>& body, const AnswerTimes& times,
           http::Client::FetchDone done);

}  // namespace client_v2
