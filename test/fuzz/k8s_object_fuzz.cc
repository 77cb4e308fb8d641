// Any bytes as what etcd has of a Kubernetes object, and as what somebody wants to store. What can
// be shown can be stored again, and is then shown the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "k8s/object.h"

namespace {

void ShowAndStore(base::ByteView bytes) {
  const auto stored = k8s::FindStored(bytes);
  if (!stored.ok()) return;
  const auto json = k8s::Show(*stored, k8s::Format::kJson);
  const auto yaml = k8s::Show(*stored, k8s::Format::kYaml);
  if (!json.ok() || !yaml.ok() || !stored->is_protobuf) return;
  const auto again = k8s::Store(json->text, k8s::Format::kJson);
  if (!again.ok()) return;  // quantities of any text are shown
  const auto found = k8s::FindStored(*again);
  CHECK(found.ok());
  const auto shown = k8s::Show(*found, k8s::Format::kJson);
  CHECK(shown.ok());
  // Bytes that are no UTF-8 are that no more.
  if (json->text.find("\\ufffd") == std::string::npos) CHECK(shown->text == json->text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ShowAndStore(text);
  for (const auto format : {k8s::Format::kYaml, k8s::Format::kJson}) {
    const auto stored = k8s::Store(text, format);
    if (stored.ok()) ShowAndStore(*stored);
  }
  return 0;
}
