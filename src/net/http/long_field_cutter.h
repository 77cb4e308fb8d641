#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "net/http/frame_scanner.h"

namespace http {

// Shortens the strings of one header block (RFC 7541 section 6) that are too long to be read,
// before nghttp2 sees it: nghttp2 ends the connection for a string of more than 64 KiB, and with it
// the calls beside. What is left of such a string are kCutBytes of 'x', so that the request is
// answered as one whose token, or whatever it was, is unknown. Since they do not fit into the table
// of fields either (4,096 bytes, as we announce no other), a field leaves that table as it would
// have.
//
// Knows where strings begin and end and nothing else: what is malformed stays so, for nghttp2 to
// refuse. Never makes a block longer.
class LongFieldCutter {
 public:
  // The longest strings that are left alone: as they are, and Huffman coded, which may stand for
  // 8/5 as much.
  static constexpr size_t kLongestPlain = 60 * 1024;
  static constexpr size_t kLongestCoded = kLongestPlain * 5 / 8;
  static constexpr size_t kCutBytes = 8 * 1024;
  // Of a frame, as long as SETTINGS_MAX_FRAME_SIZE is what it is by itself.
  static constexpr size_t kLongestPayload = 16 * 1024;

  // The block's next frame, whole, as nghttp2 is to see it: with its header, without padding and
  // priority, as none or two if that is what it takes. Requires HEADERS first, then CONTINUATION,
  // of kLongestPayload at most.
  base::Bytes Cut(const FrameHeader& header, base::ByteView payload);

 private:
  enum class State : uint8_t { kField, kIndex, kLength, kLengthGoesOn, kString, kBroken };

  // Takes padding and priority off; false if that is not possible.
  static bool Strip(const FrameHeader& header, base::ByteView* payload);
  void CutPayload(base::ByteView payload, base::Bytes* output);
  void OnFieldByte(uint8_t byte);
  void OnLengthByte(uint8_t byte, base::Bytes* output);
  void BeginString(base::Bytes* output);
  size_t OnStringBytes(base::ByteView bytes, base::Bytes* output);
  // After an index or a string.
  void GoOn();

  State state_ = State::kField;
  int strings_ = 0;      // of the present field, still to come
  base::Bytes length_;   // as it was sent, until it is whole
  size_t left_ = 0;      // of the present string
  bool is_cut_ = false;  // the present string
  size_t to_fill_ = 0;   // of kCutBytes
};

}  // namespace http
