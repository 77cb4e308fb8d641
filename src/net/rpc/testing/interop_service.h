#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/wire.h"
#include "net/rpc/server.h"

namespace rpc::testing {

inline constexpr char kInteropService[] = "cornerstore.interop.Interop";

// The messages of test/interop/interop.proto.
struct InteropRequest {
  base::Bytes payload = {};
  int64_t count = 0;
  int64_t size = 0;
  int code = 0;
  base::Bytes message = {};
  bool hang = false;

  // False if `bytes` is no such message.
  bool Parse(base::ByteView bytes) {
    base::WireReader reader(bytes);
    while (reader.Next()) {
      switch (reader.field()) {
        case 1:
          payload = reader.bytes();
          break;
        case 2:
          count = static_cast<int64_t>(reader.varint());
          break;
        case 3:
          size = static_cast<int64_t>(reader.varint());
          break;
        case 4:
          code = static_cast<int>(reader.varint());
          break;
        case 5:
          message = reader.bytes();
          break;
        case 6:
          hang = reader.varint() != 0;
          break;
        default:
          break;
      }
    }
    return reader.ok();
  }
  base::Bytes Encode() const {
    base::Bytes bytes;
    base::WireWriter writer(&bytes);
    writer.BytesIfSet(1, payload);
    writer.VarintIfSet(2, static_cast<uint64_t>(count));
    writer.VarintIfSet(3, static_cast<uint64_t>(size));
    writer.VarintIfSet(4, static_cast<uint64_t>(code));
    writer.BytesIfSet(5, message);
    writer.VarintIfSet(6, hang ? 1 : 0);
    return bytes;
  }
};

struct InteropReply {
  base::Bytes payload;
  int64_t messages = 0;
  int64_t bytes = 0;

  bool Parse(base::ByteView encoded) {
    base::WireReader reader(encoded);
    while (reader.Next()) {
      switch (reader.field()) {
        case 1:
          payload = reader.bytes();
          break;
        case 2:
          messages = static_cast<int64_t>(reader.varint());
          break;
        case 3:
          bytes = static_cast<int64_t>(reader.varint());
          break;
        default:
          break;
      }
    }
    return reader.ok();
  }
  Message Encode() const {
    base::Bytes encoded;
    base::WireWriter writer(&encoded);
    writer.BytesIfSet(1, payload);
    writer.VarintIfSet(2, static_cast<uint64_t>(messages));
    writer.VarintIfSet(3, static_cast<uint64_t>(bytes));
    return Message(encoded);
  }
};

inline base::Status MalformedRequest() {
  return base::Status(base::Code::kInternal, "grpc: error unmarshalling request");
}

// What the calls of one server leave behind. Outlives the server.
struct InteropState {
  // Those that are never answered, gone clients' too.
  std::vector<std::shared_ptr<ServerCall>> hanging;
  // Messages that ServerStream has sent.
  int64_t streamed = 0;
};

// The fields of a request's metadata that begin with "echo-".
inline http::Headers EchoOf(const http::Headers& metadata) {
  http::Headers echo;
  for (size_t i = 0; i < metadata.size(); ++i) {
    if (metadata[i].name.starts_with("echo-")) echo.Add(metadata[i].name, metadata[i].value);
  }
  return echo;
}

// Sends `count` replies as fast as the client takes them.
class ServerStreamCall final : public CallHandler {
 public:
  ServerStreamCall(std::shared_ptr<ServerCall> call, InteropState* state)
      : call_(std::move(call)), state_(*state) {}

  void OnMessage(base::ByteView message) override {
    if (!request_.Parse(message)) return call_->Finish(MalformedRequest());
    if (request_.hang) state_.hanging.push_back(call_);
    OnWritable();
  }
  void OnWritable() override {
    while (sent_ < request_.count && call_->writable()) {
      ++sent_;
      ++state_.streamed;
      call_->Send(
          InteropReply{base::Bytes(static_cast<size_t>(request_.size), 's'), sent_, 0}.Encode());
    }
    if (sent_ < request_.count || request_.hang) return;
    call_->Finish(request_.code == 0
                      ? base::Status()
                      : base::Status(static_cast<base::Code>(request_.code), request_.message));
  }

