#pragma once

#include "net/http/plain.h"

namespace web {

// Answers 405 to what is not a GET. Whether it did.
bool RefuseMethod(const http::PlainRequest& request, http::Responder& responder);

}  // namespace web
