#include "api/identity/jwt_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace identity {
namespace {

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
template <typename T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;
using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using Signature = Owned<ECDSA_SIG, ECDSA_SIG_free>;
using Context = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

enum class Family : uint8_t { kRsa, kRsaPss, kEc, kEd, kHmac };

struct Method {
  std::string_view name;
  Family family;
  const EVP_MD* (*hash)();  // null: the method has none of its own
  int curve;                // of Family::kEc
  size_t number_bytes;      // of each of the two numbers of an ECDSA signature
};
// By JwtMethod.
constexpr std::array<Method, 13> kMethods = {{
    {"RS256", Family::kRsa, EVP_sha256, NID_undef, 0},
    {"RS384", Family::kRsa, EVP_sha384, NID_undef, 0},
    {"RS512", Family::kRsa, EVP_sha512, NID_undef, 0},
    {"PS256", Family::kRsaPss, EVP_sha256, NID_undef, 0},
    {"PS384", Family::kRsaPss, EVP_sha384, NID_undef, 0},
    {"PS512", Family::kRsaPss, EVP_sha512, NID_undef, 0},
    {"ES256", Family::kEc, EVP_sha256, NID_X9_62_prime256v1, 32},
    {"ES384", Family::kEc, EVP_sha384, NID_secp384r1, 48},
    {"ES512", Family::kEc, EVP_sha512, NID_secp521r1, 66},
    {"EdDSA", Family::kEd, nullptr, NID_undef, 0},
    {"HS256", Family::kHmac, EVP_sha256, NID_undef, 0},
    {"HS384", Family::kHmac, EVP_sha384, NID_undef, 0},
    {"HS512", Family::kHmac, EVP_sha512, NID_undef, 0},
}};

const Method& Of(JwtMethod method) {
  return kMethods[static_cast<size_t>(method)];
}

unsigned char* Unsigned(base::Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* Unsigned(base::ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

base::Status Unusable(std::string text) {
  return {base::Code::kUnknown, std::move(text)};
}

// The first block of a PEM file, whatever it is called.
struct PemBlock {
  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(size));
  }
  bool is_encrypted() const {
    return std::string_view(header).find("ENCRYPTED") != std::string_view::npos ||
           std::string_view(name).find("ENCRYPTED") != std::string_view::npos;
  }

  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
};

base::Status ReadPem(const base::Bytes& file, PemBlock* block) {
  const Owned<BIO, BIO_free_all> bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
  CHECK(bio != nullptr);
  if (PEM_read_bio(bio.get(), &block->name, &block->header, &block->data, &block->size) != 1) {
    ERR_clear_error();
    return Unusable("invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key");
  }
  // Compat: etcd takes none either, and says what does not fit in the ciphertext.
  if (block->is_encrypted())
    return Unusable("the key is encrypted; one without a password is needed");
  return {};
}

// "RSA", as etcd calls a family in its texts.
std::string_view NameOf(Family family) {
  if (family == Family::kEc) return "ECDSA";
  return family == Family::kEd ? "Ed25519" : "RSA";
}

base::Status CheckKind(const Method& method, const EVP_PKEY* key, std::string_view half) {
  const int wanted = method.family == Family::kEc   ? EVP_PKEY_EC
                     : method.family == Family::kEd ? EVP_PKEY_ED25519
                                                    : EVP_PKEY_RSA;
  if (EVP_PKEY_get_base_id(key) != wanted) {
    return Unusable("key is not a valid " + std::string(NameOf(method.family)) + " " +
                    std::string(half) + " key");
  }
  // Below, and with another curve, etcd starts, signs nothing and lets nobody in.
  constexpr int kRsaBitsMin = 1024;
  const int bits = EVP_PKEY_get_bits(key);
  if (wanted == EVP_PKEY_RSA && bits < kRsaBitsMin) {
    return Unusable(
        "crypto/rsa: " + std::to_string(bits) +
        "-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)");
  }
  if (wanted == EVP_PKEY_EC) {
    std::array<char, 80> curve{};
    if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) != 1 ||
        OBJ_sn2nid(curve.data()) != method.curve) {
      return Unusable("key is invalid");
    }
  }
  return {};
}

