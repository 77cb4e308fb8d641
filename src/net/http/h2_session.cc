#include "net/http/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "net/http/h2_callbacks.h"
#include "net/http/h2_memory.h"
#include "net/http/planted.h"

namespace http {
namespace {

// A graceful end announces itself with this and waits for the answer, or for kDrainNotice, before
// it names the last stream: requests on their way are then still served.
constexpr std::array<uint8_t, 8> kDrainPing = {'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'};

// The least time between two pings of a server that is doubted: servers count faster ones as abuse.
constexpr runtime::Duration kDoubtInterval = std::chrono::seconds(10);

// nghttp2 keeps a copy.
nghttp2_mem MemoryFunctions(H2Memory* memory) {
  return {
      memory,
      [](size_t size, void* user_data) { return static_cast<H2Memory*>(user_data)->Take(size); },
      [](void* piece, void* user_data) { static_cast<H2Memory*>(user_data)->Give(piece); },
      [](size_t count, size_t size, void* user_data) {
        return static_cast<H2Memory*>(user_data)->TakeZeroed(count, size);
      },
      [](void* piece, size_t size, void*) { return H2Memory::Resize(piece, size); }};
}

nghttp2_session* NewSession(H2Session::Role role, H2Session* owner,
                            const Environment& environment) {
  nghttp2_mem memory = MemoryFunctions(environment.h2_memory);
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  // AbuseGuard decides about these two; nghttp2's own limits stay out of its way.
  nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);
  nghttp2_option_set_max_continuations(option, UINT32_MAX);
  // H2RequestCheck judges requests.
  nghttp2_option_set_no_http_messaging(option, role == H2Session::Role::kServer ? 1 : 0);
  nghttp2_session* session = nullptr;
  const auto* callbacks = Http2Callbacks();
  const int result = role == H2Session::Role::kServer
                         ? nghttp2_session_server_new3(&session, callbacks, owner, option, &memory)
                         : nghttp2_session_client_new3(&session, callbacks, owner, option, &memory);
  nghttp2_option_del(option);
  CHECK(result == 0);
  return session;
}

// What a stream costs beside what it carries, here and in nghttp2.
constexpr size_t kStreamBytes = 512;

base::Status Unavailable(base::ByteView text) {
  return base::Status(base::Code::kUnavailable, text);
}

}  // namespace

H2Session::H2Session(Role role, const Environment* environment, Carrier* carrier, Service* service)
    : role_(role),
      environment_(*environment),
      carrier_(carrier),
      service_(service),
      session_(NewSession(role, this, *environment)),
      input_(&carrier->account()),
      guard_(environment->limits, environment->loop->clock().Now()),
      ping_policy_(environment->keepalive),
      opened_at_(environment->loop->clock().Now()),
      last_active_(opened_at_),
      ping_sent_at_(opened_at_ - kDoubtInterval) {
  CHECK(IsServer() == (service != nullptr));
  SubmitSettings();
  carrier_->ScheduleFlush();
}

H2Session::~H2Session() {
  OnConnectionLost(Unavailable("the connection is closing"));
  nghttp2_session_del(session_);
}

void H2Session::SubmitSettings() {
  const Limits& limits = environment_.limits;
  const size_t longest_head = IsServer() ? limits.max_header_block : limits.max_header_list_size;
  std::array<nghttp2_settings_entry, 4> entries = {{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(longest_head)},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  if (!IsServer()) {
    entries[2] = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0};
    entries[3] = {NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  }
  CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size()) == 0);
  CHECK(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                              static_cast<int32_t>(limits.connection_window)) == 0);
}

// ---- The session's own life ----

