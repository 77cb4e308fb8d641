#pragma once

#include "net/http/headers.h"

namespace http {

// Whether a request asks to turn its HTTP/1.1 connection into a WebSocket (RFC 6455 section 4).
bool AsksForWebSocket(const Headers& head);

// The answer's head to such a request: 101, or the refusal of one that is not as it must be, with
// the status that etcd's answer has. A subprotocol is the caller's to add.
Headers AnswerToWebSocket(const Headers& head);

}  // namespace http