 private:
  const std::shared_ptr<ServerCall> call_;
  InteropState& state_;
  InteropRequest request_;
  int64_t sent_ = 0;
};

class ClientStreamCall final : public CallHandler {
 public:
  ClientStreamCall(std::shared_ptr<ServerCall> call, InteropState*) : call_(std::move(call)) {}

  void OnMessage(base::ByteView message) override {
    InteropRequest request;
    if (!request.Parse(message)) return call_->Finish(MalformedRequest());
    ++reply_.messages;
    reply_.bytes += static_cast<int64_t>(request.payload.size());
  }
  void OnHalfClose() override { call_->Reply(reply_.Encode()); }

 private:
  const std::shared_ptr<ServerCall> call_;
  InteropReply reply_;
};

// Echoes, and stops reading while the client does not read.
class BidiStreamCall final : public CallHandler {
 public:
  BidiStreamCall(std::shared_ptr<ServerCall> call, InteropState*) : call_(std::move(call)) {}

  void OnMessage(base::ByteView message) override {
    InteropRequest request;
    if (!request.Parse(message)) return call_->Finish(MalformedRequest());
    if (request.code != 0) {
      return call_->Finish(base::Status(static_cast<base::Code>(request.code), request.message));
    }
    call_->Send(InteropReply{request.payload, 0, 0}.Encode());
    if (!call_->writable()) call_->PauseReading();
  }
  void OnWritable() override { call_->ResumeReading(); }
  void OnHalfClose() override { call_->Finish({}); }

 private:
  const std::shared_ptr<ServerCall> call_;
};

inline void AnswerUnary(std::shared_ptr<ServerCall> call, base::ByteView message,
                        InteropState* state) {
  InteropRequest request;
  if (!request.Parse(message)) return call->Finish(MalformedRequest());
  if (request.hang) return state->hanging.push_back(std::move(call));
  const http::Headers echo = EchoOf(call->metadata());
  if (request.code != 0) {
    return call->Finish(base::Status(static_cast<base::Code>(request.code), request.message), echo);
  }
  InteropReply reply;
  reply.payload = request.size > 0 ? base::Bytes(static_cast<size_t>(request.size), 'u')
                                   : std::move(request.payload);
  call->Send(reply.Encode());
  call->Finish({}, echo);
}

inline InteropReply Progress(const InteropState& state) {
  InteropReply reply;
  reply.messages = state.streamed;
  for (const auto& call : state.hanging) reply.bytes += call->is_open() ? 1 : 0;
  return reply;
}

inline void AddInteropService(Server& server, InteropState* state) {
  server.AddUnary(kInteropService, "Unary",
                  [state](std::shared_ptr<ServerCall> call, base::ByteView message) {
                    AnswerUnary(std::move(call), message, state);
                  });
  server.AddUnary(kInteropService, "Progress",
                  [state](const std::shared_ptr<ServerCall>& call, base::ByteView) {
                    call->Reply(Progress(*state).Encode());
                  });
  const auto add = [&server, state]<typename Call>(const char* name, Kind kind, Call*) {
    server.AddStreaming(kInteropService, name, kind, [state](std::shared_ptr<ServerCall> call) {
      return std::make_unique<Call>(std::move(call), state);
    });
  };
  add("ServerStream", Kind::kServerStreaming, static_cast<ServerStreamCall*>(nullptr));
  add("ClientStream", Kind::kClientStreaming, static_cast<ClientStreamCall*>(nullptr));
  add("BidiStream", Kind::kBidiStreaming, static_cast<BidiStreamCall*>(nullptr));
}

}  // namespace rpc::testing