base::Status H2Session::OnInput(base::ByteView* bytes) {
  if (terminated_) return failure_;
  active_ = true;
  ++inputs_;
  doubted_ = false;
  input_.Begin(*bytes);
  if (IsServer()) CheckFrames();
  input_.End(bytes->size());
  if (terminated_) return failure_;
  slice_over_ = false;
  slice_.Begin();
  AdmitWaiting();
  if (InputWaits()) return {};
  input_waits_ = false;
  if (slice_over_) {
    carrier_->ResumeInput();
    return {};
  }
  do {
    const base::ByteView next = input_.Next(*bytes);
    const auto* data = reinterpret_cast<const uint8_t*>(next.data());
    const ssize_t taken = nghttp2_session_mem_recv(session_, data, next.size());
    if (terminated_) return failure_;
    if (taken < 0) {
      environment_.counters->protocol_errors.Add();
      return failure_ = Unavailable(nghttp2_strerror(static_cast<int>(taken)));
    }
    const bool all_taken = static_cast<size_t>(taken) == next.size();
    input_.Pass(bytes, static_cast<size_t>(taken));
    if (!all_taken) break;
  } while (!slice_over_ && !bytes->empty());
  input_.End(bytes->size());
  // Also if no bytes are left: nghttp2 may have stopped before their end was reported.
  if (slice_over_) carrier_->ResumeInput();
  return {};
}

void H2Session::CountBlock(H2Stream* stream) {
  const size_t bytes = block_bytes_ - std::exchange(block_counted_, block_bytes_);
  environment_.counters->header_bytes_received.Add(bytes);
  if (stream != nullptr) Charge(*stream, bytes);
  Spend(bytes);
}

void H2Session::Spend(size_t work) {
  if (slice_.Spend(work, environment_.loop->clock())) slice_over_ = true;
}

void H2Session::CheckFrames() {
  while (!terminated_ && input_.FindFrame()) {
    const FrameHeader& frame = input_.frame();
    CheckFrame(frame);
    if (input_.is_in_long_block()) in_header_block_ = true;
    if (!history_.GivesUpUnopened(frame)) continue;
    Judge(guard_.OnResetByPeer(/*is_late=*/true, environment_.loop->clock()));
    input_.HideFrame();
  }
}

void H2Session::CheckFrame(const FrameHeader& frame) {
  Judge(guard_.OnFrame(frame, environment_.loop->clock()));
  if (frame.kind == FrameKind::kPriority && frame.stream == 0) {
    Refuse(ErrorCode::kProtocolError, "PRIORITY on stream 0");
  }
  switch (history_.OnFrame(frame)) {
    case StreamHistory::Verdict::kFine:
      break;
    case StreamHistory::Verdict::kPassedOver:
      return Refuse(ErrorCode::kProtocolError, "a frame on a stream that was passed over");
    case StreamHistory::Verdict::kEnded:
      return Refuse(ErrorCode::kStreamClosed, "a frame on a stream that the client has ended");
  }
}

void H2Session::OnEndOfInput() {
  if (failure_.ok()) failure_ = Unavailable("the peer closed the connection");
  terminated_ = goaway_sent_ = true;
}

void H2Session::Produce() {
  OutputBuffer& output = carrier_->output();
  produce_limit_ = output.size() + kProduceBytes;
  while (output.size() < produce_limit_ && HasOutput()) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) {
      CHECK(size == 0 || size == NGHTTP2_ERR_NOMEM);
      break;
    }
    output.Append({reinterpret_cast<const char*>(data), static_cast<size_t>(size)});
  }
  windows_are_shut_ = unsent_ > 0 && !HasOutput();
  NotifyWritable();
  UseRoom();
  if (draining_ && drain_announced_ && streams_.empty()) terminated_ = true;
}

bool H2Session::HasOutput() const {
  return !(terminated_ && goaway_sent_) && nghttp2_session_want_write(session_) != 0;
}

bool H2Session::IsFinished() const {
  if (HasOutput()) return false;
  return terminated_ || nghttp2_session_want_read(session_) == 0;
}

void H2Session::Drain() {
  if (draining_ || terminated_) return;
  draining_ = true;
  draining_since_ = environment_.loop->clock().Now();
  if (IsServer()) {
    nghttp2_submit_shutdown_notice(session_);
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kDrainPing.data());
  } else {
    FinishDrain();
  }
  carrier_->ScheduleFlush();
}

