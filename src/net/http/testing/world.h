#pragma once

#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "net/http/connection_group.h"
#include "net/http/server.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"

namespace http::testing {

// One frame on the wire (RFC 9113 section 4.1).
struct Frame {
  uint8_t kind = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
  base::Bytes payload;

  base::Bytes Encode() const {
    const auto size = static_cast<uint32_t>(payload.size());
    base::Bytes bytes;
    for (const uint32_t part : {size >> 16, size >> 8, size}) {
      bytes.push_back(static_cast<char>(part & 0xff));
    }
    bytes.push_back(static_cast<char>(kind));
    bytes.push_back(static_cast<char>(flags));
    for (const uint32_t part : {stream >> 24, stream >> 16, stream >> 8, stream}) {
      bytes.push_back(static_cast<char>(part & 0xff));
    }
    return bytes + payload;
  }
};

inline constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4,
                         kPing = 6, kGoAway = 7, kWindowUpdate = 8, kContinuation = 9;
inline constexpr uint8_t kEndStream = 1, kEndHeaders = 4, kAck = 1;

inline uint32_t ReadUint(base::ByteView bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// A header block in which every field is a literal that is not indexed (RFC 7541 section 6.2.2).
inline base::Bytes EncodeFields(const std::vector<std::pair<std::string, std::string>>& fields) {
  base::Bytes block;
  const auto append = [&block](const std::string& text) {
    // The length as an integer with a prefix of 7 bits (section 5.1).
    size_t size = text.size();
    if (size < 127) {
      block.push_back(static_cast<char>(size));
    } else {
      block.push_back(127);
      for (size -= 127; size >= 128; size >>= 7) {
        block.push_back(static_cast<char>((size & 0x7f) | 0x80));
      }
      block.push_back(static_cast<char>(size));
    }
    block += text;
  };
  for (const auto& [name, value] : fields) {
    block.push_back(0);
    append(name);
    append(value);
  }
  return block;
}

inline Frame RequestFrame(uint32_t stream, bool ended, const std::string& path = "/echo") {
  return {
      kHeaders, static_cast<uint8_t>(kEndHeaders | (ended ? kEndStream : 0)), stream,
      EncodeFields(
          {{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "server"}})};
}

// What a field of HeaderBomb is: as large as fits into the table of a connection (RFC 7541 section
// 4.1).
inline constexpr size_t kBombFieldBytes = 4096;

// A header block of some 4 KiB that stands for `fields` fields of as many bytes each: one that goes
// into the table, and then references to it of one byte.
inline base::Bytes HeaderBomb(size_t fields) {
  base::Bytes literal = EncodeFields({{"bomb", base::Bytes(kBombFieldBytes - 32 - 4, 'b')}});
  literal[0] = 0x40;  // with indexing
  return literal + base::Bytes(fields - 1, static_cast<char>(0x80 | 62));
}

inline Frame RequestWithBomb(uint32_t stream, size_t fields) {
  Frame frame = RequestFrame(stream, /*ended=*/false, "/never");
  frame.payload += HeaderBomb(fields);
  return frame;
}

// SETTINGS that give each stream a window of so many bytes (RFC 9113 section 6.5.2).
inline Frame StreamWindows(uint32_t bytes) {
  constexpr uint16_t kInitialWindowSize = 4;
  base::Bytes payload(6, '\0');
  payload[1] = kInitialWindowSize;
  base::Store32Be(payload.data() + 2, bytes);
  return {kSettings, 0, 0, std::move(payload)};
}

// Makes the window of a stream, or of the connection if it is 0, so much wider.
inline Frame WiderWindow(uint32_t stream, uint32_t bytes) {
  base::Bytes payload(4, '\0');
  base::Store32Be(payload.data(), bytes);
  return {kWindowUpdate, 0, stream, std::move(payload)};
}

// A client that sends any bytes and keeps what it receives.
class RawClient final : public runtime::StreamHandler {
 public:
  explicit RawClient(std::unique_ptr<runtime::Stream> stream) : stream_(std::move(stream)) {
    stream_->Start(this);
  }

  void Send(base::ByteView bytes) {
    unsent_.append(bytes);
    OnWritable();
  }
  void Send(const Frame& frame) { Send(frame.Encode()); }
  // HTTP/2's preface and an empty SETTINGS frame.
  void SendPreface() {
    Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame{kSettings, 0, 0, ""}.Encode());
  }
  void ShutdownWrite() { stream_->ShutdownWrite(); }
  void PauseReading() { stream_->PauseReading(); }
  void ResumeReading() { stream_->ResumeReading(); }
  void Close() {
    closed_ = true;
    stream_->Close();
  }

  const base::Bytes& received() const { return received_; }
  // What the server does not take yet.
  const base::Bytes& unsent() const { return unsent_; }
  // The server has closed its side.
  bool ended() const { return ended_; }

  std::vector<Frame> ReceivedFrames() const {
    std::vector<Frame> frames;
    base::ByteView rest = received_;
    while (rest.size() >= 9) {
      const size_t size = ReadUint(rest.substr(0, 3));
      if (rest.size() < 9 + size) break;
      frames.push_back({static_cast<uint8_t>(rest[3]), static_cast<uint8_t>(rest[4]),
                        ReadUint(rest.substr(5, 4)), base::Bytes(rest.substr(9, size))});
      rest.remove_prefix(9 + size);
    }
    return frames;
  }
  std::vector<Frame> ReceivedFrames(uint8_t kind) const {
    std::vector<Frame> chosen;
    for (Frame& frame : ReceivedFrames()) {
      if (frame.kind == kind) chosen.push_back(std::move(frame));
    }
    return chosen;
  }
  // The debug text of the last GOAWAY, or "none".
  std::string GoAwayText() const {
    const auto frames = ReceivedFrames(kGoAway);
    return frames.empty() ? "none" : frames.back().payload.substr(8);
  }

 private:
  void OnData(base::ByteView bytes) override { received_.append(bytes); }
  void OnEndOfInput() override { ended_ = true; }
  void OnError(base::Status) override { ended_ = closed_ = true; }
  void OnWritable() override {
    while (!unsent_.empty() && !closed_) {
      const base::ByteView piece = unsent_;
      const auto taken = stream_->Write({&piece, 1});
      if (!taken.ok() || *taken == 0) return;
      unsent_.erase(0, *taken);
    }
  }

  std::unique_ptr<runtime::Stream> stream_;
  base::Bytes received_;
  base::Bytes unsent_;
  bool ended_ = false;
  bool closed_ = false;
};

// The client's end of an exchange: keeps all that happens.
class RecordingHandler final : public ExchangeHandler {
 public:
  // With `consume`, what arrives is consumed at once.
  explicit RecordingHandler(bool consume = true) : consume_(consume) {}

