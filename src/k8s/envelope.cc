#include "k8s/envelope.h"

#include <string_view>

#include "base/wire.h"

namespace k8s {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "k8s\0"sv;

enum : uint32_t { kTypeMeta = 1, kRaw = 2, kContentEncoding = 3, kContentType = 4 };
enum : uint32_t { kApiVersion = 1, kKind = 2 };  // of kTypeMeta

bool ParseTypeMeta(base::ByteView bytes, Envelope* envelope) {
  base::WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == kApiVersion) envelope->api_version = reader.bytes();
    if (reader.field() == kKind) envelope->kind = reader.bytes();
  }
  return reader.ok();
}

}  // namespace

std::optional<base::ByteView> FindEnvelope(base::ByteView bytes) {
  const size_t at = bytes.find(kMagic);
  if (at == base::ByteView::npos) return std::nullopt;
  return bytes.substr(at);
}

base::Result<Envelope> ParseEnvelope(base::ByteView bytes) {
  const base::Status bad(base::Code::kInvalidArgument,
                         "the value begins as a Kubernetes object does, but is damaged: its "
                         "envelope cannot be read");
  if (!bytes.starts_with(kMagic)) return bad;
  Envelope envelope;
  base::WireReader reader(bytes.substr(kMagic.size()));
  while (reader.Next()) {
    switch (reader.field()) {
      case kTypeMeta:
        if (!ParseTypeMeta(reader.bytes(), &envelope)) return bad;
        break;
      case kRaw:
        envelope.raw = reader.bytes();
        break;
      case kContentEncoding:
        envelope.content_encoding = reader.bytes();
        break;
      case kContentType:
        envelope.content_type = reader.bytes();
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) return bad;
  return envelope;
}

base::Bytes WriteEnvelope(const Envelope& envelope) {
  base::Bytes type_meta;
  base::WireWriter meta_writer(&type_meta);
  meta_writer.Bytes(kApiVersion, envelope.api_version);
  meta_writer.Bytes(kKind, envelope.kind);
  base::Bytes bytes(kMagic);
  base::WireWriter writer(&bytes);
  writer.Bytes(kTypeMeta, type_meta);
  writer.Bytes(kRaw, envelope.raw);
  writer.Bytes(kContentEncoding, envelope.content_encoding);
  writer.Bytes(kContentType, envelope.content_type);
  return bytes;
}

}  // namespace k8s
