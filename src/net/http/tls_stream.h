#pragma once

#include <memory>
#include <string>

#include "base/callback.h"
#include "net/http/exchange.h"
#include "net/http/tls_context.h"
#include "runtime/network.h"

namespace http {

// TLS on any stream of the runtime, the simulated ones too: itself a stream, which delivers and
// takes plain bytes once the handshake is done. It keeps at most one record of ciphertext that the
// inner stream did not take, so back-pressure passes through it. Unlike other streams it is not
// destroyed inside any of its events.
class TlsStream final : public runtime::Stream, private runtime::StreamHandler {
 public:
  // Certificates must be valid at `now`; a client's server must have one for `server_name`, which
  // is empty at a server.
  TlsStream(std::shared_ptr<const TlsContext> context, std::unique_ptr<runtime::Stream> inner,
            const std::string& server_name, runtime::WallTime now);
  ~TlsStream() override;

  // Before Start: `done` receives what is known of the peer after the handshake, before any byte.
  // A failed handshake is reported by OnError instead.
  void OnHandshake(base::Callback<void(const ConnectionInfo&)> done) {
    on_handshake_ = std::move(done);
  }

  void Start(runtime::StreamHandler* handler) override;
  base::Result<size_t> Write(std::span<const base::ByteView> pieces) override;
  void PauseReading() override;
  void ResumeReading() override;
  void ShutdownWrite() override;
  void Close(bool abort) override;
  runtime::Address local_address() const override { return inner_->local_address(); }
  runtime::Address peer_address() const override { return inner_->peer_address(); }

 private:
  // The ends of OpenSSL's pipe: ciphertext from `input_`, and to `output_`.
  struct Bio;

  // runtime::StreamHandler, of the inner stream.
  void OnData(base::ByteView bytes) override;
  void OnEndOfInput() override;
  void OnWritable() override;
  void OnError(base::Status status) override;

  // Goes on with the handshake or the reading, as far as the input reaches.
  void Drive();
  void DriveHandshake();
  void DeliverInput();
  base::Status FlushOutput();
  void Fail(const base::Status& status);

  const std::shared_ptr<const TlsContext> context_;
  const bool is_client_;
  const std::unique_ptr<runtime::Stream> inner_;
  ssl_st* const ssl_;
  runtime::StreamHandler* handler_ = nullptr;
  base::Callback<void(const ConnectionInfo&)> on_handshake_;
  base::ByteView input_;    // of the current OnData
  base::Bytes held_input_;  // not yet read, while paused
  base::Bytes output_;      // not yet taken by the inner stream
  bool handshaken_ = false;
  bool paused_ = false;
  bool delivering_ = false;
  bool wants_room_ = false;  // the handler was refused bytes
  bool shutting_down_ = false;
  bool closed_ = false;
};

}  // namespace http
