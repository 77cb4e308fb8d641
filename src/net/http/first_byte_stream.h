#pragma once

#include <memory>

#include "base/callback.h"
#include "runtime/network.h"

namespace http {

// A connection at a port where some clients speak TLS and others do not: its first byte tells which
// it is, since a TLS handshake begins with 22 and no request of HTTP does. Itself a stream, of the
// bytes inside TLS if there is TLS. Like TlsStream, it is not destroyed inside any of its events.
class FirstByteStream final : public runtime::Stream, private runtime::StreamHandler {
 public:
  // Wraps a stream in TLS; at most once, when the first byte has arrived.
  using Wrap =
      base::Callback<std::unique_ptr<runtime::Stream>(std::unique_ptr<runtime::Stream> inner)>;

  explicit FirstByteStream(std::unique_ptr<runtime::Stream> inner) : inner_(std::move(inner)) {}

  // Before Start.
  void OnTls(Wrap wrap) { wrap_ = std::move(wrap); }

  void Start(runtime::StreamHandler* handler) override;
  base::Result<size_t> Write(std::span<const base::ByteView> pieces) override;
  void PauseReading() override { chosen().PauseReading(); }
  void ResumeReading() override { chosen().ResumeReading(); }
  bool HasPeerLeft() override { return inner_->HasPeerLeft(); }
  void ShutdownWrite() override { chosen().ShutdownWrite(); }
  void Close(bool abort) override { chosen().Close(abort); }
  runtime::Address local_address() const override { return inner_->local_address(); }
  runtime::Address peer_address() const override { return inner_->peer_address(); }

 private:
  // The inner stream, as the TLS stream around it sees it.
  class Ciphertext;

  // runtime::StreamHandler, of the inner stream.
  void OnData(base::ByteView bytes) override;
  void OnEndOfInput() override { receiver_->OnEndOfInput(); }
  void OnWritable() override { receiver_->OnWritable(); }
  void OnError(base::Status status) override { receiver_->OnError(std::move(status)); }

  runtime::Stream& chosen() { return tls_ != nullptr ? *tls_ : *inner_; }

  const std::unique_ptr<runtime::Stream> inner_;
  Wrap wrap_;
  // Of the inner stream's events: the handler of this stream, or the TLS stream.
  runtime::StreamHandler* receiver_ = nullptr;
  std::unique_ptr<runtime::Stream> tls_;  // null without TLS
  bool decided_ = false;
};

}  // namespace http