void H2Session::FinishDrain() {
  if (drain_announced_) return;
  drain_announced_ = true;
  base::Mark<"http: a connection is to end with the calls that it has">();
  last_served_ = nghttp2_session_get_last_proc_stream_id(session_);
  if (Planted(PlantedBug::kGoAwayLeavesOutTheLast)) last_served_ = std::max(last_served_ - 2, 0);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_served_, NGHTTP2_NO_ERROR, nullptr, 0);
  if (IsServer()) {
    for (const auto& stream : streams_) {
      if (stream->handler_ != nullptr && !stream->reset_) stream->handler_->OnDrain();
    }
  }
  carrier_->ScheduleFlush();
}

void H2Session::Terminate(ErrorCode code, base::ByteView reason) {
  if (terminated_) return;
  terminated_ = true;
  goaway_sent_ = false;  // an earlier, graceful one does not count
  failure_ = Unavailable(reason);
  nghttp2_submit_goaway(
      session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
      static_cast<uint32_t>(code), reinterpret_cast<const uint8_t*>(reason.data()), reason.size());
  carrier_->ScheduleFlush();
}

void H2Session::Judge(AbuseGuard::Verdict verdict) {
  if (!verdict.has_value() || terminated_) return;
  environment_.counters->of(*verdict).Add();
  Terminate(ErrorCode::kEnhanceYourCalm, AbuseText(*verdict));
}

void H2Session::Blame(Abuse mistake) {
  environment_.counters->of(mistake).Add();
  if (guard_.OnMistake(environment_.loop->clock())) return;
  Terminate(ErrorCode::kEnhanceYourCalm, AbuseText(mistake));
}

void H2Session::RefuseStream(H2Stream& stream) {
  ResetStream(stream, ErrorCode::kProtocolError);
  Blame(Abuse::kMalformedHttp2);
}

void H2Session::OnEndlessBlock() {
  environment_.counters->of(Abuse::kHeaderListTooLarge).Add();
  Terminate(ErrorCode::kEnhanceYourCalm, AbuseText(Abuse::kHeaderListTooLarge));
}

void H2Session::Refuse(ErrorCode code, base::ByteView reason) {
  if (terminated_) return;
  environment_.counters->protocol_errors.Add();
  Terminate(code, reason);
}

void H2Session::OnConnectionLost(const base::Status& status) {
  terminated_ = goaway_sent_ = true;
  const Closing closing{Closing::Kind::kConnectionLost, ErrorCode::kCancel,
                        failure_.ok() ? status : failure_, false};
  while (!streams_.empty()) {
    H2Stream& stream = *streams_.back();
    if (stream.handler_ != nullptr) stream.handler_->OnClosed(closing);
    Release(stream);
  }
}

// ---- Streams ----

H2Stream* H2Session::Find(int32_t id) const {
  if (found_ == nullptr || found_->id_ != id) {
    found_ = static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
  }
  return found_;
}

H2Stream& H2Session::NewStream(int32_t id) {
  std::unique_ptr<H2Stream> stream = environment_.streams->Take();
  stream->Open(this, id);
  stream->position_ = static_cast<uint32_t>(streams_.size());
  stream->opened_tick_ = ticks_;
  streams_.push_back(std::move(stream));
  Charge(*streams_.back(), kStreamBytes);
  environment_.counters->streams_opened.Add();
  environment_.counters->streams_open.Add();
  return *streams_.back();
}

void H2Session::Release(H2Stream& stream) {
  if (found_ == &stream) found_ = nullptr;
  unsent_ -= stream.unsent_;
  stream.DropQueued(carrier_->output());
  Credit(stream.unconsumed_);
  if (stream.handler_ != nullptr) --served_;
  SetAwaitsAnswer(stream, false);
  answers_ended_ = true;
  unqueued_ -= stream.cost_.answers;
  Discharge(stream, stream.charged_);
  ReleaseFavoured(stream);
  nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  const size_t position = stream.position_;
  std::unique_ptr<H2Stream> owned = std::move(streams_[position]);
  if (position + 1 < streams_.size()) {
    streams_[position] = std::move(streams_.back());
    streams_[position]->position_ = static_cast<uint32_t>(position);
  }
  streams_.pop_back();
  environment_.counters->streams_open.Subtract();
  environment_.streams->Give(std::move(owned));
}

