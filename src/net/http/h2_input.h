#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "net/http/budget.h"
#include "net/http/frame_scanner.h"
#include "net/http/input_edits.h"
#include "net/http/long_field_cutter.h"

namespace http {

// What a client sends over HTTP/2, on its way to nghttp2: finds the headers of its frames, for the
// session to judge, passes over frames that nghttp2 is not to see, and shows it a header block of
// several frames as LongFieldCutter leaves it. Of a frame header nghttp2 sees all or nothing.
class H2Input {
 public:
  // `account` is that of the connection. One frame of a header block is counted to it, while it
  // arrives.
  explicit H2Input(Account* account) : account_(account) {}
  ~H2Input();
  H2Input(const H2Input&) = delete;
  H2Input& operator=(const H2Input&) = delete;

  // What is left of the input before, and what has come behind it. Valid until End.
  void Begin(base::ByteView input) { input_ = input; }
  // Finds the next frame header in what has come; false if there is none.
  bool FindFrame();
  const FrameHeader& frame() const { return scanner_.header(); }
  // Passes over the frame that was found, if all of it is there and had not begun before.
  void HideFrame();
  // Whether a header block of several frames is under way.
  bool is_in_long_block() const { return block_ != nullptr; }

  // What nghttp2 is to read next of `input`, all that is left; may be empty.
  base::ByteView Next(base::ByteView input) const { return edits_.Next(input); }
  // So many bytes of Next(*input) were read.
  void Pass(base::ByteView* input, size_t count) { edits_.Pass(input, count); }
  // So many bytes of the input are left.
  void End(size_t left);

 private:
  struct Block {
    uint32_t stream;
    LongFieldCutter cutter;
    FrameHeader header;   // of the frame that arrives
    base::Bytes payload;  // what of it has come
    bool is_open = true;  // more of it is to come
  };

  // Whether the frame that was found belongs to a header block of several.
  bool BelongsToLongBlock();
  // Takes what has come of the payload of such a frame.
  void Collect();
  base::Bytes FinishFrame();

  Account* const account_;
  base::ByteView input_;
  size_t scanned_ = 0;          // bytes of input_ that scanner_ has seen
  bool is_header_new_ = false;  // of the frame that was found: it began in this input
  FrameScanner scanner_;
  InputEdits edits_;
  std::unique_ptr<Block> block_;
};

}  // namespace http
