#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/v2/call.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "net/http/headers.h"

// Answers that several parts of the API give.

namespace v2 {

// As text/plain, with a newline.
void SendText(Call& call, int status, base::ByteView text);
// 405, naming the methods that there are.
void SendMethods(Call& call, base::ByteView methods);
// `{"message":".."}`, without a newline.
void SendMessage(Call& call, int status, http::Headers fields, base::ByteView message);
// Of JSON; with the cluster's name.
http::Headers JsonFields();
http::Headers JsonFields(base::ClusterId cluster);

}  // namespace v2
