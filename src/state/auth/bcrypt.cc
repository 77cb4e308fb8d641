#include "state/auth/bcrypt.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <array>
#include <memory>

#include "base/check.h"

namespace auth {
namespace {

// What the library works on, with what it has made of the password. Wiped. Why on the heap: it is
// 32 KiB.
struct WipeAndDelete {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    delete data;
  }
};
using Scratch = std::unique_ptr<crypt_data, WipeAndDelete>;

// A password with the zero byte behind it that the library wants. Wiped.
struct Terminated {
  explicit Terminated(std::string_view password) : text(password) {}
  ~Terminated() { OPENSSL_cleanse(text.data(), text.size()); }
  Terminated(const Terminated&) = delete;
  Terminated& operator=(const Terminated&) = delete;

  std::string text;
};

bool HasZero(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// Ends in the time that it takes to read both.
bool IsEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned different = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    different |= static_cast<unsigned>(a[i] ^ b[i]);
  }
  return different == 0;
}

}  // namespace

base::Result<std::string> HashPassword(std::string_view password, int cost, std::string_view salt) {
  CHECK_EQ(salt.size(), kBcryptSaltBytes);
  if (password.size() > kBcryptPasswordBytesMax) {
    return base::Status(base::Code::kUnknown, "bcrypt: password length exceeds 72 bytes");
  }
  if (HasZero(password)) {
    return base::Status(base::Code::kInvalidArgument, "etcdserver: password has a zero byte");
  }
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting;
  const char* const made = crypt_gensalt_rn("$2a$", static_cast<unsigned long>(cost), salt.data(),
                                            static_cast<int>(salt.size()), setting.data(),
                                            static_cast<int>(setting.size()));
  CHECK(made != nullptr);
  const Terminated given(password);
  const Scratch scratch(new crypt_data());
  const char* const hash = crypt_r(given.text.c_str(), made, scratch.get());
  CHECK(hash != nullptr && hash[0] != '*');
  return std::string(hash);
}

bool IsPasswordOf(std::string_view hash, std::string_view password) {
  if (HasZero(password) || !hash.starts_with("$2")) return false;
  const std::string setting(hash);
  const Terminated given(password.substr(0, kBcryptPasswordBytesMax));
  const Scratch scratch(new crypt_data());
  const char* const made = crypt_r(given.text.c_str(), setting.c_str(), scratch.get());
  return made != nullptr && IsEqual(made, hash);
}

}  // namespace auth
