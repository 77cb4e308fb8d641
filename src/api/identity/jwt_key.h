#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace identity {

// The signatures of JSON Web Tokens (RFC 7518, 8037).
enum class JwtMethod : uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
  kHs256,
  kHs384,
  kHs512,
};

// "RS256".
std::string_view JwtMethodName(JwtMethod method);
std::optional<JwtMethod> ParseJwtMethod(std::string_view name);

// The key of one method. Does not change; any thread.
class JwtKey {
 public:
  // What key files hold; empty where there is none.
  struct Files {
    base::Bytes public_key;
    base::Bytes private_key;
  };
  // Of the HMAC methods the private key is the secret, byte for byte; otherwise both are PEM, of
  // PKCS #1, PKCS #8, SEC 1, PKIX or a certificate, each where etcd takes it. kUnknown, with etcd's
  // text where it has one of its own, for a key that is missing, malformed, encrypted or of another
  // method, and for two that are no pair.
  static base::Result<JwtKey> Parse(JwtMethod method, const Files& files);

  JwtMethod method() const { return method_; }
  // Whether `signature` was made over the text with this key's private half.
  bool Verify(std::string_view text, base::ByteView signature) const;
  // kUnknown, with etcd's text, without a private half.
  base::Result<base::Bytes> Sign(std::string_view text) const;

 private:
  struct Secret;  // in memory that is wiped
  struct Pair;

  explicit JwtKey(JwtMethod method) : method_(method) {}

  JwtMethod method_;
  std::shared_ptr<const Secret> secret_;  // of the HMAC methods
  std::shared_ptr<const Pair> pair_;      // of the others
};

}  // namespace identity
