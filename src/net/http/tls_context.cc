#include "net/http/tls_context.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "net/http/openssl.h"
#include "net/http/tls_cause.h"

namespace http {
namespace {

// ALPN's list: each name after its length.
constexpr base::ByteView kProtocols = "\x02h2\x08http/1.1";

base::Status Invalid(base::ByteView subject) {
  base::Bytes message(subject);
  message += ": " + OpenSslError();
  return base::Status(base::Code::kInvalidArgument, message);
}
// Of a text in which there is no such thing.
base::Status Missing(base::ByteView subject, base::ByteView what) {
  ERR_clear_error();
  return base::Status(base::Code::kInvalidArgument,
                      base::Bytes(subject) + ": there is no " + base::Bytes(what) + " in PEM form");
}
// Of a key that the context does not take beside its certificate.
base::Status Unfitting() {
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  if (reason != X509_R_KEY_VALUES_MISMATCH && reason != SSL_R_NO_CERTIFICATE_ASSIGNED) {
    return Invalid("key");
  }
  ERR_clear_error();
  return base::Status(base::Code::kInvalidArgument, "key: it does not belong to the certificate");
}

int WireVersion(TlsOptions::Version version) {
  return version == TlsOptions::Version::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

// A client that names none of ours is refused, with the alert no_application_protocol; one that
// names none at all goes on without ALPN (RFC 7301 section 3.2).
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* selected = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocols.data());
  const int result =
      SSL_select_next_proto(&selected, chosen_size, ours, kProtocols.size(), offered, offered_size);
  *chosen = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string CommonName(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  // Compat: of several the last, as Go takes it.
  int position = -1;
  for (int next = -1; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;) {
    position = next;
  }
  if (position < 0) return {};
  ASN1_STRING* const name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position));
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, name);
  if (size < 0) return {};
  std::string common_name(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return common_name;
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  const int size = ASN1_STRING_length(address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != sizeof(in_addr) && size != sizeof(in6_addr)) return "";
  const int family = size == sizeof(in_addr) ? AF_INET : AF_INET6;
  const char* const made = ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(),
                                       static_cast<socklen_t>(text.size()));
  return made == nullptr ? "" : made;
}

void ReadAlternativeNames(X509* certificate, ConnectionInfo* info) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_IPADD) {
      info->certificate_addresses.push_back(AddressText(name->d.iPAddress));
    }
    if (name->type != GEN_DNS) continue;
    info->certificate_dns_names.emplace_back(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
        static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(names);
}

bool IsAllowed(X509* certificate, const std::vector<std::string>& host_names) {
  return std::any_of(host_names.begin(), host_names.end(), [&](const std::string& name) {
    return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1 ||
           X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  });
}

bool IsRevoked(const STACK_OF(X509) * sent, X509_CRL* list) {
  for (int i = 0; i < sk_X509_num(sent); ++i) {
    X509_REVOKED* found = nullptr;
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(sk_X509_value(sent, i));
    if (X509_CRL_get0_by_serial(list, &found, serial) != 0) return true;
  }
  return false;
}

std::optional<runtime::WallTime> ExpiryOf(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return std::nullopt;
  return runtime::WallTime{int64_t{::timegm(&time)} * 1'000'000'000};
}

bool IsSlow(const EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) return false;
  char group[32] = {};
  size_t size = 0;
  return EVP_PKEY_get_group_name(key, group, sizeof(group), &size) != 1 ||
         base::ByteView(group, size) != SN_X9_62_prime256v1;
}

}  // namespace

TlsContext::TlsContext(Role role, const TlsOptions& options)
    : role_(role),
      allowed_common_names_(options.allowed_common_names),
      allowed_host_names_(options.allowed_host_names),
      check_client_(options.check_client),
      context_(SSL_CTX_new(role == Role::kServer ? TLS_server_method() : TLS_client_method())) {
  CHECK(context_ != nullptr);
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

base::Result<std::shared_ptr<const TlsContext>> TlsContext::New(Role role,
                                                                const TlsOptions& options) {
  std::shared_ptr<TlsContext> context(new TlsContext(role, options));
  RETURN_IF_ERROR(context->Load(options));
  return std::shared_ptr<const TlsContext>(std::move(context));
}

// A server that allows none that OpenSSL has for TLS 1.2 speaks TLS 1.3 only, whose suites are not
// chosen.
base::Status TlsContext::SetCipherSuites(const TlsOptions& options) {
  if (options.cipher_suites.empty()) return {};
  std::string suites;
  for (const std::string& name : options.cipher_suites) {
    const std::string found = OpenSslCipherName(name);
    if (!found.empty()) suites += (suites.empty() ? "" : ":") + found;
  }
  if (!suites.empty() && SSL_CTX_set_cipher_list(context_, suites.c_str()) == 1) return {};
  ERR_clear_error();
  if (options.max_version == TlsOptions::Version::kTls12) {
    return {base::Code::kInvalidArgument, "none of the cipher suites is supported"};
  }
  SSL_CTX_set_min_proto_version(context_, WireVersion(TlsOptions::Version::kTls13));
  return {};
}

base::Status TlsContext::Load(const TlsOptions& options) {
  // An idle connection gives its buffers back; a partial write need not repeat the same bytes.
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_min_proto_version(context_, WireVersion(options.min_version));
  SSL_CTX_set_max_proto_version(context_, WireVersion(options.max_version));
  if (role_ == Role::kServer) {
    // Resumption goes by tickets only, whose keys end with this context: what it trusted, too.
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context_, reinterpret_cast<const unsigned char*>("etcd"), 4);
    SSL_CTX_set_alpn_select_cb(context_, &ChooseProtocol, nullptr);
  } else {
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  }
  RETURN_IF_ERROR(SetCipherSuites(options));
  if (!options.certificate_pem.empty()) {
    const BioPointer chain = ReadFrom(options.certificate_pem);
    const CertificatePointer leaf(PEM_read_bio_X509(chain.get(), nullptr, NoPassphrase, nullptr));
    if (leaf == nullptr) return Missing("certificate", "certificate");
    if (SSL_CTX_use_certificate(context_, leaf.get()) != 1) {
      return Invalid("certificate");
    }
    certificate_expiry_ = ExpiryOf(leaf.get());
    while (X509* const next = PEM_read_bio_X509(chain.get(), nullptr, NoPassphrase, nullptr)) {
      SSL_CTX_add0_chain_cert(context_, next);
    }
    ERR_clear_error();  // the end of the text is reported as one
    bool encrypted = false;
    const KeyPointer key(PEM_read_bio_PrivateKey(ReadFrom(options.key_pem).get(), nullptr,
                                                 NoPassphrase, &encrypted));
    if (encrypted) {
      ERR_clear_error();
      return {base::Code::kInvalidArgument,
              "key: it is encrypted, and nobody is asked for its passphrase"};
    }
    if (key == nullptr) return Missing("key", "private key");
    // A key of another kind than the certificate's is found by the second of these only.
    if (SSL_CTX_use_PrivateKey(context_, key.get()) != 1 ||
        SSL_CTX_check_private_key(context_) != 1) {
      return Unfitting();
    }
    signs_slowly_ = IsSlow(key.get());
  }
  return LoadTrust(options);
}

