#pragma once

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/http/headers.h"

namespace http {

class H2Session;

// The functions that nghttp2 calls, each handing over to H2Session in its own terms. Included by
// the .cc files of the session only.
class H2Callbacks {
 public:
  // The table of all callbacks, made once.
  static const nghttp2_session_callbacks* Table();

  // Gives nghttp2 a stream's queued bytes; the provider's source is the H2Stream.
  static ssize_t ReadQueued(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t length,
                            uint32_t* flags, nghttp2_data_source* source, void* user_data);

 private:
  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* header, void* user_data);
  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user_data);
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t flags,
                      void* user_data);
  static int OnFrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user_data);
  static int OnDataChunk(nghttp2_session*, uint8_t flags, int32_t id, const uint8_t* data,
                         size_t size, void* user_data);
  static int OnStreamClose(nghttp2_session*, int32_t id, uint32_t error_code, void* user_data);
  static int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user_data);
  static int OnFrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int error,
                            void* user_data);
  static int SendData(nghttp2_session*, nghttp2_frame* frame, const uint8_t* frame_header,
                      size_t length, nghttp2_data_source* source, void* user_data);
};

// The fields as nghttp2 takes them, borrowed from `headers`.
class FieldArray {
 public:
  explicit FieldArray(const Headers& headers);
  const nghttp2_nv* data() const { return fields_; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kInline = 16;
  nghttp2_nv inline_[kInline];
  std::unique_ptr<nghttp2_nv[]> allocated_;
  nghttp2_nv* fields_ = inline_;
  size_t size_;
};

}  // namespace http