  void OnHead() override { head = exchange->received_head(); }
  void OnData(base::ByteView bytes) override {
    data.append(bytes);
    if (consume_) exchange->Consume(bytes.size());
  }
  void OnEnd(const Headers& received) override {
    ended = true;
    trailers = received;
  }
  void OnWritable() override { ++writable_events; }
  void OnClosed(const Closing& reason) override {
    closed = true;
    closing = reason;
    exchange = nullptr;
  }

  Exchange* exchange = nullptr;
  Headers head;
  base::Bytes data;
  Headers trailers;
  bool ended = false;
  bool closed = false;
  int writable_events = 0;
  Closing closing;

 private:
  const bool consume_;
};

// A server and its clients in virtual time.
class World {
 public:
  explicit World(Service* service, const Server::Options& options = {},
                 Connection::Protocols protocols = {})
      : scheduler_(1),
        wires_(&scheduler_),
        server_loop_(scheduler_.NewLoop("server")),
        client_loop_(scheduler_.NewLoop("client")),
        server_network_(wires_.NewNetwork("server", server_loop_.get())),
        client_network_(wires_.NewNetwork("client", client_loop_.get())),
        server_(
            std::make_unique<Server>(server_loop_.get(), server_network_.get(), service, options)),
        clients_(std::make_unique<ConnectionGroup>(client_loop_.get(), Limits{}, Keepalive{})) {
    Server::Listening listening;
    listening.protocols = protocols;
    CHECK(server_->Listen(kAddress, listening).ok());
  }

  ~World() {
    raw_clients_.clear();
    clients_.reset();
    server_.reset();
  }

  void RunFor(runtime::Duration duration) { scheduler_.RunFor(duration); }
  // Long enough for what is under way, too short for any time limit.
  void Settle() { RunFor(std::chrono::milliseconds(200)); }

  // Runs `task` on the loop of the clients, or of the server.
  void Do(base::Callback<void()> task) {
    client_loop_->Post(std::move(task));
    RunFor(runtime::Duration(0));
  }
  void DoAtServer(base::Callback<void()> task) {
    server_loop_->Post(std::move(task));
    RunFor(runtime::Duration(0));
  }

