#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/bytes.h"
#include "net/http/openssl.h"
#include "net/http/tls_context.h"
#include "runtime/time.h"

namespace http::testing {

// A certificate authority that issues certificates and revokes them.
class Authority {
 public:
  // What it signs is valid for ten days around `now`.
  explicit Authority(runtime::WallTime now);

  base::Bytes certificate_pem() const;
  // A certificate with this serial number and one DNS name, for clients and servers, and its key.
  enum class Key : uint8_t { kP256, kRsa };
  SelfSigned Issue(int64_t serial, const std::string& host, Key kind = Key::kP256) const;
  // The list of what is revoked; a newer one is overdue.
  enum class Form : uint8_t { kDer, kPem };
  base::Bytes Crl(const std::set<int64_t>& revoked_serials, Form form = Form::kDer) const;

 private:
  CertificatePointer NewCertificate(int64_t serial, const std::string& common_name,
                                    evp_pkey_st* key) const;

  const int64_t now_;  // seconds
  const KeyPointer key_;
  CertificatePointer certificate_;
};

}  // namespace http::testing
