#include "net/http/first_byte_stream.h"

#include <utility>

namespace http {
namespace {

// ContentType handshake(22) of TLSPlaintext (RFC 8446 section 5.1).
constexpr char kHandshakeRecord = 22;

}  // namespace

class FirstByteStream::Ciphertext final : public runtime::Stream {
 public:
  explicit Ciphertext(FirstByteStream* owner) : owner_(*owner) {}

  void Start(runtime::StreamHandler* handler) override { owner_.receiver_ = handler; }
  base::Result<size_t> Write(std::span<const base::ByteView> pieces) override {
    return owner_.inner_->Write(pieces);
  }
  void PauseReading() override { owner_.inner_->PauseReading(); }
  void ResumeReading() override { owner_.inner_->ResumeReading(); }
  bool HasPeerLeft() override { return owner_.inner_->HasPeerLeft(); }
  void ShutdownWrite() override { owner_.inner_->ShutdownWrite(); }
  void Close(bool abort) override { owner_.inner_->Close(abort); }
  runtime::Address local_address() const override { return owner_.inner_->local_address(); }
  runtime::Address peer_address() const override { return owner_.inner_->peer_address(); }

 private:
  FirstByteStream& owner_;
};

void FirstByteStream::Start(runtime::StreamHandler* handler) {
  receiver_ = handler;
  inner_->Start(this);
}

base::Result<size_t> FirstByteStream::Write(std::span<const base::ByteView> pieces) {
  return chosen().Write(pieces);
}

void FirstByteStream::OnData(base::ByteView bytes) {
  if (!std::exchange(decided_, true) && bytes.front() == kHandshakeRecord) {
    runtime::StreamHandler* const handler = receiver_;
    tls_ = wrap_(std::make_unique<Ciphertext>(this));
    tls_->Start(handler);
  }
  receiver_->OnData(bytes);
}

}  // namespace http