  std::unique_ptr<runtime::Stream> Connect() {
    std::unique_ptr<runtime::Stream> connected;
    const auto attempt = client_network_->Connect(kAddress, [&connected](auto result) {
      CHECK(result.ok());
      connected = std::move(result).value();
    });
    Settle();
    CHECK(connected != nullptr);
    return connected;
  }
  RawClient& ConnectRaw() {
    raw_clients_.push_back(std::make_unique<RawClient>(Connect()));
    return *raw_clients_.back();
  }
  // An HTTP/2 client; `*lost` receives why its connection ended.
  Connection& ConnectHttp2(base::Status* lost = nullptr) {
    Connection* connection = nullptr;
    auto stream = Connect();
    Connection::ClientEvents events;
    events.on_closed = [lost](base::Status status) {
      if (lost != nullptr) *lost = std::move(status);
    };
    Do([&] {
      connection = &clients_->Add(
          std::make_unique<Connection>(clients_.get(), std::move(stream), std::move(events)));
    });
    return *connection;
  }

  std::shared_ptr<RecordingHandler> Request(Connection& connection, Exchange::Then then,
                                            const std::string& path = "/echo",
                                            bool consume = true) {
    auto handler = std::make_shared<RecordingHandler>(consume);
    const Headers head = {
        {":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "server"}};
    Do([&] { handler->exchange = &connection.client_session().Request(head, then, handler); });
    return handler;
  }

  Server& server() { return *server_; }
  void DestroyServer() { server_.reset(); }
  const Counters& counters() { return server_->counters(); }
  uint64_t abuse(Abuse kind) { return counters().abuse[static_cast<size_t>(kind)].value(); }
  runtime::simulated::Scheduler& scheduler() { return scheduler_; }
  runtime::simulated::Wires& wires() { return wires_; }
  runtime::Loop& server_loop() { return *server_loop_; }
  runtime::Loop& client_loop() { return *client_loop_; }
  runtime::Network& client_network() { return *client_network_; }
  runtime::Network& server_network() { return *server_network_; }

  // Where the server listens.
  inline static const runtime::Address kAddress{"server", 2379, ""};

 private:
  runtime::simulated::Scheduler scheduler_;
  runtime::simulated::Wires wires_;
  std::unique_ptr<runtime::Loop> server_loop_;
  std::unique_ptr<runtime::Loop> client_loop_;
  std::unique_ptr<runtime::Network> server_network_;
  std::unique_ptr<runtime::Network> client_network_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ConnectionGroup> clients_;
  std::vector<std::unique_ptr<RawClient>> raw_clients_;
};

// Answers every request: "/echo" with what it receives as it comes, "/big/N" with N bytes, any
// other path is never answered.
class EchoService final : public Service {
 public:
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
    ++requests;
    auto handler = std::make_shared<Handler>(this, &exchange);
    last = handler;
    const Headers& head = exchange.received_head();
    handler->path = base::Bytes(Path(head));
    static const Headers kOk = {{":status", "200"}, {"content-type", "text/plain"}};
    if (Path(head).starts_with("/echo") || Path(head).starts_with("/big/")) {
      exchange.SendHead(kOk, Exchange::Then::kContinue);
    }
    if (Path(head).starts_with("/big/")) {
      size_t size = 0;
      std::from_chars(handler->path.data() + 5, handler->path.data() + handler->path.size(), size);
      exchange.SendData(base::Bytes(size, 'b'), Exchange::Then::kEnd);
    }
    return handler;
  }

  struct Handler final : ExchangeHandler {
    Handler(EchoService* the_service, Exchange* the_exchange)
        : service(the_service), exchange(the_exchange) {}
    void OnData(base::ByteView bytes) override {
      received += bytes.size();
      if (path != "/echo") return;  // unread for ever
      exchange->SendData(base::Bytes(bytes), Exchange::Then::kContinue);
      exchange->Consume(bytes.size());
    }
    void OnEnd(const Headers&) override {
      ended = true;
      static const Headers kTrailers = {{"x-trailer", "done"}};
      if (path == "/echo") exchange->SendTrailers(kTrailers);
    }
    void OnWritable() override { ++writable_events; }
    void OnClosed(const Closing& reason) override {
      closing = reason;
      closed = true;
      ++service->closed;
    }

    EchoService* service;
    Exchange* exchange;
    base::Bytes path;
    size_t received = 0;
    int writable_events = 0;
    bool ended = false;
    bool closed = false;
    Closing closing;
  };

  int requests = 0;
  int closed = 0;
  std::shared_ptr<Handler> last;
};

}  // namespace http::testing
