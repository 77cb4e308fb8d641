#include "client/log_in.h"

#include <utility>

#include "base/errors.h"
#include "base/go_text.h"
#include "client/endings.h"
#include "proto/rpc.pb.h"

namespace client {

using base::Code;
using base::Status;

namespace {

// A member that has not answered within the time of an ordinary call is left for another one.
constexpr runtime::Duration kPatience = std::chrono::seconds(5);

}  // namespace

LogIn::LogIn(Session* session, std::string user, std::string password, std::string token)
    : session_(*session),
      user_(std::move(user)),
      password_(std::move(password)),
      token_(std::move(token)),
      again_(session->loop().NewTimer([this] { Ask(); })) {}

LogIn::~LogIn() = default;

Session::Ticket LogIn::Renew(runtime::Duration timeout, Session::Done done) {
  if (!has_password()) {
    done({});
    return 0;
  }
  if (!base::IsUtf8(user_) || !base::IsUtf8(password_)) {
    done({NotUtf8()});
    return 0;
  }
  const Session::Ticket ticket = ++last_ticket_;
  Waiter& waiter = waiters_[ticket];
  waiter.done = std::move(done);
  if (timeout != Session::kNoTimeout) {
    waiter.timer = session_.loop().NewTimer([this, ticket] { OnTimer(ticket); });
    waiter.timer->Arm(timeout);
  }
  // By the timer: not inside the events of the call that was refused.
  if (!std::exchange(asking_, true)) again_->Arm(runtime::Duration(0));
  return ticket;
}

void LogIn::GiveUp(Session::Ticket ticket) {
  if (waiters_.erase(ticket) > 0 && waiters_.empty()) StopAsking();
}

void LogIn::OnTimer(Session::Ticket ticket) {
  Waiter late = std::move(waiters_.extract(ticket).mapped());
  if (waiters_.empty()) StopAsking();
  Session::Done done = std::move(late.done);
  done({DeadlineExceeded(), session_.WhyNobodyAnswers()});
}

void LogIn::EndAll(const Session::Ending& ending) {
  StopAsking();
  for (auto& [ticket, waiter] : std::exchange(waiters_, {})) waiter.done(ending);
}

void LogIn::StopAsking() {
  if (!std::exchange(asking_, false)) return;
  again_->Disarm();
  Session::Cancel(std::exchange(call_, {}));
}

void LogIn::Ask() {
  etcdserverpb::AuthenticateRequest message;
  message.set_name(user_);
  message.set_password(password_);
  Session::Request request{.method = kAuthenticate, .message = message.SerializeAsString()};
  request.timeout = kPatience;
  call_ = session_.StartUnary(
      std::move(request),
      [this](const Session::Ending& ending, base::ByteView bytes) { OnAnswered(ending, bytes); });
}

void LogIn::OnAnswered(const Session::Ending& ending, base::ByteView bytes) {
  // It was told to end.
  if (!asking_) return;
  const Status& status = ending.status;
  if (status == base::errors::kAuthNotEnabled) return Take("");
  // Whoever still waits has more time.
  if (status.code() == Code::kDeadlineExceeded) return again_->Arm(runtime::Duration(0));
  if (!status.ok()) return EndAll(ending);
  etcdserverpb::AuthenticateResponse reply;
  if (!reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return EndAll({Status(Code::kInternal, "grpc: error unmarshalling response")});
  }
  Take(std::move(*reply.mutable_token()));
}

void LogIn::Take(std::string token) {
  token_ = std::move(token);
  ++number_;
  EndAll({});
}

}  // namespace client
