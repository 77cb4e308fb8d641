#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/http/h2_session.h"

// What an HTTP/2 session does when its connection's account is full or over (budget.h).

namespace http {
namespace {

// That input waits without an answer having ended.
constexpr int kTicksOfPatience = 10;

}  // namespace

void H2Session::Charge(H2Stream& stream, size_t bytes) {
  stream.charged_ += bytes;
  carrier_->account().Add(bytes);
}

void H2Session::Discharge(H2Stream& stream, size_t bytes) {
  CHECK_LE(bytes, stream.charged_);
  stream.charged_ -= bytes;
  carrier_->account().Remove(bytes);
}

void H2Session::SetHeld(H2Stream& stream, size_t bytes) {
  if (stream.held_ == 0 && bytes > 0) stream.held_since_ = environment_.loop->clock().Now();
  if (bytes > stream.held_) Charge(stream, bytes - stream.held_);
  if (bytes < stream.held_) Discharge(stream, stream.held_ - bytes);
  stream.held_ = bytes;
  if (bytes == 0) ReleaseFavoured(stream);
}

void H2Session::SetCost(H2Stream& stream, Exchange::Cost cost) {
  Charge(stream, cost.sum());
  Discharge(stream, stream.cost_.sum());
  unqueued_ += cost.answers;
  unqueued_ -= stream.cost_.answers;
  stream.cost_ = cost;
}

// ---- Requests ----

bool H2Session::Admits() const {
  return served_ == 0 || !carrier_->account().IsFull();
}

void H2Session::SetAwaitsAnswer(H2Stream& stream, bool awaits) {
  if (stream.awaits_answer_ == awaits) return;
  stream.awaits_answer_ = awaits;
  awaits ? ++awaiting_answer_ : --awaiting_answer_;
}

bool H2Session::MakesRoom() const {
  return awaiting_answer_ > 0 && !windows_are_shut_ && ticks_in_vain_ < kTicksOfPatience;
}

bool H2Session::InputWaits() const {
  return input_waits_ && !Admits() && carrier_->account().IsOver() && MakesRoom();
}

void H2Session::CheckWaitingInput() {
  const bool waits_in_vain = input_waits_ && !std::exchange(answers_ended_, false);
  ticks_in_vain_ = waits_in_vain ? ticks_in_vain_ + 1 : 0;
}

void H2Session::Admit(H2Stream& stream) {
  stream.waiting_ = false;
  stream.handler_ = service_->OnRequest(stream);
  CHECK(stream.handler_ != nullptr);
  ++served_;
  const std::unique_ptr<base::Bytes> data = std::move(stream.waiting_data_);
  if (data != nullptr && (stream.reset_ || stream.local_ended_)) {
    Consume(stream, data->size());
  } else if (data != nullptr) {
    stream.handler_->OnData(*data);
  }
}

void H2Session::AdmitWaiting() {
  while (!waiting_.empty() && !slice_over_ && Admits()) {
    H2Stream* const stream = Find(waiting_.front());
    waiting_.pop_front();
    if (stream == nullptr || !stream->waiting_ || stream->reset_) continue;
    Spend(WorkSlice::kRequestWork);
    Admit(*stream);
    if (stream->remote_ended_ && !stream->reset_) {
      SetAwaitsAnswer(*stream, !stream->local_end_queued_);
      stream->handler_->OnEnd(stream->received_trailers());
    }
  }
}

void H2Session::EndOverBudget(H2Stream& stream) {
  environment_.counters->of(Abuse::kOverBudget).Add();
  ResetStream(stream, ErrorCode::kEnhanceYourCalm);
  const std::unique_ptr<base::Bytes> data = std::move(stream.waiting_data_);
  if (data != nullptr) Consume(stream, data->size());
}

void H2Session::EndIfOverBudget(H2Stream& stream) {
  if (!IsServer() || stream.reset_) return;
  if (stream.held_ + stream.unconsumed_ == 0 || !carrier_->account().IsOver()) return;
  if (MakesRoom()) {
    input_waits_ = true;
  } else if (stream.id_ != favoured_) {
    EndOverBudget(stream);
  }
}

// ---- Messages that are not whole ----

void H2Session::CreditStream(H2Stream& stream, size_t bytes) {
  const Account& account = carrier_->account();
  const bool full = account.IsFull();
  if (full && favoured_ == 0 && !account.IsMemberSpent()) favoured_ = stream.id_;
  if (!full || stream.id_ == favoured_) {
    nghttp2_session_consume_stream(session_, stream.id_, bytes);
    return;
  }
  if (stream.owed_ == 0) owed_to_.push_back(stream.id_);
  stream.owed_ += bytes;
}

void H2Session::PayOwed(H2Stream& stream) {
  const size_t bytes = std::exchange(stream.owed_, 0);
  if (bytes == 0 || stream.remote_ended_) return;
  paid_ += bytes;
  nghttp2_session_consume_stream(session_, stream.id_, bytes);
  carrier_->ScheduleFlush();
}

void H2Session::EndSlowMessages(runtime::TimePoint now) {
  const Account& account = carrier_->account();
  if (!IsServer() || !account.IsScarce()) return;
  const runtime::Duration timeout = environment_.limits.StallTimeout(account.IsMemberShort());
  for (const auto& stream : streams_) {
    const bool is_partial = stream->held_ > 0 && !stream->remote_ended_ && !stream->reset_;
    if (is_partial && now - stream->held_since_ > timeout) EndOverBudget(*stream);
  }
}

void H2Session::ReleaseFavoured(const H2Stream& stream) {
  if (stream.id_ == favoured_) favoured_ = 0;
}

// ---- Answers ----

bool H2Session::Fits(const H2Stream& stream, size_t bytes) const {
  const bool only = unsent_ + unqueued_ == stream.unsent_ + stream.cost_.answers;
  return carrier_->account().FitsAnswer(bytes, only);
}

bool H2Session::HasRoomFor(const H2Stream& stream) const {
  const Account& account = carrier_->account();
  if (unsent_ == 0 || account.HasRoomForAnswers()) return true;
  return stream.unsent_ == 0 && !account.IsOver() && !account.IsShareSpent();
}

void H2Session::Starve(H2Stream& stream) {
  stream.blocked_ = true;
  if (stream.starved_) return;
  stream.starved_ = true;
  starved_.push_back(stream.id_);
}

// ---- Room ----

void H2Session::UseRoom() {
  const Account& account = carrier_->account();
  if (favoured_ != 0 && !account.IsFull()) favoured_ = 0;
  // Windows are widened by what there is room for, which may take its time to be used.
  while (!owed_to_.empty()) {
    const bool favours = favoured_ == 0 && !account.IsMemberSpent();
    if (account.RoomUntilFull() <= paid_ && !favours) break;
    H2Stream* const stream = Find(owed_to_.front());
    owed_to_.pop_front();
    if (stream == nullptr || stream->reset_ || stream->remote_ended_) continue;
    if (account.IsFull()) favoured_ = stream->id_;
    PayOwed(*stream);
    if (account.RoomUntilFull() <= paid_) break;
  }
  if (owed_to_.empty()) paid_ = 0;
  for (size_t left = starved_.size(); left > 0 && (unsent_ == 0 || account.HasRoomForAnswers());
       --left) {
    H2Stream* const stream = Find(starved_.front());
    starved_.pop_front();
    if (stream == nullptr || stream->reset_) continue;
    stream->starved_ = stream->blocked_ = false;
    stream->handler_->OnWritable();
  }
  const bool resumes = input_waits_ ? !InputWaits() : !waiting_.empty() && Admits();
  if (resumes) carrier_->ResumeInput();
}

}  // namespace http
