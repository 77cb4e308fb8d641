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
#include "net/http/tls_cause.h"

namespace http {
namespace {

// The most plain bytes in one record (RFC 8446 section 5.1).
constexpr size_t kRecordBytes = 16 * 1024;

}  // namespace

struct TlsStream::Engine {
  Engine(std::shared_ptr<const TlsContext> with, TlsStream* stream)
      : owner(stream), context(std::move(with)), ssl(SSL_new(context->get())) {
    CHECK(ssl != nullptr);
    BIO* const bio = BIO_new(Methods());
    CHECK(bio != nullptr);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
  }
  ~Engine() { SSL_free(ssl); }

  bool is_client() const { return context->role() == TlsContext::Role::kClient; }
  // Goes on with the handshake as far as the input reaches.
  void Step();

  TlsStream* owner;  // null once it is destroyed; of its loop
  const std::shared_ptr<const TlsContext> context;
  SSL* const ssl;
  base::ByteView input;  // what OpenSSL reads
  base::Bytes output;    // what it wrote and the inner stream has not taken
  base::Bytes copied_input;
  bool handshaken = false;
  std::string error;      // of the handshake
  runtime::Address peer;  // where it is; for what the context checks
  ConnectionInfo info;    // of the peer, once it is handshaken
  base::Status checked;   // what the context says of it

