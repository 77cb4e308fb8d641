#include "ctl/redaction.h"

#include <algorithm>

#include "ctl/json.h"

namespace ctl {
namespace {

constexpr size_t kSecretMin = 4;
constexpr char kHidden[] = "***";
constexpr char kPrivateKey[] = "PRIVATE KEY-----";

}  // namespace

Redaction::Redaction(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < kSecretMin) continue;
    secrets_.push_back(secret);
    const std::string json = JsonString(secret);
    const std::string inner = json.substr(1, json.size() - 2);
    if (inner != secret) secrets_.push_back(inner);
  }
}

std::string Redaction::Clean(std::string text) const {
  if (text.find(kPrivateKey) != std::string::npos) {
    return "left out: there is a private key in it\n";
  }
  for (const std::string& secret : secrets_) {
    for (size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + sizeof kHidden - 1)) {
      text.replace(at, secret.size(), kHidden);
    }
  }
  return text;
}

std::string_view TailOf(std::string_view text, size_t lines, size_t bytes_max) {
  if (text.size() > bytes_max) {
    text.remove_prefix(text.size() - bytes_max);
    // Not a part of a line.
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  size_t begin = text.size();
  for (size_t left = lines; left > 0 && begin > 0; --left) {
    const size_t end = text.rfind('\n', begin < 2 ? 0 : begin - 2);
    begin = begin < 2 || end == std::string_view::npos ? 0 : end + 1;
  }
  return text.substr(begin);
}

}  // namespace ctl
