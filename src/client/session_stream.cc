#include <utility>

#include "client/log_in.h"
#include "client/session.h"

// What a session gives to calls that have no one request and no one end.

namespace client {

using base::Code;
using base::Status;

std::shared_ptr<rpc::ClientCall> Session::StartStream(const char* path, bool require_leader,
                                                      uint32_t avoided_endpoint,
                                                      std::unique_ptr<rpc::ClientHandler> handler) {
  Request request{.method = {path}, .message = {}};
  request.require_leader = require_leader;
  rpc::ClientCall::Options options;
  options.metadata = Metadata(request);
  options.wait_for_ready = true;
  options.max_receive_bytes = settings_.max_receive_bytes;
  options.avoided_endpoint = avoided_endpoint;
  return channel_->Start(path, std::move(options), std::move(handler));
}

bool Session::NeedsToken(const Status& status) const {
  return ChooseRemedy(status, Repeatable::kNo, EndpointCount(), credentials()) ==
         Remedy::kAuthenticate;
}

runtime::Duration Session::WaitBefore(size_t attempt, size_t endpoints) {
  const RetryWait retry{settings_.retry_wait, settings_.retry_jitter_percent};
  return retry.Before(attempt, endpoints, &random_);
}

std::string Session::WhyNobodyAnswers() const {
  return channel_->connected() == 0 ? channel_->Failures() : std::string();
}

Status Session::CheckRequestSize(size_t bytes) const {
  if (bytes <= settings_.max_request_bytes) return {};
  return Status(Code::kResourceExhausted, "trying to send message larger than max (" +
                                              std::to_string(bytes) + " vs. " +
                                              std::to_string(settings_.max_request_bytes) + ")");
}

size_t Session::EndpointCount() const {
  return settings_.endpoints.size() + settings_.plain_endpoints.size();
}

uint64_t Session::token_number() const {
  return log_in_->number();
}

Session::Ticket Session::RenewToken(runtime::Duration timeout, Done done) {
  return log_in_->Renew(timeout, std::move(done));
}

void Session::GiveUpToken(Ticket ticket) {
  log_in_->GiveUp(ticket);
}

Credentials Session::credentials() const {
  return {.has_password = log_in_->has_password(),
          .has_token = !log_in_->has_password() && !log_in_->token().empty()};
}

}  // namespace client
