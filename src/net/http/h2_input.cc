#include "net/http/h2_input.h"

#include <algorithm>
#include <utility>

namespace http {

H2Input::~H2Input() {
  if (block_ != nullptr) account_->Remove(block_->payload.size());
}

bool H2Input::FindFrame() {
  if (block_ != nullptr && block_->is_open) Collect();
  const size_t begin = scanned_;
  const size_t held = scanner_.partial().size();
  base::ByteView rest = input_.substr(scanned_);
  const bool found = scanner_.Next(&rest);
  scanned_ = input_.size() - rest.size();
  if (!found) {
    const size_t partial = scanner_.partial().size() - held;
    if (partial > 0) edits_.Replace(scanned_ - partial, scanned_);
    return false;
  }
  is_header_new_ = held == 0;
  const size_t header_begin = is_header_new_ ? scanned_ - FrameScanner::kHeaderBytes : begin;
  if (BelongsToLongBlock()) {
    const bool is_whole = frame().length == 0;
    edits_.Replace(header_begin, scanned_, is_whole ? FinishFrame() : base::Bytes());
  } else if (!is_header_new_) {
    edits_.Replace(header_begin, scanned_, base::Bytes(scanner_.encoded()));
  }
  return true;
}

void H2Input::HideFrame() {
  if (!is_header_new_ || frame().length > input_.size() - scanned_) return;
  edits_.Replace(scanned_ - FrameScanner::kHeaderBytes, scanned_ + frame().length);
}

bool H2Input::BelongsToLongBlock() {
  const FrameHeader& next = frame();
  if (next.kind == FrameKind::kHeaders && !next.ends_block()) {
    block_ = std::make_unique<Block>();
    block_->stream = next.stream;
  } else if (block_ != nullptr &&
             (next.kind != FrameKind::kContinuation || next.stream != block_->stream)) {
    block_.reset();
  }
  // A longer frame ends the connection.
  if (block_ != nullptr && next.length > LongFieldCutter::kLongestPayload) block_.reset();
  if (block_ == nullptr) return false;
  block_->header = next;
  block_->is_open = true;
  return true;
}

void H2Input::Collect() {
  base::Bytes& payload = block_->payload;
  const base::ByteView piece =
      input_.substr(scanned_).substr(0, block_->header.length - payload.size());
  if (piece.empty()) return;
  payload.append(piece);
  account_->Add(piece.size());
  const bool is_whole = payload.size() == block_->header.length;
  edits_.Replace(scanned_, scanned_ + piece.size(), is_whole ? FinishFrame() : base::Bytes());
}

base::Bytes H2Input::FinishFrame() {
  base::Bytes shown = block_->cutter.Cut(block_->header, block_->payload);
  account_->Remove(block_->payload.size());
  block_->payload.clear();
  block_->is_open = false;
  if (block_->header.ends_block()) block_.reset();
  return shown;
}

void H2Input::End(size_t left) {
  scanned_ = left;
  input_ = {};
}

}  // namespace http
