#include "net/http/h2_stream.h"

#include <utility>

#include "base/check.h"
#include "net/http/h2_session.h"

namespace http {
namespace {

// A longer queue is not kept for the next exchange.
constexpr size_t kKeptQueueLength = 8;

}  // namespace

void H2Stream::Open(H2Session* session, int32_t id) {
  session_ = session;
  id_ = id;
}

void H2Stream::Recycle() {
  CHECK(queue_first_ == queue_.size());
  session_ = nullptr;
  handler_.reset();
  head_received_ = head_too_large_ = remote_ended_ = head_sent_ = false;
  local_end_queued_ = local_ended_ = has_trailers_ = deferred_ = blocked_ = reset_ = false;
  check_ = {};
  received_head_.Recycle();
  if (received_trailers_ != nullptr) received_trailers_->Recycle();
  if (trailers_ != nullptr) trailers_->Recycle();
  queue_.clear();
  if (queue_.capacity() > kKeptQueueLength) queue_.shrink_to_fit();
  queue_first_ = first_offset_ = 0;
  unsent_ = unconsumed_ = charged_ = held_ = owed_ = 0;
  cost_ = {};
  starved_ = waiting_ = awaits_answer_ = false;
  waiting_data_.reset();
}

const ConnectionInfo& H2Stream::connection() const {
  return session_->carrier_->info();
}

runtime::Loop& H2Stream::loop() {
  return *session_->environment_.loop;
}

const Headers& H2Stream::received_trailers() const {
  static const Headers none;
  return received_trailers_ == nullptr ? none : *received_trailers_;
}

void H2Stream::SendHead(const Headers& head, Then then) {
  CHECK(!head_sent_);
  head_sent_ = true;
  if (then == Then::kEnd) EndQueue();
  session_->SendHead(*this, head, then);
}

void H2Stream::SendData(Chunk chunk, Then then) {
  CHECK(head_sent_ && !local_end_queued_);
  if (then == Then::kEnd) EndQueue();
  if (reset_) return;
  const size_t size = chunk.size();
  if (size > 0) {
    queue_.push_back(std::move(chunk));
    session_->Charge(*this, size);
    unsent_ += size;
    session_->unsent_ += size;
    if (unsent_ >= session_->environment_.limits.stream_send_buffer) blocked_ = true;
  }
  session_->OnQueued(*this);
}

void H2Stream::SendTrailers(const Headers& trailers) {
  CHECK(head_sent_ && !local_end_queued_);
  EndQueue();
  if (reset_) return;
  if (trailers_ == nullptr) trailers_ = std::make_unique<Headers>();
  *trailers_ = trailers;
  has_trailers_ = true;
  session_->OnQueued(*this);
}

void H2Stream::EndQueue() {
  local_end_queued_ = true;
  session_->SetAwaitsAnswer(*this, false);
}

void H2Stream::Reset(ErrorCode code) {
  if (!reset_) session_->ResetStream(*this, code);
}

void H2Stream::Consume(size_t bytes) {
  session_->Consume(*this, bytes);
}

void H2Stream::SetHeld(size_t bytes) {
  session_->SetHeld(*this, bytes);
}

void H2Stream::SetCost(Cost cost) {
  session_->SetCost(*this, cost);
}

void H2Stream::CountTo(std::shared_ptr<SharedBudget> share) {
  session_->CountTo(std::move(share));
}

bool H2Stream::writable() {
  if (!blocked_ && !session_->HasRoomFor(*this)) session_->Starve(*this);
  return !blocked_;
}

bool H2Stream::Fits(size_t bytes) const {
  return session_->Fits(*this, bytes);
}

size_t H2Stream::TakeQueued(size_t count, OutputBuffer& output) {
  CHECK_LE(count, unsent_);
  size_t released = 0;
  unsent_ -= count;
  while (count > 0) {
    Chunk& chunk = queue_[queue_first_];
    const base::ByteView rest = chunk.view().substr(first_offset_);
    const base::ByteView taken = rest.substr(0, count);
    const bool copied = chunk.size() <= kCopiedChunkBytes;
    if (copied) {
      output.Append(taken);
    } else {
      output.AppendReference(taken);
    }
    count -= taken.size();
    first_offset_ += static_cast<uint32_t>(taken.size());
    if (taken.size() == rest.size()) {
      released += chunk.size();
      if (!copied) output.Keep(std::move(chunk));
      ++queue_first_;
      first_offset_ = 0;
    }
  }
  if (queue_first_ == queue_.size()) {
    queue_.clear();
    queue_first_ = 0;
  }
  return released;
}

void H2Stream::DropQueued(OutputBuffer& output) {
  if (first_offset_ > 0) output.Keep(std::move(queue_[queue_first_]));
  queue_.clear();
  queue_first_ = first_offset_ = 0;
  unsent_ = 0;
}

std::unique_ptr<H2Stream> StreamPool::Take() {
  if (free_.empty()) return std::make_unique<H2Stream>();
  std::unique_ptr<H2Stream> stream = std::move(free_.back());
  free_.pop_back();
  return stream;
}

void StreamPool::Give(std::unique_ptr<H2Stream> stream) {
  stream->Recycle();
  if (free_.size() < kMaxKept) free_.push_back(std::move(stream));
}

}  // namespace http
