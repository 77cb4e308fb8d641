#pragma once

#include <mutex>

#include "net/http/plain.h"
#include "runtime/failpoint_table.h"
#include "runtime/loop.h"

namespace failpoints {

// Lets a test set failpoints over HTTP, as gofail does for programs in Go:
//
//   GET /           "name=terms" of all      GET /name        the terms, 404 if nothing is set
//   PUT /name       sets the body's terms    GET /name/count  how often they have acted
//   DELETE /name    takes them back          PUT /failpoints  "name=terms;name=terms"
//
// A failpoint that ends the process waits until an answer that is due is out. One loop, which
// outlives it, as the table does.
class Service final : public http::Service {
 public:
  static constexpr size_t kRequestBytesMax = 64 * 1024;

  Service(runtime::Loop* loop, runtime::FailpointTable* table);

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    return endpoints_.OnRequest(exchange);
  }

 private:
  void Answer(const http::PlainRequest& request, http::Responder responder);
  http::PlainResponse Put(const std::string& name, const std::string& terms);
  http::PlainResponse Get(const std::string& name) const;
  http::PlainResponse Delete(const std::string& name);
  // Until the answers of this turn of the loop are out.
  void HoldPanics();

  runtime::Loop& loop_;
  runtime::FailpointTable& table_;
  http::PlainService endpoints_{kRequestBytesMax};
  std::unique_lock<std::mutex> held_;
};

}  // namespace failpoints