bool H2Session::CanRequest() const {
  return !draining() && !terminated_ && nghttp2_session_check_request_allowed(session_) != 0 &&
         streams_.size() <
             nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

Exchange& H2Session::Request(const Headers& head, Exchange::Then then,
                             std::shared_ptr<ExchangeHandler> handler) {
  CHECK(CanRequest());
  H2Stream& stream = NewStream(0);
  stream.handler_ = std::move(handler);
  ++served_;
  stream.head_sent_ = true;
  stream.local_end_queued_ = then == Exchange::Then::kEnd;
  stream.id_ = SubmitRequest(session_, head, &stream, !stream.local_end_queued_);
  carrier_->ScheduleFlush();
  return stream;
}

void H2Session::OnBeginHead(int32_t id) {
  found_ = &NewStream(id);
  nghttp2_session_set_stream_user_data(session_, id, found_);
}

void H2Session::OnHeadComplete(H2Stream& stream, bool ended) {
  if (!IsServer()) {
    const int status = StatusCode(stream.received_head_);
    if (status >= 100 && status < 200 && !ended) {
      stream.received_head_.Clear();  // an interim answer; the real one follows
      return;
    }
  }
  stream.head_received_ = true;
  stream.received_head_.Trim();
  Spend(WorkSlice::kRequestWork);
  if (stream.head_too_large_) return RefuseHead(stream);
  if (!IsServer()) return stream.handler_->OnHead();
  // Why: nghttp2 takes streams until that GOAWAY has gone out, and then closes them.
  if (drain_announced_ && stream.id_ > last_served_) {
    return ResetStream(stream, ErrorCode::kRefusedStream);
  }
  if (Admits()) return Admit(stream);
  if (carrier_->account().IsOver()) {
    if (!MakesRoom()) return EndOverBudget(stream);
    input_waits_ = true;
  }
  stream.waiting_ = true;
  waiting_.push_back(stream.id_);
}

void H2Session::RefuseHead(H2Stream& stream) {
  if (!IsServer()) {
    environment_.counters->of(Abuse::kHeaderListTooLarge).Add();
    return ResetStream(stream, ErrorCode::kEnhanceYourCalm);
  }
  static const Headers kTooLarge = {{":status", "431"}, {"content-length", "0"}};
  stream.handler_ = std::make_shared<IgnoringHandler>(&stream);
  ++served_;
  stream.SendHead(kTooLarge, Exchange::Then::kEnd);
  Blame(Abuse::kHeaderListTooLarge);
}

void H2Session::OnRemoteEnd(H2Stream& stream) {
  stream.remote_ended_ = true;
  ReleaseFavoured(stream);
  const bool is_answered = stream.reset_ || stream.local_end_queued_;
  SetAwaitsAnswer(stream, IsServer() && !is_answered && !stream.waiting_);
  if (!stream.reset_ && !stream.waiting_) stream.handler_->OnEnd(stream.received_trailers());
  const bool is_tenth = IsServer() && stream.id_ % 20 == 1;
  if (is_tenth && Planted(PlantedBug::kRefuseWhatWasTaken)) {
    ResetStream(stream, ErrorCode::kRefusedStream);
  }
}

void H2Session::OnData(H2Stream& stream, base::ByteView bytes) {
  stream.unconsumed_ += bytes.size();
  unconsumed_ += bytes.size();
  if (unconsumed_ <= environment_.limits.max_unconsumed) {
    nghttp2_session_consume_connection(session_, bytes.size());
  } else {
    withheld_ += bytes.size();
  }
  Charge(stream, bytes.size());
  paid_ -= std::min(paid_, bytes.size());
  const bool answered = IsServer() && stream.local_ended_;
  if (stream.reset_ || answered) return Consume(stream, bytes.size());
  if (!stream.waiting_) {
    stream.handler_->OnData(bytes);
  } else if (unconsumed_ <= environment_.limits.max_unconsumed) {
    if (stream.waiting_data_ == nullptr) stream.waiting_data_ = std::make_unique<base::Bytes>();
    stream.waiting_data_->append(bytes);
  } else {
    Consume(stream, bytes.size());
    EndOverBudget(stream);
  }
  EndIfOverBudget(stream);
}

void H2Session::Consume(H2Stream& stream, size_t bytes) {
  CHECK_LE(bytes, stream.unconsumed_);
  stream.unconsumed_ -= bytes;
  Discharge(stream, bytes);
  if (!stream.remote_ended_) CreditStream(stream, bytes);
  Credit(bytes);
  carrier_->ScheduleFlush();
}

void H2Session::Credit(size_t bytes) {
  unconsumed_ -= bytes;
  if (withheld_ == 0 || unconsumed_ > environment_.limits.max_unconsumed) return;
  nghttp2_session_consume_connection(session_, std::exchange(withheld_, 0));
}

void H2Session::OnStreamClosed(H2Stream& stream, uint32_t error_code) {
  Closing closing;
  const bool finished = stream.remote_ended_ && (stream.local_ended_ || !IsServer());
  const bool answered = IsServer() && stream.local_ended_ && error_code == NGHTTP2_NO_ERROR;
  if (!finished && !answered) {
    closing.kind = Closing::Kind::kReset;
    closing.code = static_cast<ErrorCode>(error_code);
    closing.unprocessed = error_code == NGHTTP2_REFUSED_STREAM;
  }
  if (stream.handler_ != nullptr) stream.handler_->OnClosed(closing);
  Release(stream);
  if (drain_announced_ && streams_.empty()) carrier_->ScheduleFlush();
}

void H2Session::OnRequestNotSent(int32_t id) {
  // The server went away in between; nghttp2 knows no such stream.
  for (const auto& stream : streams_) {
    if (stream->id_ == id) return OnStreamClosed(*stream, NGHTTP2_REFUSED_STREAM);
  }
}

void H2Session::OnResetReceived(const H2Stream* stream) {
  if (!IsServer()) return;
  if (stream != nullptr && ticks_ - stream->opened_tick_ >= Limits::kRapidTicks) return;
  // One whose answer is out, or for which nothing was done yet, wastes no more than a late one
  // does.
  const bool has_work = stream != nullptr && stream->handler_ != nullptr;
  const bool is_late = !has_work || stream->handler_->has_deadline();
  Judge(guard_.OnResetByPeer(is_late, environment_.loop->clock()));
}

// ---- Sending ----

void H2Session::SendHead(H2Stream& stream, const Headers& head, Exchange::Then then) {
  if (stream.reset_) return;
  SubmitResponse(session_, head, &stream, then != Exchange::Then::kEnd);
  carrier_->ScheduleFlush();
}

void H2Session::OnQueued(H2Stream& stream) {
  if (stream.deferred_) {
    stream.deferred_ = false;
    nghttp2_session_resume_data(session_, stream.id_);
  }
  carrier_->ScheduleFlush();
}

void H2Session::ResetStream(H2Stream& stream, ErrorCode code) {
  stream.reset_ = true;
  SetAwaitsAnswer(stream, false);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, static_cast<uint32_t>(code));
  carrier_->ScheduleFlush();
}

