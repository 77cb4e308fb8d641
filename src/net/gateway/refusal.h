#pragma once

#include <memory>
#include <string>

#include "net/http/exchange.h"

namespace gateway {

// Answers a request that is refused, once its body has come: clients such as curl 7.88 take it for
// an error if a stream ends that they still write to. A long body is not waited for. The answer's
// length is added to `head`.
std::shared_ptr<http::ExchangeHandler> Refuse(http::Exchange& exchange, http::Headers head,
                                              std::string body);

}  // namespace gateway