bool TlsContext::HasAllowedName(X509* certificate) const {
  const auto& names = allowed_common_names_;
  if (!names.empty() &&
      std::find(names.begin(), names.end(), CommonName(certificate)) == names.end()) {
    return false;
  }
  return allowed_host_names_.empty() || IsAllowed(certificate, allowed_host_names_);
}

// Called for each certificate of a chain, the leaf last: there, looks at all that the peer sent.
// As a part of the handshake it answers with an alert, and keeps whom it refuses from getting a
// ticket.
int TlsContext::VerifyMore(int valid, X509_STORE_CTX* verification) {
  auto* const ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (valid != 1) KeepRefused(ssl, X509_STORE_CTX_get_current_cert(verification));
  if (valid != 1 || X509_STORE_CTX_get_error_depth(verification) != 0) return valid;
  const auto& context = *static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  int error = X509_V_OK;
  if (!context.HasAllowedName(X509_STORE_CTX_get_current_cert(verification))) {
    error = X509_V_ERR_CERT_REJECTED;
  } else if (context.revoked_ != nullptr &&
             IsRevoked(X509_STORE_CTX_get0_untrusted(verification), context.revoked_.get())) {
    error = X509_V_ERR_CERT_REVOKED;
  }
  if (error == X509_V_OK) return valid;
  X509_STORE_CTX_set_error(verification, error);
  return 0;
}

base::Status TlsContext::LoadTrust(const TlsOptions& options) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context_);
  const BioPointer authorities = ReadFrom(options.trusted_ca_pem);
  int count = 0;
  for (;; ++count) {
    const CertificatePointer authority(
        PEM_read_bio_X509(authorities.get(), nullptr, NoPassphrase, nullptr));
    if (authority == nullptr) break;
    X509_STORE_add_cert(store, authority.get());
    if (role_ == Role::kServer) SSL_CTX_add_client_CA(context_, authority.get());
  }
  if (count == 0 && !options.trusted_ca_pem.empty()) return Missing("trusted CA", "certificate");
  if (!options.crl.empty()) {
    revoked_.reset(
        PEM_read_bio_X509_CRL(ReadFrom(options.crl).get(), nullptr, NoPassphrase, nullptr));
    if (revoked_ == nullptr) {
      revoked_.reset(d2i_X509_CRL_bio(ReadFrom(options.crl).get(), nullptr));
    }
    if (revoked_ == nullptr) return Invalid("CRL");
  }
  ERR_clear_error();
  int mode = SSL_VERIFY_NONE;
  if (role_ == Role::kClient) {
    mode = options.skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
  } else if (options.require_client_certificate) {
    mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  } else if (count > 0) {
    mode = SSL_VERIFY_PEER;
  }
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_set_verify(context_, mode, &VerifyMore);
  return {};
}

base::Status TlsContext::CheckPeer(ssl_st* ssl, ConnectionInfo* info) const {
  info->tls = true;
  const unsigned char* protocol = nullptr;
  unsigned int protocol_size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &protocol_size);
  info->http2_negotiated =
      base::ByteView(reinterpret_cast<const char*>(protocol), protocol_size) == "h2";
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  const bool names_matter = !allowed_common_names_.empty() || !allowed_host_names_.empty();
  if (certificate == nullptr) {
    if (!names_matter) return {};
    return base::Status(base::Code::kUnauthenticated, "the peer has no certificate");
  }
  info->certificate_common_name = CommonName(certificate);
  ReadAlternativeNames(certificate, info);
  if (!HasAllowedName(certificate)) {
    return base::Status(base::Code::kUnauthenticated, "client certificate authentication failed");
  }
  return {};
}

base::Status TlsContext::CheckClient(const ConnectionInfo& info,
                                     const runtime::Address& from) const {
  return check_client_ == nullptr ? base::Status() : check_client_(info, from);
}

}  // namespace http