void H2Session::OnDataTaken(H2Stream& stream, size_t bytes) {
  unsent_ -= bytes;
  data_bytes_sent_ += bytes;
  if (stream.blocked_ && stream.unsent_ <= environment_.limits.stream_send_buffer / 2) {
    stream.blocked_ = false;
    unblocked_.push_back(stream.id_);
  }
}

void H2Session::NotifyWritable() {
  // Handlers may queue more, which only the next Produce takes.
  for (const int32_t id : std::exchange(unblocked_, {})) {
    H2Stream* const stream = Find(id);
    if (stream != nullptr && !stream->blocked_ && !stream->reset_) stream->handler_->OnWritable();
  }
}

void H2Session::OnMessageFrameSent(int32_t id, size_t length, bool ended) {
  guard_.OnFrameSent(length);
  ping_policy_.OnFrameSent();
  if (!ended) return;
  H2Stream* const stream = Find(id);
  if (stream == nullptr) return;
  stream->local_ended_ = true;
  // The answer is out while the request is not: ask the client to stop (RFC 9113 section 8.1).
  // Only now: submitted together with the answer, RST_STREAM would overtake its HEADERS, and
  // grpc-go and grpc++ would report INTERNAL.
  if (IsServer() && !stream->remote_ended_) ResetStream(*stream, ErrorCode::kNoError);
}

