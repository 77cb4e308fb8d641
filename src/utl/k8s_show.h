#pragma once

#include "base/bytes.h"
#include "cli/command.h"
#include "k8s/object.h"

namespace utl {

// Prints the object that stands in the bytes, and on standard error if fields were left out.
cli::Outcome ShowObject(const cli::Invocation& invocation, base::ByteView bytes,
                        k8s::Format format);

}  // namespace utl
