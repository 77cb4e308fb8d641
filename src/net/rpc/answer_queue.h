#pragma once

#include <list>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/result.h"
#include "net/http/exchange.h"
#include "net/rpc/gzip.h"
#include "net/rpc/message.h"

namespace rpc {

// Gives a message that is not in memory, front to back, about `max` bytes at each call; nothing if
// it has to look further for the next.
using Producer = base::Callback<base::Result<base::Bytes>(size_t max)>;

// What a call answers with and cannot send at once: messages to compress, a message that is
// produced as its client takes it, and what must not overtake them. On the call's loop, which has
// it work in slices. Holds the messages that wait, and of one that is produced a piece; a producer
// of several stops while the call is not writable.
class AnswerQueue {
 public:
  // Of a message that is produced.
  static constexpr size_t kPieceBytes = 32 * 1024;

  explicit AnswerQueue(http::Exchange* exchange) : exchange_(*exchange) {}

  void Compress(Message message);
  void SendFrame(http::Chunk frame);
  // The message is announced with its length; `gzip`: gathered, and compressed as a whole.
  void Produce(size_t length, Producer producer, bool gzip);
  // Nothing follows.
  void End(http::Headers trailers);

  bool empty() const { return items_.empty(); }
  // What it takes, itself included.
  size_t held_bytes() const;

  enum class Progress : uint8_t {
    kDone,   // nothing is left
    kMore,   // wants another slice
    kWaits,  // until the exchange is writable
  };
  // Works for a slice. Fails as a producer does, in the middle of its message.
  base::Result<Progress> Work();

 private:
  struct Item {
    size_t bytes = 0;                // of the message or the frame
    std::optional<Message> message;  // to be compressed, once `left` is 0
    std::unique_ptr<GzipCompressor> compressor;
    std::optional<http::Chunk> frame;
    size_t left = 0;  // to be produced
    Producer producer;
    std::optional<http::Headers> trailers;
  };

  // A part of the first item, and takes it off when all is done. False if the exchange is full.
  base::Result<bool> Step();
  base::Status ProducePiece(Item& item);
  void CompressPiece(Item& item);
  void SendUncompressed(Item& item);
  Item& Add(size_t bytes);

  http::Exchange& exchange_;
  std::list<Item> items_;
  size_t item_bytes_ = 0;  // of all of them
};

}  // namespace rpc
