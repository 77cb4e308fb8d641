// A path and a form of the v2 API, split at the first zero byte: whatever they are, what is made of
// them is a change that the store takes, or an error.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "api/v2/json.h"
#include "api/v2/key_request.h"
#include "base/check.h"
#include "base/form.h"
#include "base/url_escape.h"
#include "state/v2/store.h"
#include "storage/backend/memory_backend.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(bytes.find('\0'), bytes.size());
  const auto path = base::PathUnescape(bytes.substr(0, split));
  if (!path.ok()) return 0;
  CHECK(base::PathUnescape(base::PathEscape(*path)).value() == *path);
  base::Form form;
  form.Parse(bytes.substr(std::min(split + 1, bytes.size())));
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  const auto database = backend::OpenMemoryBackend(backend::NewMemoryDatabase(11));
  const auto reader = database->NewReader().value();
  const auto store = v2::Store::Load(*reader, &buffer).value();
  store->Begin(3);
  for (const char* const method : {"PUT", "POST", "PUT", "DELETE"}) {
    v2::KeyRequest request;
    const v2::Error error = v2::ParseKeyRequest(method, *path, form, &request);
    if (error.code != v2::Code::kNone) {
      CHECK(!v2::ErrorJson(error).empty());
      continue;
    }
    v2::SetTimes(1'600'000'000'000'000'000, &request);
    const uint64_t before = store->index();
    const v2::Result result = store->Apply(request.change);
    CHECK((result.event == nullptr) == (result.error.code != v2::Code::kNone));
    CHECK(store->index() == before + (result.event == nullptr ? 0 : 1));
    if (result.event != nullptr) CHECK(v2::EventJson(*result.event).ends_with("}\n"));
  }
  return 0;
}
