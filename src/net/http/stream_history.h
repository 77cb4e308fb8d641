#pragma once

#include <array>
#include <cstdint>

#include "net/http/frame_scanner.h"

namespace http {

// Whether DATA and HEADERS may come on the streams that a client opened last, where nghttp2, which
// forgets closed streams, would pass them over: RFC 9113 section 5.1 wants an error if the client
// itself had ended the stream or can never open it, and silence if this end gave it up while the
// frame was on its way. Only counts. Of streams further back than kRemembered it knows nothing.
class StreamHistory {
 public:
  enum class Verdict : uint8_t {
    kFine,
    kPassedOver,  // a greater stream was opened instead of this one
    kEnded,       // the client has ended or reset it
  };
  // A frame of the client begins; all of them, in their order.
  Verdict OnFrame(const FrameHeader& frame);
  // Whether the frame gives up a stream that comes after all that were opened. Compat: RFC 9113
  // asks for an error, but gRPC's C core does that when a call's time is up before its HEADERS have
  // left, and grpc-go says nothing; a client that has opened no stream at all makes a mistake.
  bool GivesUpUnopened(const FrameHeader& frame) const {
    return frame.kind == FrameKind::kReset && frame.stream % 2 == 1 && last_ != 0 &&
           frame.stream > last_;
  }

 private:
  static constexpr uint32_t kRemembered = 32;

  // A client's identifiers are odd, so neighbours differ by two.
  static size_t PlaceOf(uint32_t id) { return id / 2 % kRemembered; }
  void Open(uint32_t id);
  void End(uint32_t id);

  uint32_t last_ = 0;                           // the greatest that was opened
  uint32_t ended_ = 0;                          // a bit for each place
  std::array<uint32_t, kRemembered> ids_ = {};  // by place
};

}  // namespace http
