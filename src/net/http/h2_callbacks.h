#pragma once

#include <cstdint>

#include "net/http/headers.h"

struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace http {

class H2Stream;

// The functions that nghttp2 calls, each handing over to the H2Session that is its session's user
// data. Made once, never freed.
const nghttp2_session_callbacks* Http2Callbacks();

// Submit a head; with `body`, nghttp2 then takes what that stream has queued. The request's answer
// is the id of its stream.
int32_t SubmitRequest(nghttp2_session* session, const Headers& head, H2Stream* stream, bool body);
void SubmitResponse(nghttp2_session* session, const Headers& head, H2Stream* stream, bool body);

}  // namespace http
