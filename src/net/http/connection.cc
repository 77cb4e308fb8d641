#include "net/http/connection.h"

#include <utility>

#include "base/check.h"
#include "net/http/connection_group.h"
#include "net/http/h1_session.h"
#include "net/http/protocol.h"

namespace http {
namespace {

// How long a goodbye may take to arrive.
constexpr runtime::Duration kLingerTime = std::chrono::seconds(2);

// Batches that one connection may send before others get their turn: half a megabyte, which takes
// about as long as a slice may.
constexpr int kBatchesPerSlice = 4;

// What OpenSSL holds for a connection, as measured: until the handshake has ended, and from then
// on.
constexpr size_t kHandshakeBytes = 44 * 1024;
constexpr size_t kTlsBytes = 16 * 1024;

base::Status Draining() {
  return {base::Code::kUnavailable, "draining"};
}

}  // namespace

Connection::Connection(ConnectionGroup* group, std::unique_ptr<runtime::Stream> stream,
                       Service* service, Protocols protocols)
    : group_(group),
      service_(service),
      protocols_(protocols),
      stream_(std::move(stream)),
      account_(group->environment().budget),
      output_(group->environment().blocks, &account_),
      opened_at_(group->environment().loop->clock().Now()) {
  info_.number = ++group_->connections_made_;
  info_.local = stream_->local_address();
  info_.peer = stream_->peer_address();
}

Connection::Connection(ConnectionGroup* group, std::unique_ptr<runtime::Stream> stream,
                       ClientEvents events, Version version)
    : group_(group),
      events_(std::move(events)),
      stream_(std::move(stream)),
      account_(group->environment().budget),
      output_(group->environment().blocks, &account_),
      opened_at_(group->environment().loop->clock().Now()) {
  info_.number = ++group_->connections_made_;
  info_.local = stream_->local_address();
  info_.peer = stream_->peer_address();
  Carrier* const carrier = this;
  if (version == Version::kHttp1) {
    auto session = std::make_unique<H1ClientSession>(&group_->environment(), carrier);
    http1_client_session_ = session.get();
    session_ = std::move(session);
    return;
  }
  auto session = std::make_unique<H2Session>(H2Session::Role::kClient, &group_->environment(),
                                             carrier, nullptr);
  client_session_ = session.get();
  session_ = std::move(session);
}

Connection::~Connection() {
  CHECK(lost_);
}

void Connection::Start() {
  stream_->Start(this);
}

void Connection::Drain() {
  const runtime::TimePoint now = group_->environment().loop->clock().Now();
  if (session_ == nullptr) {
    if (now - opened_at_ >= kDrainNotice) return Lose(Draining());
    draining_since_ = now;
    return;
  }
  session_->Drain();
  ScheduleFlush();
}

void Connection::OnTls() {
  account_.Add(kHandshakeBytes);
}

void Connection::OnHandshake(const ConnectionInfo& peer) {
  account_.Remove(kHandshakeBytes - kTlsBytes);
  info_.tls = true;
  info_.http2_negotiated = peer.http2_negotiated;
  if (peer.http2_negotiated) protocols_.http1 = false;
  info_.certificate_common_name = peer.certificate_common_name;
  info_.certificate_dns_names = peer.certificate_dns_names;
}

void Connection::ScheduleFlush() {
  if (flush_wanted_) return;
  flush_wanted_ = true;
  if (!in_input_) group_->FlushAtEndOfTurn(this);
}

void Connection::ResumeInput() {
  if (!std::exchange(resume_scheduled_, true)) {
    group_->RunInSlice(this, &Connection::ResumeHeldInput);
  }
}

void Connection::OnReady() {
  if (events_.on_ready) events_.on_ready();
}

void Connection::OnGoAway() {
  if (events_.on_goaway) events_.on_goaway();
}

void Connection::OnData(base::ByteView bytes) {
  group_->environment().counters->bytes_received.Add(bytes.size());
  if (lingering_ || !failure_.ok()) return;
  // A flush that is wanted from elsewhere happens now, with the answers to this input.
  in_input_ = true;
  if (session_ == nullptr) {
    Detect(bytes);
  } else {
    Feed(bytes);
  }
  FinishInput();
}

void Connection::FinishInput() {
  in_input_ = false;
  if (lost_) return;
  // With more input to come in this turn its answers go out together.
  if (!resume_scheduled_ || !failure_.ok()) return Flush();
  flush_wanted_ = true;
  group_->FlushAtEndOfTurn(this);
}

void Connection::Detect(base::ByteView bytes) {
  held_input_.append(bytes);
  const std::optional<Version> version = DetectVersion(held_input_);
  if (!version.has_value()) return;
  if (!(*version == Version::kHttp2 ? protocols_.http2 : protocols_.http1)) {
    return Lose(base::Status(base::Code::kUnimplemented, "the port does not speak this protocol"));
  }
  OpenSession(*version);
  Feed(std::exchange(held_input_, {}));
}

void Connection::OpenSession(Version version) {
  const Environment& environment = group_->environment();
  Carrier* const carrier = this;
  if (version == Version::kHttp2) {
    session_ =
        std::make_unique<H2Session>(H2Session::Role::kServer, &environment, carrier, service_);
  } else {
    session_ = std::make_unique<H1Session>(&environment, carrier, service_);
  }
  if (draining_since_.has_value()) session_->Drain();
}

void Connection::Feed(base::ByteView bytes) {
  if (holding_) {
    held_input_.append(bytes);
    account_.Add(bytes.size());
    return;
  }
  if (base::Status status = session_->OnInput(&bytes); !status.ok()) {
    failure_ = std::move(status);
    return;
  }
  if (!bytes.empty() || resume_scheduled_) HoldInput(bytes);
}

void Connection::HoldInput(base::ByteView rest) {
  holding_ = true;
  held_input_ = rest;
  account_.Add(held_input_.size());
  stream_->PauseReading();
}

void Connection::ResumeHeldInput() {
  resume_scheduled_ = false;
  if (session_ == nullptr || lost_ || lingering_ || !failure_.ok()) return;
  in_input_ = true;
  base::ByteView rest = base::ByteView(held_input_).substr(held_taken_);
  if (base::Status status = session_->OnInput(&rest); !status.ok()) failure_ = std::move(status);
  held_taken_ = held_input_.size() - rest.size();
  const bool more = !rest.empty() || resume_scheduled_;
  if (!holding_ && more) HoldInput({});
  if (holding_ && !more && failure_.ok()) {
    DropHeldInput();
    stream_->ResumeReading();
  }
  FinishInput();
}

void Connection::DropHeldInput() {
  if (!std::exchange(holding_, false)) return;
  account_.Remove(held_input_.size());
  held_taken_ = 0;
  base::Bytes().swap(held_input_);
}

void Connection::OnEndOfInput() {
  input_ended_ = true;
  if (lingering_ || session_ == nullptr) {
    return Lose(base::Status(base::Code::kUnavailable, "the peer closed the connection"));
  }
  session_->OnEndOfInput();
  Flush();
}

void Connection::OnWritable() {
  socket_full_ = false;
  Flush();
}

void Connection::Flush() {
  flush_wanted_ = false;
  // A client waits for no room to send what nobody wants.
  if (http1_client_session_ != nullptr && !lost_ && session_->IsFinished()) return CloseIfDone();
  if (lost_ || lingering_ || socket_full_ || flush_in_slice_ || session_ == nullptr) return;
  for (int batch = 0;; ++batch) {
    if (output_.empty()) session_->Produce();
    if (output_.empty()) break;
    if (batch == kBatchesPerSlice) {
      flush_wanted_ = flush_in_slice_ = true;
      return group_->RunInSlice(this, &Connection::FlushInSlice);
    }
    const uint64_t before = output_.total_flushed();
    const base::Status status = output_.Flush(*stream_);
    group_->environment().counters->bytes_sent.Add(output_.total_flushed() - before);
    const bool goes_on = status.ok() || (http1_client_session_ != nullptr &&
                                         http1_client_session_->OutlivesWriteFailure());
    if (!goes_on) return Lose(status);
    if (!output_.empty()) {
      socket_full_ = true;
      return;
    }
  }
  CloseIfDone();
}

void Connection::FlushInSlice() {
  flush_in_slice_ = false;
  Flush();
}

void Connection::CloseIfDone() {
  if (failure_.ok() && !session_->IsFinished()) return;
  const base::Status reason =
      failure_.ok() ? base::Status(base::Code::kUnavailable, "the connection ended") : failure_;
  session_->OnConnectionLost(reason);
  // What a client of HTTP/1.1 has not read is of no use to it.
  if (input_ended_ || http1_client_session_ != nullptr) return Lose(reason);
  Linger();
}

void Connection::Linger() {
  // Closing with unread input would reset the connection and destroy what the peer has not read.
  lingering_ = true;
  lingering_since_ = group_->environment().loop->clock().Now();
  DropHeldInput();
  stream_->ShutdownWrite();
  stream_->ResumeReading();
}

void Connection::OnTick(runtime::TimePoint now) {
  const base::Status too_late(base::Code::kUnavailable, "timed out");
  if (lingering_) {
    if (now - lingering_since_ > kLingerTime) Lose(too_late);
    return;
  }
  if (session_ == nullptr) {
    const Environment& environment = group_->environment();
    if (draining_since_.has_value() && now - *draining_since_ >= kDrainNotice) {
      return Lose(Draining());
    }
    if (now - opened_at_ <= environment.limits.handshake_timeout) return;
    environment.counters->of(Abuse::kSlowHandshake).Add();
    return Lose(too_late);
  }
  // What is not taken hides the end of the input behind it.
  if (holding_ && stream_->HasPeerLeft()) session_->OnPeerLeft();
  base::Status status = CheckStall(now);
  if (status.ok()) status = session_->OnTick(now);
  if (!status.ok()) Lose(status);
}

base::Status Connection::CheckStall(runtime::TimePoint now) {
  const Environment& environment = group_->environment();
  if (output_.empty()) {
    stalled_since_.reset();
  } else if (!stalled_since_.has_value() || flushed_when_stalled_ != output_.total_flushed()) {
    stalled_since_ = now;
    flushed_when_stalled_ = output_.total_flushed();
  } else if (now - *stalled_since_ > environment.limits.StallTimeout(account_.IsMemberShort())) {
    environment.counters->of(Abuse::kStalledReader).Add();
    return base::Status(base::Code::kUnavailable, "the peer has stopped reading");
  }
  return {};
}

void Connection::Lose(const base::Status& status) {
  if (std::exchange(lost_, true)) return;
  if (session_ != nullptr) session_->OnConnectionLost(status);
  stream_->Close();
  if (events_.on_closed) std::exchange(events_.on_closed, nullptr)(status);
  group_->Retire(this);
}

}  // namespace http
