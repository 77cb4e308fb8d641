#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "base/check.h"
#include "net/http/openssl.h"
#include "net/http/tls_context.h"

namespace http {
namespace {

base::Bytes TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT(google-runtime-int)
  return base::Bytes(data, static_cast<size_t>(size));
}

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context = {};
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

std::string AlternativeNames(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
    if (!names.empty()) names += ",";
    names += (address == nullptr ? "DNS:" : "IP:") + host;
    ASN1_OCTET_STRING_free(address);
  }
  return names;
}

}  // namespace

SelfSigned NewSelfSigned(const std::vector<std::string>& hosts, runtime::WallTime now, int days) {
  CHECK(!hosts.empty());
  constexpr int64_t kDay = 24 * 3600;
  const KeyPointer key(EVP_EC_gen("P-256"));
  const CertificatePointer certificate(X509_new());
  CHECK(key != nullptr && certificate != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  uint64_t serial = 0;
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  const auto begin = static_cast<time_t>(now.unix_nanos / 1'000'000'000 - kDay);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), begin);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), begin + (days + 1) * kDay);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("etcd"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate.get(), NID_key_usage,
               "critical,digitalSignature,keyEncipherment,keyCertSign");
  AddExtension(certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  // All of them carry one subject; the key tells them apart.
  AddExtension(certificate.get(), NID_subject_key_identifier, "hash");
  AddExtension(certificate.get(), NID_authority_key_identifier, "keyid:always");
  AddExtension(certificate.get(), NID_subject_alt_name, AlternativeNames(hosts));
  CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);

  const BioPointer certificate_text(BIO_new(BIO_s_mem()));
  const BioPointer key_text(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1);
  CHECK(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) == 1);
  return {TextOf(certificate_text.get()), TextOf(key_text.get())};
}

}  // namespace http
