#include "api/identity/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace identity {

void Wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string&& text) : text_(new std::string(std::move(text))) {
  Wipe(text);
}

void Secret::WipeAndDelete::operator()(std::string* text) const {
  Wipe(*text);
  delete text;
}

}  // namespace identity
