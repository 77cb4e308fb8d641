#include "net/http/testing/authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/check.h"

namespace http::testing {
namespace {

constexpr int64_t kFiveDays = 5 * 24 * 3600;

struct TimeDelete {
  void operator()(ASN1_TIME* time) const { ASN1_TIME_free(time); }
};
using TimePointer = std::unique_ptr<ASN1_TIME, TimeDelete>;

TimePointer TimeOf(int64_t seconds) {
  TimePointer time(ASN1_TIME_set(nullptr, static_cast<time_t>(seconds)));
  CHECK(time != nullptr);
  return time;
}

base::Bytes ContentsOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT(google-runtime-int)
  return base::Bytes(data, static_cast<size_t>(size));
}

base::Bytes PemOf(X509* certificate) {
  const BioPointer text(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(text.get(), certificate) == 1);
  return ContentsOf(text.get());
}

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Authority::Authority(runtime::WallTime now)
    : now_(now.unix_nanos / 1'000'000'000), key_(EVP_EC_gen("P-256")) {
  certificate_ = NewCertificate(1, "authority", key_.get());
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  CHECK(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0);
}

CertificatePointer Authority::NewCertificate(int64_t serial, const std::string& common_name,
                                             EVP_PKEY* key) const {
  CertificatePointer certificate(X509_new());
  CHECK(certificate != nullptr && key != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate.get()), serial);
  X509_set1_notBefore(certificate.get(), TimeOf(now_ - kFiveDays).get());
  X509_set1_notAfter(certificate.get(), TimeOf(now_ + kFiveDays).get());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), certificate_ == nullptr
                                              ? subject
                                              : X509_get_subject_name(certificate_.get()));
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

base::Bytes Authority::certificate_pem() const {
  return PemOf(certificate_.get());
}

SelfSigned Authority::Issue(int64_t serial, const std::string& host, Key kind) const {
  constexpr size_t kRsaBits = 2048;
  const KeyPointer key(kind == Key::kRsa ? EVP_RSA_gen(kRsaBits) : EVP_EC_gen("P-256"));
  const CertificatePointer certificate = NewCertificate(serial, host, key.get());
  AddExtension(certificate.get(), NID_ext_key_usage, "clientAuth,serverAuth");
  AddExtension(certificate.get(), NID_subject_alt_name, "DNS:" + host);
  CHECK(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  const BioPointer key_text(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) == 1);
  return {PemOf(certificate.get()), ContentsOf(key_text.get())};
}

base::Bytes Authority::Crl(const std::set<int64_t>& revoked_serials, Form form) const {
  X509_CRL* const list = X509_CRL_new();
  CHECK(list != nullptr);
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate_.get()));
  X509_CRL_set1_lastUpdate(list, TimeOf(now_ - kFiveDays).get());
  X509_CRL_set1_nextUpdate(list, TimeOf(now_ - kFiveDays + 1).get());
  for (const int64_t serial : revoked_serials) {
    ASN1_INTEGER* const number = ASN1_INTEGER_new();
    ASN1_INTEGER_set_int64(number, serial);
    X509_REVOKED* const revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, number);
    X509_REVOKED_set_revocationDate(revoked, TimeOf(now_ - kFiveDays).get());
    X509_CRL_add0_revoked(list, revoked);
    ASN1_INTEGER_free(number);
  }
  X509_CRL_sort(list);
  CHECK(X509_CRL_sign(list, key_.get(), EVP_sha256()) > 0);
  const BioPointer encoded(BIO_new(BIO_s_mem()));
  const int written = form == Form::kDer ? i2d_X509_CRL_bio(encoded.get(), list)
                                         : PEM_write_bio_X509_CRL(encoded.get(), list);
  CHECK(written == 1);
  X509_CRL_free(list);
  return ContentsOf(encoded.get());
}

}  // namespace http::testing
