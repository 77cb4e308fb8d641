#include "net/http/websocket_handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"

namespace http {
namespace {

// Section 1.3.
constexpr base::ByteView kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool EqualIgnoringCase(base::ByteView left, base::ByteView right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [lower](char a, char b) { return lower(a) == lower(b); });
}

base::ByteView Trim(base::ByteView text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == base::ByteView::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Whether one of the fields of that name, each a list with commas between, has the token.
bool HasToken(const Headers& head, base::ByteView name, base::ByteView token) {
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i].name != name) continue;
    base::ByteView rest = head[i].value;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      if (EqualIgnoringCase(Trim(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

// The base64 of 16 bytes.
bool IsKey(base::ByteView key) {
  constexpr size_t kSize = 24;
  if (key.size() != kSize || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

std::string AcceptOf(base::ByteView key) {
  const std::string text = std::string(key) + std::string(kKeySuffix);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1);
  std::array<unsigned char, 29> base64;  // of 20 bytes, with the 0 at its end
  EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
  return reinterpret_cast<const char*>(base64.data());
}

bool HasBody(const Headers& head) {
  const base::ByteView length = head.Get("content-length");
  return head.Find("transfer-encoding").has_value() || (!length.empty() && length != "0");
}

}  // namespace

bool AsksForWebSocket(const Headers& head) {
  return HasToken(head, "connection", "upgrade") && HasToken(head, "upgrade", "websocket");
}

Headers AnswerToWebSocket(const Headers& head) {
  const auto refusal = [](base::ByteView status) {
    return Headers{{":status", status}, {"sec-websocket-version", "13"}};
  };
  if (Method(head) != "GET") return refusal("405");
  const base::ByteView key = head.Get("sec-websocket-key");
  if (!HasToken(head, "sec-websocket-version", "13") || !IsKey(key) || HasBody(head)) {
    return refusal("400");
  }
  return {{":status", "101"},
          {"upgrade", "websocket"},
          {"connection", "Upgrade"},
          {"sec-websocket-accept", AcceptOf(key)}};
}

}  // namespace http