 private:
  static const BIO_METHOD* Methods();
  static int Read(BIO* bio, char* to, int size);
  static int Write(BIO* bio, const char* from, int size);
  static long Control(BIO*, int command, long, void*) {  // NOLINT(google-runtime-int)
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

const BIO_METHOD* TlsStream::Engine::Methods() {
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

int TlsStream::Engine::Read(BIO* bio, char* to, int size) {
  Engine& engine = *static_cast<Engine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (engine.input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t count = std::min(engine.input.size(), static_cast<size_t>(size));
  std::memcpy(to, engine.input.data(), count);
  engine.input.remove_prefix(count);
  return static_cast<int>(count);
}

int TlsStream::Engine::Write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  static_cast<Engine*>(BIO_get_data(bio))->output.append(from, static_cast<size_t>(size));
  return size;
}

void TlsStream::Engine::Step() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl);
  handshaken = result == 1;
  const int reason = handshaken ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
  if (reason != SSL_ERROR_NONE && reason != SSL_ERROR_WANT_READ) error = TlsCause(ssl);
  if (!handshaken) return;
  checked = context->CheckPeer(ssl, &info);
  if (checked.ok()) checked = context->CheckClient(info, peer);
}

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context,
                     std::unique_ptr<runtime::Stream> inner, const std::string& server_name,
                     runtime::WallTime now)
    : inner_(std::move(inner)), engine_(std::make_shared<Engine>(std::move(context), this)) {
  SSL* const ssl = engine_->ssl;
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_time(expected, static_cast<time_t>(now.unix_nanos / 1'000'000'000));
  if (engine_->context->waits()) engine_->peer = inner_->peer_address();
  if (!engine_->is_client()) {
    SSL_set_accept_state(ssl);
    return;
  }
  SSL_set_connect_state(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, server_name.c_str()) != 1) {
    SSL_set_tlsext_host_name(ssl, server_name.c_str());
    SSL_set1_host(ssl, server_name.c_str());
  }
}

TlsStream::~TlsStream() {
  engine_->owner = nullptr;
}

void TlsStream::OfferNoHttp2() {
  CHECK(SSL_set_alpn_protos(engine_->ssl, nullptr, 0) == 0);
}

void TlsStream::LeaveHandshakeTo(const HandshakeWorkers& workers) {
  if (engine_->context->signs_slowly() || engine_->context->waits()) workers_ = workers;
}

void TlsStream::Start(runtime::StreamHandler* handler) {
  handler_ = handler;
  inner_->Start(this);
  if (engine_->is_client()) Drive();
}

// ---- From the inner stream ----

void TlsStream::OnData(base::ByteView bytes) {
  if (at_work_ || !held_input_.empty()) {
    held_input_.append(bytes);
    return Drive();
  }
  engine_->input = bytes;
  Drive();
  if (!at_work_) held_input_ = std::exchange(engine_->input, {});
}

void TlsStream::OnEndOfInput() {
  if (!handshaken_) {
    peer_ended_ = true;
    return Fail(base::Status(base::Code::kUnavailable,
                             "the peer closed during the handshake; it may not speak TLS here"));
  }
  handler_->OnEndOfInput();
}

void TlsStream::OnWritable() {
  if (const base::Status status = FlushOutput(); !status.ok()) return Fail(status);
  if (HasRoom() && std::exchange(wants_room_, false)) handler_->OnWritable();
}

void TlsStream::OnError(base::Status status) {
  if (!handshaken_ && !closed_) TellRejection(status);
  closed_ = true;
  handler_->OnError(std::move(status));
}

void TlsStream::Drive() {
  if (closed_ || delivering_ || at_work_) return;
  base::Bytes held;
  if (engine_->input.empty() && !held_input_.empty()) {
    held = std::exchange(held_input_, {});
    engine_->input = held;
  }
  if (!handshaken_) {
    if (workers_.workers != nullptr) return StartStep();
    engine_->Step();
    FinishStep();
  }
  if (handshaken_ && !closed_) DeliverInput();
  if (!held.empty()) held_input_ = std::exchange(engine_->input, {});
}

// ---- The handshake ----

void TlsStream::StartStep() {
  if (engine_->input.empty()) return;
  at_work_ = true;
  inner_->PauseReading();
  engine_->copied_input = base::Bytes(engine_->input);
  engine_->input = engine_->copied_input;
  const bool accepted = workers_.workers->Run([engine = engine_] { engine->Step(); }, workers_.loop,
                                              [engine = engine_] {
                                                if (engine->owner != nullptr) {
                                                  engine->owner->OnStepDone();
                                                }
                                              });
  if (accepted) return;
  workers_.refused->Add();
  Fail(base::Status(base::Code::kResourceExhausted, "too many TLS handshakes at once"));
}

void TlsStream::OnStepDone() {
  at_work_ = false;
  if (closed_) return;
  held_input_.insert(0, engine_->input);
  engine_->input = {};
  base::Bytes().swap(engine_->copied_input);
  FinishStep();
  if (closed_) return;
  if (!paused_) inner_->ResumeReading();
  if (!held_input_.empty()) Drive();
}

void TlsStream::FinishStep() {
  base::Status status = FlushOutput();  // an alert, too
  if (status.ok() && !engine_->error.empty()) {
    status = base::Status(base::Code::kUnavailable, "TLS handshake: " + engine_->error);
  }
  if (!status.ok()) return Fail(status);
  if (!engine_->handshaken) return;
  if (!engine_->checked.ok()) return Fail(engine_->checked);
  handshaken_ = true;
  if (on_handshake_) on_handshake_(engine_->info);
  if (HasRoom() && std::exchange(wants_room_, false)) handler_->OnWritable();
}

void TlsStream::DeliverInput() {
  std::array<char, kRecordBytes> plain;
  delivering_ = true;
  while (!paused_ && !closed_) {
    ERR_clear_error();
    const int count = SSL_read(engine_->ssl, plain.data(), static_cast<int>(plain.size()));
    if (count > 0) {
      handler_->OnData(base::ByteView(plain.data(), static_cast<size_t>(count)));
      continue;
    }
    const int reason = SSL_get_error(engine_->ssl, count);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_ZERO_RETURN) break;
    delivering_ = false;
    return Fail(base::Status(base::Code::kUnavailable, "TLS: " + TlsCause(engine_->ssl)));
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
  while (handshaken_ && HasRoom()) {
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
    const int written = SSL_write(engine_->ssl, record.data(), static_cast<int>(record.size()));
    if (written != static_cast<int>(record.size())) {
      return base::Status(base::Code::kUnavailable, "TLS: " + OpenSslError());
    }
    total += record.size();
    RETURN_IF_ERROR(FlushOutput());
  }
  wants_room_ = true;
  return total;
}

bool TlsStream::HasRoom() const {
  return !at_work_ && engine_->output.empty();
}

base::Status TlsStream::FlushOutput() {
  if (at_work_) return {};
  base::Bytes& output = engine_->output;
  if (!output.empty()) {
    const base::ByteView piece = output;
    ASSIGN_OR_RETURN(const size_t taken, inner_->Write({&piece, 1}));
    if (taken == output.size()) {
      base::Bytes().swap(output);
    } else {
      output.erase(0, taken);
    }
  }
  if (output.empty() && shutting_down_) inner_->ShutdownWrite();
  return {};
}

void TlsStream::PauseReading() {
  paused_ = true;
  inner_->PauseReading();
}

void TlsStream::ResumeReading() {
  paused_ = false;
  if (!at_work_) inner_->ResumeReading();
  Drive();
}

void TlsStream::ShutdownWrite() {
  if (closed_ || std::exchange(shutting_down_, true)) return;
  if (handshaken_) SSL_shutdown(engine_->ssl);
  FlushOutput().IgnoreError();  // OnError tells
}

void TlsStream::Close(bool abort) {
  closed_ = true;
  inner_->Close(abort);
}

void TlsStream::TellRejection(const base::Status& why) {
  // While a worker has the engine nobody else may look into it.
  const char* const name =
      at_work_ ? nullptr : SSL_get_servername(engine_->ssl, TLSEXT_NAMETYPE_host_name);
  on_rejected_({inner_->peer_address(), name == nullptr ? "" : name, why, peer_ended_});
}

void TlsStream::Fail(const base::Status& status) {
  if (std::exchange(closed_, true)) return;
  if (!handshaken_) TellRejection(status);
  inner_->Close();
  handler_->OnError(status);
}

}  // namespace http