base::Result<Pkey> ParsePrivate(const Method& method, const base::Bytes& file) {
  PemBlock block;
  RETURN_IF_ERROR(ReadPem(file, &block));
  const unsigned char* at = block.data;
  Pkey key(d2i_AutoPrivateKey(nullptr, &at, block.size));
  ERR_clear_error();
  if (key == nullptr) return Unusable("x509: failed to parse private key");
  RETURN_IF_ERROR(CheckKind(method, key.get(), "private"));
  return key;
}

// The first form of those that hold a public key which the block has.
Pkey PublicOf(const Method& method, const PemBlock& block) {
  const unsigned char* at = block.data;
  Pkey key(d2i_PUBKEY(nullptr, &at, block.size));
  if (key != nullptr || method.family == Family::kEd) return key;
  at = block.data;
  const Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, block.size));
  if (certificate != nullptr) return Pkey(X509_get_pubkey(certificate.get()));
  if (method.family == Family::kEc) return nullptr;
  at = block.data;
  return Pkey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, block.size));
}

base::Result<Pkey> ParsePublic(const Method& method, const base::Bytes& file) {
  PemBlock block;
  RETURN_IF_ERROR(ReadPem(file, &block));
  Pkey key = PublicOf(method, block);
  ERR_clear_error();
  if (key == nullptr) return Unusable("x509: failed to parse public key");
  RETURN_IF_ERROR(CheckKind(method, key.get(), "public"));
  return key;
}

// Of an ECDSA signature as a token has it, two numbers of equal size, the form that the library
// takes.
base::Bytes DerOf(base::ByteView signature) {
  const int size = static_cast<int>(signature.size() / 2);
  const Signature numbers(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(Unsigned(signature), size, nullptr);
  BIGNUM* const s = BN_bin2bn(Unsigned(signature) + size, size, nullptr);
  CHECK(numbers != nullptr && ECDSA_SIG_set0(numbers.get(), r, s) == 1);
  unsigned char* der = nullptr;
  const int der_size = i2d_ECDSA_SIG(numbers.get(), &der);
  CHECK(der_size > 0);
  base::Bytes bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(der_size));
  OPENSSL_free(der);
  return bytes;
}

// And back.
base::Bytes NumbersOf(base::ByteView der, size_t number_bytes) {
  const unsigned char* at = Unsigned(der);
  const Signature numbers(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  CHECK(numbers != nullptr);
  base::Bytes bytes(2 * number_bytes, '\0');
  const int size = static_cast<int>(number_bytes);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), Unsigned(bytes), size) == size);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), Unsigned(bytes) + size, size) == size);
  return bytes;
}

bool SetPadding(const Method& method, EVP_PKEY_CTX* context, int salt_length) {
  if (method.family != Family::kRsaPss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_length) == 1;
}

bool VerifyWith(const Method& method, EVP_PKEY* key, std::string_view text,
                base::ByteView signature) {
  const bool is_ec = method.family == Family::kEc;
  const size_t wanted =
      is_ec ? 2 * method.number_bytes : static_cast<size_t>(EVP_PKEY_get_size(key));
  if (signature.size() != wanted) return false;
  const base::Bytes der = is_ec ? DerOf(signature) : base::Bytes();
  const base::ByteView given = is_ec ? base::ByteView(der) : signature;
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* const hash = method.hash == nullptr ? nullptr : method.hash();
  return EVP_DigestVerifyInit(context.get(), &parameters, hash, nullptr, key) == 1 &&
         SetPadding(method, parameters, RSA_PSS_SALTLEN_AUTO) &&
         EVP_DigestVerify(context.get(), Unsigned(given), given.size(), Unsigned(text),
                          text.size()) == 1;
}

