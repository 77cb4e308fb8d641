#pragma once

#include <memory>
#include <string>

#include "base/callback.h"
#include "net/http/counters.h"
#include "net/http/exchange.h"
#include "net/http/tls_context.h"
#include "runtime/network.h"
#include "runtime/workers.h"

namespace http {

// TLS on any stream of the runtime, the simulated ones too: itself a stream, which delivers and
// takes plain bytes once the handshake is done. It keeps at most one record of ciphertext that the
// inner stream did not take, so back-pressure passes through it. Unlike other streams it is not
// destroyed inside any of its events.
//
// Handshakes with a slow key can be left to workers. While one is at work the stream reads nothing;
// it may be closed and destroyed, which the worker does not notice.
class TlsStream final : public runtime::Stream, private runtime::StreamHandler {
 public:
  // Certificates must be valid at `now`; a client's server must have one for `server_name`, which
  // is empty at a server.
  TlsStream(std::shared_ptr<const TlsContext> context, std::unique_ptr<runtime::Stream> inner,
            const std::string& server_name, runtime::WallTime now);
  ~TlsStream() override;

  // Before Start, at a server: who does the steps of handshakes that sign slowly, for streams on
  // `loop`. When they have too much to do already, the connection fails and is counted.
  struct HandshakeWorkers {
    runtime::Workers* workers = nullptr;  // null: nobody, each stream does them itself
    runtime::Loop* loop = nullptr;
    Counter* refused = nullptr;
  };
  void LeaveHandshakeTo(const HandshakeWorkers& workers);

  // Before Start, at a client that speaks HTTP/1.1: offers no protocol (ALPN), as Go's clients of
  // that kind do not.
  void OfferNoHttp2();

  // Before Start: `done` receives what is known of the peer after the handshake, before any byte.
  // A failed handshake is reported by OnError instead.
  void OnHandshake(base::Callback<void(const ConnectionInfo&)> done) {
    on_handshake_ = std::move(done);
  }

  // Before Start: `tell` receives why a handshake has failed, before OnError does.
  struct Rejection {
    runtime::Address peer;
    std::string server_name;  // that the client asked for; empty if it named none
    base::Status why;
    bool peer_ended = false;  // the peer has closed without a word, as probes of ports do
  };
  void OnRejected(base::Callback<void(const Rejection&)> tell) { on_rejected_ = std::move(tell); }

  void Start(runtime::StreamHandler* handler) override;
  base::Result<size_t> Write(std::span<const base::ByteView> pieces) override;
  void PauseReading() override;
  void ResumeReading() override;
  bool HasPeerLeft() override { return inner_->HasPeerLeft(); }
  void ShutdownWrite() override;
  void Close(bool abort) override;
  runtime::Address local_address() const override { return inner_->local_address(); }
  runtime::Address peer_address() const override { return inner_->peer_address(); }

 private:
  // OpenSSL's side of the connection with the ciphertext on both sides of it. Shared with the
  // worker, to whom it belongs while at_work_.
  struct Engine;

  // runtime::StreamHandler, of the inner stream.
  void OnData(base::ByteView bytes) override;
  void OnEndOfInput() override;
  void OnWritable() override;
  void OnError(base::Status status) override;

  // Goes on with the handshake or the reading, as far as the input reaches.
  void Drive();
  void StartStep();
  void FinishStep();
  void OnStepDone();
  void DeliverInput();
  bool HasRoom() const;  // for a record
  base::Status FlushOutput();
  void Fail(const base::Status& status);
  void TellRejection(const base::Status& why);

  const std::unique_ptr<runtime::Stream> inner_;
  const std::shared_ptr<Engine> engine_;
  HandshakeWorkers workers_;
  runtime::StreamHandler* handler_ = nullptr;
  base::Callback<void(const ConnectionInfo&)> on_handshake_;
  base::Callback<void(const Rejection&)> on_rejected_ = [](const Rejection&) {};
  base::Bytes held_input_;  // not yet read, while paused or at work
  bool at_work_ = false;    // a worker is
  bool handshaken_ = false;
  bool paused_ = false;
  bool delivering_ = false;
  bool wants_room_ = false;  // the handler was refused bytes
  bool shutting_down_ = false;
  bool peer_ended_ = false;
  bool closed_ = false;
};

}  // namespace http
