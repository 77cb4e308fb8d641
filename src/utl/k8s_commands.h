#pragma once

#include "cli/command.h"

namespace utl {

// `etcdutl k8s` and what is below it: objects of Kubernetes as the tool auger shows them.
cli::Command K8sCommand();

}  // namespace utl
