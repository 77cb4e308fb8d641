#include "net/http/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "net/http/openssl.h"

namespace http {
namespace {

// The most plain bytes in one record (RFC 8446 section 5.1).
constexpr size_t kRecordBytes = 16 * 1024;

}  // namespace

struct TlsStream::Bio {
  static const BIO_METHOD* Methods() {
    static const BIO_METHOD* const methods = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      CHECK(made != nullptr);
      BIO_meth_set_read(made, &Read);
      BIO_meth_set_write(made, &Write);
      BIO_meth_set_ctrl(made, &Control);
      return made;
    }();
    return methods;
  }

  static BIO* New(TlsStream* stream) {
    BIO* const bio = BIO_new(Methods());
    CHECK(bio != nullptr);
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    return bio;
  }

  static int Read(BIO* bio, char* to, int size) {
    TlsStream& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (stream.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t count = std::min(stream.input_.size(), static_cast<size_t>(size));
    std::memcpy(to, stream.input_.data(), count);
    stream.input_.remove_prefix(count);
    return static_cast<int>(count);
  }

  static int Write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    static_cast<TlsStream*>(BIO_get_data(bio))->output_.append(from, static_cast<size_t>(size));
    return size;
  }

  static long Control(BIO*, int command, long, void*) {  // NOLINT(google-runtime-int)
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context,
                     std::unique_ptr<runtime::Stream> inner, const std::string& server_name,
                     runtime::WallTime now)
    : context_(std::move(context)),
      is_client_(context_->role() == TlsContext::Role::kClient),
      inner_(std::move(inner)),
      ssl_(SSL_new(context_->get())) {
  CHECK(ssl_ != nullptr);
  BIO* const bio = Bio::New(this);
  SSL_set_bio(ssl_, bio, bio);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl_);
  X509_VERIFY_PARAM_set_time(expected, static_cast<time_t>(now.unix_nanos / 1'000'000'000));
  if (!is_client_) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, server_name.c_str()) != 1) {
    SSL_set_tlsext_host_name(ssl_, server_name.c_str());
    SSL_set1_host(ssl_, server_name.c_str());
  }
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
}

void TlsStream::Start(runtime::StreamHandler* handler) {
  handler_ = handler;
  inner_->Start(this);
  if (is_client_) Drive();
}

// ---- From the inner stream ----

void TlsStream::OnData(base::ByteView bytes) {
  if (!held_input_.empty()) {
    held_input_.append(bytes);
    return Drive();
  }
  input_ = bytes;
  Drive();
  held_input_ = std::exchange(input_, {});
}

void TlsStream::OnEndOfInput() {
  if (!handshaken_) {
    return Fail(base::Status(base::Code::kUnavailable, "the peer closed during the handshake"));
  }
  handler_->OnEndOfInput();
}

void TlsStream::OnWritable() {
  if (const base::Status status = FlushOutput(); !status.ok()) return Fail(status);
  if (output_.empty() && std::exchange(wants_room_, false)) handler_->OnWritable();
}

void TlsStream::OnError(base::Status status) {
  closed_ = true;
  handler_->OnError(std::move(status));
}

void TlsStream::Drive() {
  if (closed_ || delivering_) return;
  base::Bytes held;
  if (input_.empty() && !held_input_.empty()) {
    held = std::exchange(held_input_, {});
    input_ = held;
  }
  if (!handshaken_) DriveHandshake();
  if (handshaken_ && !closed_) DeliverInput();
  if (!held.empty()) held_input_ = std::exchange(input_, {});
}

void TlsStream::DriveHandshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  const int reason = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, result);
  const std::string error =
      reason == SSL_ERROR_NONE || reason == SSL_ERROR_WANT_READ ? std::string() : OpenSslError();
  base::Status status = FlushOutput();  // an alert, too
  if (status.ok() && !error.empty()) {
    status = base::Status(base::Code::kUnavailable, "TLS handshake: " + error);
  }
  if (!status.ok()) return Fail(status);
  if (result != 1) return;
  ConnectionInfo info;
  status = context_->CheckPeer(ssl_, &info);
  if (!status.ok()) return Fail(status);
  handshaken_ = true;
  if (on_handshake_) on_handshake_(info);
  if (std::exchange(wants_room_, false) && output_.empty()) handler_->OnWritable();
}

void TlsStream::DeliverInput() {
  std::array<char, kRecordBytes> plain;
  delivering_ = true;
  while (!paused_ && !closed_) {
    ERR_clear_error();
    const int count = SSL_read(ssl_, plain.data(), static_cast<int>(plain.size()));
    if (count > 0) {
      handler_->OnData(base::ByteView(plain.data(), static_cast<size_t>(count)));
      continue;
    }
    const int reason = SSL_get_error(ssl_, count);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_ZERO_RETURN) break;
    delivering_ = false;
    return Fail(base::Status(base::Code::kUnavailable, "TLS: " + OpenSslError()));
  }
  delivering_ = false;
  if (closed_) return;
  // Key updates and the like are answered.
  if (const base::Status status = FlushOutput(); !status.ok()) Fail(status);
}

// ---- From the handler ----

base::Result<size_t> TlsStream::Write(std::span<const base::ByteView> pieces) {
  if (closed_) return base::Status(base::Code::kUnavailable, "the TLS stream is closed");
  size_t total = 0;
  size_t next = 0;
  base::ByteView rest;
  while (handshaken_ && output_.empty()) {
    // Small pieces share a record.
    base::Bytes record;
    while (record.size() < kRecordBytes && (!rest.empty() || next < pieces.size())) {
      if (rest.empty()) rest = pieces[next++];
      const size_t count = std::min(rest.size(), kRecordBytes - record.size());
      record.append(rest.substr(0, count));
      rest.remove_prefix(count);
    }
    if (record.empty()) return total;
    ERR_clear_error();
    const int written = SSL_write(ssl_, record.data(), static_cast<int>(record.size()));
    if (written != static_cast<int>(record.size())) {
      return base::Status(base::Code::kUnavailable, "TLS: " + OpenSslError());
    }
    total += record.size();
    RETURN_IF_ERROR(FlushOutput());
  }
  wants_room_ = true;
  return total;
}

base::Status TlsStream::FlushOutput() {
  if (!output_.empty()) {
    const base::ByteView piece = output_;
    ASSIGN_OR_RETURN(const size_t taken, inner_->Write({&piece, 1}));
    if (taken == output_.size()) {
      output_ = base::Bytes();
    } else {
      output_.erase(0, taken);
    }
  }
  if (output_.empty() && shutting_down_) inner_->ShutdownWrite();
  return {};
}

void TlsStream::PauseReading() {
  paused_ = true;
  inner_->PauseReading();
}

void TlsStream::ResumeReading() {
  paused_ = false;
  inner_->ResumeReading();
  Drive();
}

void TlsStream::ShutdownWrite() {
  if (closed_ || std::exchange(shutting_down_, true)) return;
  if (handshaken_) SSL_shutdown(ssl_);
  FlushOutput().IgnoreError();  // OnError tells
}

void TlsStream::Close(bool abort) {
  closed_ = true;
  inner_->Close(abort);
}

void TlsStream::Fail(const base::Status& status) {
  if (std::exchange(closed_, true)) return;
  inner_->Close();
  handler_->OnError(status);
}

}  // namespace http
