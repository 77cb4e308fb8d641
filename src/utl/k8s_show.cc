#include "utl/k8s_show.h"

#include "offline/files.h"

namespace utl {

cli::Outcome ShowObject(const cli::Invocation& invocation, base::ByteView bytes,
                        k8s::Format format) {
  const auto stored = k8s::FindStored(bytes);
  if (!stored.ok()) return offline::Failure(stored.status());
  const auto shown = k8s::Show(*stored, format);
  if (!shown.ok()) return offline::Failure(shown.status());
  cli::Print(invocation.out, shown->text);
  if (shown->left_out) {
    cli::Print(invocation.err,
               "warn: the object has fields that this version does not know; they are left out\n");
  }
  return {};
}

}  // namespace utl
