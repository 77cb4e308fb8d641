#include "net/rpc/answer_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/slice.h"

namespace rpc {
namespace {

using Then = http::Exchange::Then;

// zlib takes some 200 us for these.
constexpr size_t kCompressedAtOnce = 8 * 1024;

}  // namespace

AnswerQueue::Item& AnswerQueue::Add(size_t bytes) {
  Item& item = items_.emplace_back();
  item.bytes = bytes;
  item_bytes_ += bytes;
  return item;
}

void AnswerQueue::Compress(Message message) {
  Add(message.size()).message = std::move(message);
}

void AnswerQueue::SendFrame(http::Chunk frame) {
  Add(frame.size()).frame = std::move(frame);
}

void AnswerQueue::Produce(size_t length, Producer producer, bool gzip) {
  if (!gzip) SendFrame(MessagePrefix(length));
  Item& item = Add(gzip ? length : 0);
  item.left = length;
  item.producer = std::move(producer);
  if (gzip) item.message.emplace(length);
}

void AnswerQueue::End(http::Headers trailers) {
  Add(trailers.list_size()).trailers = std::move(trailers);
}

size_t AnswerQueue::held_bytes() const {
  size_t bytes = sizeof(AnswerQueue) + items_.size() * sizeof(Item) + item_bytes_;
  if (!items_.empty() && items_.front().compressor != nullptr) {
    bytes += items_.front().compressor->held_bytes();
  }
  return bytes;
}

base::Result<AnswerQueue::Progress> AnswerQueue::Work() {
  runtime::Slice slice(exchange_.loop().clock());
  while (!items_.empty()) {
    if (slice.IsOver()) return Progress::kMore;
    ASSIGN_OR_RETURN(const bool moved, Step());
    if (!moved) return Progress::kWaits;
  }
  return Progress::kDone;
}

base::Result<bool> AnswerQueue::Step() {
  Item& item = items_.front();
  if (item.left > 0) {
    // What is gathered to be compressed is in memory already.
    if (!item.message.has_value() && !exchange_.writable()) return false;
    RETURN_IF_ERROR(ProducePiece(item));
    if (item.left > 0 || item.message.has_value()) return true;
  } else if (item.message.has_value()) {
    const bool begins = item.compressor == nullptr;
    if (begins && !exchange_.Fits(GzipCompressor::kStateBytes)) {
      SendUncompressed(item);
    } else {
      CompressPiece(item);
    }
    if (item.message.has_value()) return true;
  } else if (item.frame.has_value()) {
    exchange_.SendData(*std::move(item.frame), Then::kContinue);
  } else if (item.trailers.has_value()) {
    exchange_.SendTrailers(*item.trailers);
  }
  item_bytes_ -= item.bytes;
  items_.pop_front();
  return true;
}

base::Status AnswerQueue::ProducePiece(Item& item) {
  ASSIGN_OR_RETURN(base::Bytes piece, item.producer(std::min(item.left, kPieceBytes)));
  if (piece.size() > item.left) {
    return base::Status(base::Code::kInternal, "an answer is not as long as was announced");
  }
  if (piece.empty()) return {};
  if (item.message.has_value()) {
    uint8_t* const to = item.message->data() + item.message->size() - item.left;
    std::memcpy(to, piece.data(), piece.size());
  }
  item.left -= piece.size();
  if (!item.message.has_value()) exchange_.SendData(std::move(piece), Then::kContinue);
  return {};
}

void AnswerQueue::SendUncompressed(Item& item) {
  exchange_.SendData(std::move(*item.message).TakeFrame(), Then::kContinue);
  item.message.reset();
}

void AnswerQueue::CompressPiece(Item& item) {
  if (item.compressor == nullptr) {
    item.compressor = std::make_unique<GzipCompressor>(item.message->view());
  }
  if (!item.compressor->Step(kCompressedAtOnce)) return;
  Message compressed(item.compressor->result());
  compressed.MarkCompressed();
  item.compressor.reset();
  item.message.reset();
  exchange_.SendData(std::move(compressed).TakeFrame(), Then::kContinue);
}

}  // namespace rpc
