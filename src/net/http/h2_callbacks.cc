#include "net/http/h2_callbacks.h"

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "net/http/h2_session.h"

namespace http {

// What a field adds to the size of its list (RFC 9113 section 6.5.2).
static constexpr size_t kFieldOverhead = 32;

// A friend of the session and its streams; the signatures are nghttp2's.
class H2Callbacks {
 public:
  // The table of all callbacks, made once.
  static const nghttp2_session_callbacks* Table();

  // Gives nghttp2 a stream's queued bytes; the provider's source is the H2Stream.
  static ssize_t ReadQueued(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t length,
                            uint32_t* flags, nghttp2_data_source* source, void* user_data);

 private:
  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user_data);
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t flags,
                      void* user_data);
  // Where the fields of the block that is arriving belong.
  static Headers& FieldsInto(H2Stream& stream);
  // Whether a request is, with the frame that just ended.
  static bool IsWellFormed(H2Stream& stream, bool is_head, bool ended);
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

namespace {

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

H2Session& SessionOf(void* user_data) {
  return *static_cast<H2Session*>(user_data);
}

base::ByteView View(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

uint8_t* Bytes(base::ByteView view) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(view.data()));
}

FieldArray::FieldArray(const Headers& headers) : size_(headers.size()) {
  if (size_ > kInline) {
    allocated_ = std::make_unique<nghttp2_nv[]>(size_);
    fields_ = allocated_.get();
  }
  nghttp2_nv* next = fields_;
  for (const Headers::Field field : headers) {
    *next++ = {Bytes(field.name), Bytes(field.value), field.name.size(), field.value.size(),
               NGHTTP2_NV_FLAG_NONE};
  }
}

}  // namespace

const nghttp2_session_callbacks* H2Callbacks::Table() {
  static const nghttp2_session_callbacks* const table = [] {
    nghttp2_session_callbacks* callbacks = nullptr;
    CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrameReceived);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnDataChunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnStreamClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &OnFrameSent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, &OnFrameNotSent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, &SendData);
    return callbacks;
  }();
  return table;
}

int H2Callbacks::OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  H2Session& session = SessionOf(user_data);
  session.in_header_block_ = true;
  session.block_bytes_ = session.block_counted_ = 0;
  if (session.terminated_ || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  session.OnBeginHead(frame->hd.stream_id);
  return 0;
}

int H2Callbacks::OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                          size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                          void* user_data) {
  H2Session& session = SessionOf(user_data);
  // Nothing of the rest is read.
  if (session.terminated_) return NGHTTP2_ERR_CALLBACK_FAILURE;
  const size_t size = name_size + value_size + kFieldOverhead;
  session.block_bytes_ += size;
  H2Stream* const stream = session.Find(frame->hd.stream_id);
  if (session.block_bytes_ - session.block_counted_ > H2Session::kBlockBytesUncounted) {
    session.CountBlock(stream);
  }
  const int stop = session.StopsReading() ? NGHTTP2_ERR_PAUSE : 0;
  const size_t limit = session.environment_.limits.max_header_list_size;
  if (session.block_bytes_ > limit) {
    if (stream != nullptr) stream->head_too_large_ = true;
    const size_t sent = session.guard_.block_bytes();
    if (session.block_bytes_ <= limit * Limits::kHeaderListFactor + sent) return stop;
    session.OnEndlessBlock();
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  if (stream == nullptr) return stop;
  if (session.IsServer() && !stream->reset_ &&
      !stream->check_.OnField(View(name, name_size), View(value, value_size))) {
    session.RefuseStream(*stream);
  }
  if (!stream->reset_) FieldsInto(*stream).Add(View(name, name_size), View(value, value_size));
  return stop;
}

Headers& H2Callbacks::FieldsInto(H2Stream& stream) {
  if (!stream.head_received_) return stream.received_head_;
  if (stream.received_trailers_ == nullptr) {
    stream.received_trailers_ = std::make_unique<Headers>();
  }
  return *stream.received_trailers_;
}

bool H2Callbacks::IsWellFormed(H2Stream& stream, bool is_head, bool ended) {
  // A head of which not all was read is refused for that; trailers are not needed.
  if (is_head && stream.head_too_large_) return !stream.head_received_;
  // A second head are trailers.
  if (is_head && stream.head_received_ && !ended) return false;
  if (is_head && !stream.head_received_ && !stream.check_.OnHeadComplete()) return false;
  return !ended || stream.check_.OnEnd();
}

int H2Callbacks::OnFrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  H2Session& session = SessionOf(user_data);
  if (frame->hd.type == NGHTTP2_HEADERS) session.in_header_block_ = false;
  if (session.terminated_) return 0;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      H2Stream* const stream = session.Find(frame->hd.stream_id);
      if (stream == nullptr) break;
      const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      const bool is_head = frame->hd.type == NGHTTP2_HEADERS;
      if (is_head) session.CountBlock(stream);
      if (session.IsServer() && !stream->reset_ && !IsWellFormed(*stream, is_head, ended)) {
        session.RefuseStream(*stream);
        break;
      }
      if (is_head && !stream->head_received_ && !stream->reset_) {
        session.OnHeadComplete(*stream, ended);
      }
      if (ended) session.OnRemoteEnd(*stream);
      break;
    }
    case NGHTTP2_SETTINGS:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) session.OnSettings();
      break;
    case NGHTTP2_PING:
      session.OnPing((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0);
      break;
    case NGHTTP2_RST_STREAM:
      session.OnResetReceived(session.Find(frame->hd.stream_id));
      break;
    case NGHTTP2_GOAWAY:
      session.goaway_received_ = true;
      session.carrier_->OnGoAway();
      break;
    default:
      break;
  }
  return 0;
}