bool SignWith(const Method& method, EVP_PKEY* key, std::string_view text, base::Bytes* signature) {
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* const hash = method.hash == nullptr ? nullptr : method.hash();
  if (EVP_DigestSignInit(context.get(), &parameters, hash, nullptr, key) != 1 ||
      !SetPadding(method, parameters, RSA_PSS_SALTLEN_DIGEST)) {
    return false;
  }
  size_t size = static_cast<size_t>(EVP_PKEY_get_size(key));
  signature->resize(size);
  if (EVP_DigestSign(context.get(), Unsigned(*signature), &size, Unsigned(text), text.size()) !=
      1) {
    return false;
  }
  signature->resize(size);
  if (method.family == Family::kEc) *signature = NumbersOf(*signature, method.number_bytes);
  return true;
}

}  // namespace

struct JwtKey::Secret {
  explicit Secret(const base::Bytes& secret) : bytes(secret) {}
  ~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

  base::Bytes Sign(const EVP_MD* hash, std::string_view text) const {
    base::Bytes signature(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    CHECK(HMAC(hash, bytes.data(), static_cast<int>(bytes.size()), Unsigned(text), text.size(),
               Unsigned(signature), &size) != nullptr);
    signature.resize(size);
    return signature;
  }

  base::Bytes bytes;
};

struct JwtKey::Pair {
  Pkey key;
  bool can_sign;
};

std::string_view JwtMethodName(JwtMethod method) {
  return Of(method).name;
}

std::optional<JwtMethod> ParseJwtMethod(std::string_view name) {
  const auto found = std::find_if(kMethods.begin(), kMethods.end(),
                                  [&](const Method& method) { return method.name == name; });
  if (found == kMethods.end()) return std::nullopt;
  return static_cast<JwtMethod>(found - kMethods.begin());
}

base::Result<JwtKey> JwtKey::Parse(JwtMethod method, const Files& files) {
  const Method& properties = Of(method);
  JwtKey key(method);
  const bool is_hmac = properties.family == Family::kHmac;
  if (files.private_key.empty() && (is_hmac || files.public_key.empty())) {
    return Unusable("auth: missing key data");
  }
  if (is_hmac) {
    key.secret_ = std::make_shared<Secret>(files.private_key);
    return key;
  }
  Pkey private_half;
  Pkey public_half;
  if (!files.private_key.empty()) {
    ASSIGN_OR_RETURN(private_half, ParsePrivate(properties, files.private_key));
  }
  if (!files.public_key.empty()) {
    ASSIGN_OR_RETURN(public_half, ParsePublic(properties, files.public_key));
  }
  if (private_half != nullptr && public_half != nullptr &&
      EVP_PKEY_eq(private_half.get(), public_half.get()) != 1) {
    return Unusable("auth: public and private keys don't match");
  }
  const bool can_sign = private_half != nullptr;
  key.pair_ =
      std::make_shared<Pair>(Pair{std::move(can_sign ? private_half : public_half), can_sign});
  return key;
}

bool JwtKey::Verify(std::string_view text, base::ByteView signature) const {
  const Method& method = Of(method_);
  if (secret_ != nullptr) {
    const base::Bytes right = secret_->Sign(method.hash(), text);
    return signature.size() == right.size() &&
           CRYPTO_memcmp(signature.data(), right.data(), right.size()) == 0;
  }
  const bool is_right = VerifyWith(method, pair_->key.get(), text, signature);
  ERR_clear_error();
  return is_right;
}

base::Result<base::Bytes> JwtKey::Sign(std::string_view text) const {
  const Method& method = Of(method_);
  if (secret_ != nullptr) return secret_->Sign(method.hash(), text);
  if (!pair_->can_sign) return Unusable("auth: token signing attempted with verify-only key");
  base::Bytes signature;
  const bool is_signed = SignWith(method, pair_->key.get(), text, &signature);
  ERR_clear_error();
  if (!is_signed) return Unusable("the key cannot sign with " + std::string(method.name));
  return signature;
}

}  // namespace identity