void H2Session::OnGoAwaySent(uint32_t error_code) {
  goaway_sent_ = true;
  if (error_code != NGHTTP2_NO_ERROR && !terminated_) environment_.counters->protocol_errors.Add();
}

// ---- Keeping alive, and giving up ----

void H2Session::OnSettings() {
  if (!std::exchange(settings_received_, true) && !IsServer()) carrier_->OnReady();
}

void H2Session::OnPing(bool acknowledges) {
  if (acknowledges) {
    if (draining_) FinishDrain();
    return;
  }
  if (!IsServer()) return;
  if (!ping_policy_.OnPing(environment_.loop->clock().Now(), !streams_.empty())) {
    environment_.counters->of(Abuse::kTooManyPings).Add();
    Terminate(ErrorCode::kEnhanceYourCalm, "too_many_pings");
  }
}

base::Status H2Session::OnTick(runtime::TimePoint now) {
  const Limits& limits = environment_.limits;
  ++ticks_;
  if (!settings_received_ && now - opened_at_ > limits.handshake_timeout) {
    environment_.counters->of(Abuse::kSlowHandshake).Add();
    return Unavailable("no SETTINGS in time");
  }
  if (!in_header_block_) {
    header_block_since_.reset();
  } else if (!header_block_since_.has_value()) {
    header_block_since_ = now;
  } else if (now - *header_block_since_ > limits.header_timeout) {
    environment_.counters->of(Abuse::kSlowHeaders).Add();
    return Unavailable("a header block did not end in time");
  }
  if (draining_ && now - draining_since_ > kDrainNotice) FinishDrain();
  CheckWaitingInput();
  UseRoom();  // the member may have more than before
  RETURN_IF_ERROR(CheckStall(now));
  EndSlowMessages(now);
  return CheckKeepalive(now);
}

base::Status H2Session::CheckKeepalive(runtime::TimePoint now) {
  const Keepalive& keepalive = environment_.keepalive;
  if (std::exchange(active_, false)) {
    last_active_ = now;
    ping_outstanding_ = false;
    return {};
  }
  if (ping_outstanding_) {
    if (now - ping_sent_at_ <= keepalive.timeout) return {};
    environment_.counters->keepalive_timeouts.Add();
    return Unavailable("keepalive ping failed to receive ACK within timeout");
  }
  const bool wanted = IsServer() || keepalive.without_streams || !streams_.empty();
  const bool is_due = wanted && now - last_active_ >= keepalive.interval;
  if (is_due || (doubted_ && now - ping_sent_at_ >= kDoubtInterval)) {
    ping_outstanding_ = true;
    ping_sent_at_ = now;
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    carrier_->ScheduleFlush();
  }
  return {};
}

base::Status H2Session::CheckStall(runtime::TimePoint now) {
  const Account& account = carrier_->account();
  if (unsent_ == 0 || !account.IsScarce()) {
    stalled_since_.reset();
  } else if (!stalled_since_.has_value() || sent_when_stalled_ != data_bytes_sent_) {
    stalled_since_ = now;
    sent_when_stalled_ = data_bytes_sent_;
  } else if (now - *stalled_since_ > environment_.limits.StallTimeout(account.IsMemberShort())) {
    environment_.counters->of(Abuse::kStalledReader).Add();
    return Unavailable("the peer has stopped reading");
  }
  return {};
}

}  // namespace http