int H2Callbacks::OnDataChunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data,
                             size_t size, void* user_data) {
  H2Session& session = SessionOf(user_data);
  H2Stream* const stream = session.Find(id);
  if (stream == nullptr || session.terminated_) return 0;
  if (session.IsServer() && !stream->reset_ && !stream->check_.OnData(size)) {
    session.RefuseStream(*stream);
  }
  session.OnData(*stream, View(data, size));
  session.Spend(size);
  return session.StopsReading() ? NGHTTP2_ERR_PAUSE : 0;
}

int H2Callbacks::OnStreamClose(nghttp2_session*, int32_t id, uint32_t error_code, void* user_data) {
  H2Session& session = SessionOf(user_data);
  H2Stream* const stream = session.Find(id);
  if (stream != nullptr) session.OnStreamClosed(*stream, error_code);
  return 0;
}

int H2Callbacks::OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  H2Session& session = SessionOf(user_data);
  if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
    session.OnMessageFrameSent(frame->hd.stream_id, frame->hd.length,
                               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
  } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
    H2Stream* const stream = session.Find(frame->hd.stream_id);
    if (stream != nullptr) stream->reset_ = true;  // by nghttp2 itself, too
  } else if (frame->hd.type == NGHTTP2_GOAWAY) {
    session.OnGoAwaySent(frame->goaway.error_code);
  }
  return 0;
}

int H2Callbacks::OnFrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int,
                                void* user_data) {
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    SessionOf(user_data).OnRequestNotSent(frame->hd.stream_id);
  }
  return 0;
}

ssize_t H2Callbacks::ReadQueued(nghttp2_session* session, int32_t id, uint8_t*, size_t length,
                                uint32_t* flags, nghttp2_data_source* source, void*) {
  H2Stream& stream = *static_cast<H2Stream*>(source->ptr);
  if (stream.unsent_ == 0 && !stream.local_end_queued_) {
    stream.deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const size_t count = std::min(length, stream.unsent_);
  if (count > 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (count == stream.unsent_ && stream.local_end_queued_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.has_trailers_) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const FieldArray fields(*stream.trailers_);
      if (nghttp2_submit_trailer(session, id, fields.data(), fields.size()) != 0) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
      }
    }
  }
  return static_cast<ssize_t>(count);
}

int H2Callbacks::SendData(nghttp2_session*, nghttp2_frame*, const uint8_t* frame_header,
                          size_t length, nghttp2_data_source* source, void* user_data) {
  constexpr size_t kFrameHeaderBytes = 9;
  H2Session& session = SessionOf(user_data);
  H2Stream& stream = *static_cast<H2Stream*>(source->ptr);
  OutputBuffer& output = session.carrier_->output();
  if (output.size() >= session.produce_limit_) return NGHTTP2_ERR_WOULDBLOCK;
  output.Append(View(frame_header, kFrameHeaderBytes));
  session.Discharge(stream, stream.TakeQueued(length, output));
  session.OnDataTaken(stream, length);
  return 0;
}

const nghttp2_session_callbacks* Http2Callbacks() {
  return H2Callbacks::Table();
}

int32_t SubmitRequest(nghttp2_session* session, const Headers& head, H2Stream* stream, bool body) {
  const FieldArray fields(head);
  const nghttp2_data_provider provider = {{.ptr = stream}, &H2Callbacks::ReadQueued};
  const int32_t id = nghttp2_submit_request(session, nullptr, fields.data(), fields.size(),
                                            body ? &provider : nullptr, stream);
  CHECK(id > 0);
  return id;
}

void SubmitResponse(nghttp2_session* session, const Headers& head, H2Stream* stream, bool body) {
  const FieldArray fields(head);
  const nghttp2_data_provider provider = {{.ptr = stream}, &H2Callbacks::ReadQueued};
  // Fails only for a stream that is closed already.
  nghttp2_submit_response(session, stream->id(), fields.data(), fields.size(),
                          body ? &provider : nullptr);
}

}  // namespace http
