#pragma once

#include <etcd/options.h>

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace client {

// What the first of the endpoints answers to a GET of `path`, in plain text or TLS as it is spoken
// to in calls. Waits for it, half a minute at most. Fails in words for people; with any status but
// 200, too.
base::Result<base::Bytes> FetchPage(const etcd::ClientOptions& options, const std::string& path);

}  // namespace client
