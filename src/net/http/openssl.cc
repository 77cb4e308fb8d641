#include "net/http/openssl.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>

#include "base/check.h"

namespace http {

void OpenSslDelete::operator()(bio_st* object) const {
  BIO_free_all(object);
}
void OpenSslDelete::operator()(x509_st* object) const {
  X509_free(object);
}
void OpenSslDelete::operator()(evp_pkey_st* object) const {
  EVP_PKEY_free(object);
}
void OpenSslDelete::operator()(X509_crl_st* object) const {
  X509_CRL_free(object);
}

BioPointer ReadFrom(base::ByteView text) {
  BioPointer bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  CHECK(bio != nullptr);
  return bio;
}

int NoPassphrase(char*, int, int, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

std::string OpenSslError() {
  const unsigned long code = ERR_peek_last_error();  // NOLINT(google-runtime-int)
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "unknown TLS error" : reason;
}

std::string OpenSslCipherName(base::ByteView go_name) {
  const std::string name(go_name);
  const char* const found = OPENSSL_cipher_name(name.c_str());
  // What it does not know it names "(NONE)".
  return found == nullptr || found[0] == '(' ? std::string() : std::string(found);
}

}  // namespace http
