#include "net/http/tls_cause.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <map>
#include <memory>
#include <string_view>

#include "net/http/openssl.h"

namespace http {
namespace {

// Where a connection keeps the certificate that was refused.
int RefusedIndex() {
  static const int index = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) {
        X509_free(static_cast<X509*>(kept));
      });
  return index;
}

// Of a certificate that may be made for hundreds of names.
constexpr int kMostNames = 8;

std::string NameText(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
            static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))};
  }
  const int size = name->type == GEN_IPADD ? ASN1_STRING_length(name->d.iPAddress) : 0;
  if (size != 4 && size != 16) return {};
  const unsigned char* const bytes = ASN1_STRING_get0_data(name->d.iPAddress);
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text.data(), text.size());
  return text.data();
}

// "a, b" of a certificate's names and addresses; empty if it has none.
std::string Names(X509* certificate) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    if (i == kMostNames) {
      text += ", ...";
      break;
    }
    const std::string name = NameText(sk_GENERAL_NAME_value(names, i));
    if (!name.empty()) text += (text.empty() ? "" : ", ") + name;
  }
  GENERAL_NAMES_free(names);
  return text;
}

std::string ExpectedName(ssl_st* ssl) {
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  const std::unique_ptr<char, void (*)(void*)> address(X509_VERIFY_PARAM_get1_ip_asc(expected),
                                                       [](void* p) { OPENSSL_free(p); });
  if (address != nullptr) return address.get();
  const char* const host = X509_VERIFY_PARAM_get0_host(expected, 0);
  return host == nullptr ? "" : host;
}

// Why the peer's certificate was not accepted. Compat: as Go says it, which those who read etcd's
// log and errors know.
std::string CertificateCause(ssl_st* ssl, long verdict) {  // NOLINT(google-runtime-int)
  const std::string failed = "tls: failed to verify certificate: x509: ";
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      auto* const certificate = static_cast<X509*>(SSL_get_ex_data(ssl, RefusedIndex()));
      const std::string names = certificate == nullptr ? "" : Names(certificate);
      if (names.empty()) {
        return failed + "certificate is not valid for any names, but wanted to match " +
               ExpectedName(ssl);
      }
      return failed + "certificate is valid for " + names + ", not " + ExpectedName(ssl);
    }
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:  // one of the same name is
      return failed + "certificate signed by unknown authority (" +
             X509_verify_cert_error_string(verdict) + ")";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return failed + "certificate has expired or is not yet valid: " +
             X509_verify_cert_error_string(verdict);
    case X509_V_ERR_CERT_REJECTED:  // by the names that are allowed
      return "client certificate authentication failed";
    default:
      return failed + X509_verify_cert_error_string(verdict);
  }
}

// Why the peer gave up, in the words of Go, which those who read etcd's log know.
std::string AlertCause(int alert, const std::string& text) {
  static const std::map<int, std::string_view> names = {
      {SSL_AD_CLOSE_NOTIFY, "close notify"},
      {SSL_AD_UNEXPECTED_MESSAGE, "unexpected message"},
      {SSL_AD_BAD_RECORD_MAC, "bad record MAC"},
      {SSL_AD_RECORD_OVERFLOW, "record overflow"},
      {SSL_AD_HANDSHAKE_FAILURE, "handshake failure"},
      {SSL_AD_BAD_CERTIFICATE, "bad certificate"},
      {SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported certificate"},
      {SSL_AD_CERTIFICATE_REVOKED, "revoked certificate"},
      {SSL_AD_CERTIFICATE_EXPIRED, "expired certificate"},
      {SSL_AD_CERTIFICATE_UNKNOWN, "unknown certificate"},
      {SSL_AD_ILLEGAL_PARAMETER, "illegal parameter"},
      {SSL_AD_UNKNOWN_CA, "unknown certificate authority"},
      {SSL_AD_ACCESS_DENIED, "access denied"},
      {SSL_AD_DECODE_ERROR, "error decoding message"},
      {SSL_AD_DECRYPT_ERROR, "error decrypting message"},
      {SSL_AD_PROTOCOL_VERSION, "protocol version not supported"},
      {SSL_AD_INSUFFICIENT_SECURITY, "insufficient security level"},
      {SSL_AD_INTERNAL_ERROR, "internal error"},
      {SSL_AD_INAPPROPRIATE_FALLBACK, "inappropriate fallback"},
      {SSL_AD_USER_CANCELLED, "user canceled"},
      {SSL_AD_NO_RENEGOTIATION, "no renegotiation"},
      {SSL_AD_MISSING_EXTENSION, "missing extension"},
      {SSL_AD_UNSUPPORTED_EXTENSION, "unsupported extension"},
      {SSL_AD_UNRECOGNIZED_NAME, "unrecognized name"},
      {SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE, "bad certificate status response"},
      {SSL_AD_UNKNOWN_PSK_IDENTITY, "unknown PSK identity"},
      {SSL_AD_CERTIFICATE_REQUIRED, "certificate required"},
      {SSL_AD_NO_APPLICATION_PROTOCOL, "no application protocol"}};
  const auto found = names.find(alert);
  return "remote error: tls: " + (found == names.end() ? text : std::string(found->second));
}

}  // namespace

void KeepRefused(ssl_st* ssl, x509_st* certificate) {
  X509_free(static_cast<X509*>(SSL_get_ex_data(ssl, RefusedIndex())));
  X509_up_ref(certificate);
  SSL_set_ex_data(ssl, RefusedIndex(), certificate);
}

std::string TlsCause(ssl_st* ssl) {
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const std::string text = OpenSslError();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long verdict = SSL_get_verify_result(ssl);  // NOLINT(google-runtime-int)
    if (verdict != X509_V_OK) return CertificateCause(ssl, verdict);
  }
  // What begins a message of another protocol is read as the version of TLS.
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
      reason == SSL_R_HTTP_REQUEST) {
    return "the peer does not speak TLS (" + text + ")";
  }
  if (reason >= SSL_AD_REASON_OFFSET) return AlertCause(reason - SSL_AD_REASON_OFFSET, text);
  return text;
}

}  // namespace http
