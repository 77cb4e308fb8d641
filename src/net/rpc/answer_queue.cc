#include "net/rpc/answer_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rpc {
namespace {

using Then = http::Exchange::Then;

// zlib takes some 200 us for these.
constexpr size_t kCompressedAtOnce = 8 * 1024;

// Bounds a slice where no time passes, or little.
constexpr int kStepsPerSlice = 16;

}  // namespace

void AnswerQueue::Compress(Message message) {
  Item item;
  item.message = std::move(message);
  items_.push_back(std::move(item));
}

void AnswerQueue::SendFrame(http::Chunk frame) {
  Item item;
  item.frame = std::move(frame);
  items_.push_back(std::move(item));
}

void AnswerQueue::Produce(size_t length, Producer producer, bool gzip) {
  Item item;
  item.left = length;
  item.producer = std::move(producer);
  if (gzip) {
    item.message.emplace(length);
  } else {
    SendFrame(MessagePrefix(length));
  }
  items_.push_back(std::move(item));
}

void AnswerQueue::End(http::Headers trailers) {
  Item item;
  item.trailers = std::move(trailers);
  items_.push_back(std::move(item));
}

base::Result<AnswerQueue::Progress> AnswerQueue::Work() {
  const runtime::Clock& clock = exchange_.loop().clock();
  const runtime::TimePoint end = clock.Now() + runtime::kSliceTime;
  for (int steps = 0; !items_.empty(); ++steps) {
    if (steps == kStepsPerSlice || (steps > 0 && clock.Now() >= end)) return Progress::kMore;
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
    CompressPiece(item);
    if (item.message.has_value()) return true;
  } else if (item.frame.has_value()) {
    exchange_.SendData(*std::move(item.frame), Then::kContinue);
  } else if (item.trailers.has_value()) {
    exchange_.SendTrailers(*item.trailers);
  }
  items_.pop_front();
  return true;
}

base::Status AnswerQueue::ProducePiece(Item& item) {
  ASSIGN_OR_RETURN(base::Bytes piece, item.producer(std::min(item.left, kPieceBytes)));
  if (piece.empty() || piece.size() > item.left) {
    return base::Status(base::Code::kInternal, "an answer is not as long as was announced");
  }
  if (item.message.has_value()) {
    uint8_t* const to = item.message->data() + item.message->size() - item.left;
    std::memcpy(to, piece.data(), piece.size());
  }
  item.left -= piece.size();
  if (!item.message.has_value()) exchange_.SendData(std::move(piece), Then::kContinue);
  return {};
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
