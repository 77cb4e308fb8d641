#include "api/v2/key_request.h"

#include <utility>

#include "api/v2/go_text.h"
#include "base/go_text.h"
#include "state/v2/store.h"
#include "state/v2/tree.h"

namespace v2 {
namespace {

constexpr uint64_t kNanosecondsOfSecond = 1'000'000'000;

Error Invalid(Code code, base::ByteView name) {
  return {.code = code, .cause = "invalid value for \"" + std::string(name) + "\""};
}

bool IsWrong(const Error& error) {
  return error.code != Code::kNone;
}

// Takes the parameters in the order in which etcd does. The first error counts.
class Reading {
 public:
  explicit Reading(const base::Form& form) : form_(form) {}

  void Number(base::ByteView name, uint64_t* value) {
    const std::string* const text = form_.Find(name);
    if (text == nullptr || IsWrong(error_)) return;
    const std::optional<uint64_t> number = ParseUint(*text);
    if (!number.has_value()) return Fail(Invalid(Code::kIndexIsNoNumber, name));
    *value = *number;
  }
  void Switch(base::ByteView name, bool* value) {
    const std::string* const text = form_.Find(name);
    if (text == nullptr || IsWrong(error_)) return;
    const base::Result<bool> is_on = base::ParseGoBool(*text);
    if (!is_on.ok()) return Fail(Invalid(Code::kInvalidField, name));
    *value = *is_on;
  }
  // Compat: whose error has no quotes.
  std::optional<bool> Choice(base::ByteView name) {
    const std::string* const text = form_.Find(name);
    if (text == nullptr || IsWrong(error_)) return std::nullopt;
    const base::Result<bool> is_on = base::ParseGoBool(*text);
    if (is_on.ok()) return *is_on;
    Fail({.code = Code::kInvalidField, .cause = "invalid value for " + std::string(name)});
    return std::nullopt;
  }
  void Fail(Error error) {
    if (!IsWrong(error_)) error_ = std::move(error);
  }
  const Error& error() const { return error_; }

 private:
  const base::Form& form_;
  Error error_;
};

void ReadTtl(const base::Form& form, Reading* reading, KeyRequest* request) {
  const std::string& text = form.Get("ttl");
  if (text.empty() || IsWrong(reading->error())) return;
  request->ttl = ParseUint(text);
  if (!request->ttl.has_value()) reading->Fail(Invalid(Code::kTtlIsNoNumber, "ttl"));
}

void ReadRefresh(const base::Form& form, Reading* reading, KeyRequest* request) {
  if (!reading->Choice("refresh").value_or(false)) return;
  request->change.set_refresh(true);
  if (!form.Get("value").empty()) {
    reading->Fail({.code = Code::kRefreshValue, .cause = "A value was provided on a refresh"});
  }
  if (!request->ttl.has_value()) {
    reading->Fail({.code = Code::kRefreshTtlRequired, .cause = "No TTL value set"});
  }
}

v2pb::Request::Method MethodOf(base::ByteView method) {
  if (method == "PUT") return v2pb::Request::PUT;
  if (method == "POST") return v2pb::Request::POST;
  return method == "DELETE" ? v2pb::Request::DELETE : v2pb::Request::NONE;
}

}  // namespace

Error ParseKeyRequest(base::ByteView method, base::ByteView path, const base::Form& form,
                      KeyRequest* request) {
  if (!form.error().empty()) return {.code = Code::kInvalidForm, .cause = form.error()};
  Reading reading(form);
  v2pb::Request& change = request->change;
  uint64_t prev_index = 0;
  bool sorted = false;
  bool dir = false;
  reading.Number("prevIndex", &prev_index);
  reading.Number("waitIndex", &request->wait_index);
  reading.Switch("recursive", &request->recursive);
  reading.Switch("sorted", &sorted);  // they always are
  reading.Switch("wait", &request->wait);
  reading.Switch("dir", &dir);
  reading.Switch("quorum", &request->quorum);
  reading.Switch("stream", &request->stream);
  if (request->wait && method != "GET") {
    reading.Fail(
        {.code = Code::kInvalidField, .cause = R"("wait" can only be used with GET requests)"});
  }
  if (const std::string* const prev = form.Find("prevValue"); prev != nullptr && prev->empty()) {
    reading.Fail({.code = Code::kPrevValueRequired, .cause = R"("prevValue" cannot be empty)"});
  }
  reading.Switch("noValueOnSuccess", &request->no_value_on_success);
  ReadTtl(form, &reading, request);
  if (const auto exist = reading.Choice("prevExist"); exist.has_value()) {
    change.set_prev_exist(*exist);
  }
  ReadRefresh(form, &reading, request);
  request->key = path;
  request->path = kKeys;
  for (const std::string_view element : Elements(path)) (request->path += '/') += element;
  change.set_method(MethodOf(method));
  if (change.method() == v2pb::Request::NONE) return reading.error();
  change.set_path(request->path);
  change.set_value(form.Get("value"));
  change.set_dir(dir);
  change.set_prev_value(form.Get("prevValue"));
  change.set_prev_index(prev_index);
  change.set_recursive(request->recursive);
  return reading.error();
}

// Compat: the product may wrap, as in Go.
void SetTimes(int64_t now, KeyRequest* request) {
  request->change.set_time(now);
  if (!request->ttl.has_value()) return;
  const uint64_t expiration = static_cast<uint64_t>(now) + *request->ttl * kNanosecondsOfSecond;
  request->change.set_expiration(static_cast<int64_t>(expiration));
}

}  // namespace v2
