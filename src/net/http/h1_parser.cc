#include "net/http/h1_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace http {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

base::ByteView View(string_view text) {
  return {text.data(), text.size()};
}

std::string LowerCase(string_view text) {
  std::string lower(text.data(), text.size());
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

// The host of an absolute-form target (RFC 9112 section 3.2.2) goes to `*authority`, and what is
// left is the path.
base::ByteView PathOfTarget(base::ByteView target, base::ByteView* authority) {
  for (const base::ByteView scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t slash = std::min(target.find('/'), target.size());
    *authority = target.substr(0, slash);
    return slash == target.size() ? "/" : target.substr(slash);
  }
  return target;
}

}  // namespace

class H1Parser::Beast final : public beast::basic_parser<true> {
 public:
  Beast(size_t max_head_bytes, Sink* sink) : sink_(sink) {
    header_limit(static_cast<uint32_t>(
        std::min<size_t>(max_head_bytes, std::numeric_limits<uint32_t>::max())));
    body_limit(std::numeric_limits<uint64_t>::max());  // the exchange's handler decides
    eager(true);
  }

  bool is_http10() const { return version_ < 11; }

 private:
  void on_request_impl(beast::verb, string_view method, string_view target, int version,
                       error_code&) override {
    version_ = version;
    base::ByteView authority;
    const base::ByteView path = PathOfTarget(View(target), &authority);
    method_ = View(method);
    path_ = path;
    authority_ = authority;
  }
  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_field_impl(beast::field field, string_view name, string_view value,
                     error_code& error) override {
    // Anything but exactly "chunked" leaves the end of the body to interpretation.
    if (field == beast::field::transfer_encoding && LowerCase(value) != "chunked") {
      error = beast::error::bad_transfer_encoding;
    }
    if (field == beast::field::host) {
      if (has_host_) error = beast::error::bad_field;
      has_host_ = true;
      if (authority_.empty()) authority_ = View(value);
    }
    fields_.Add(LowerCase(name), View(value));
  }

  void on_header_impl(error_code& error) override {
    if (!has_host_ && !is_http10()) {
      error = beast::error::bad_field;
      return;
    }
    Headers head = {{":method", method_}, {":path", path_}, {":authority", authority_}};
    head.Add(fields_);
    sink_->OnHead(head);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view body, error_code&) override {
    if (!body.empty()) sink_->OnBody(View(body));
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(error_code&) override {}

  Sink* const sink_;
  int version_ = 0;
  std::string method_;
  std::string path_;
  std::string authority_;
  bool has_host_ = false;
  Headers fields_;
};

H1Parser::H1Parser(size_t max_head_bytes, Sink* sink)
    : beast_(std::make_unique<Beast>(max_head_bytes, sink)) {}
H1Parser::~H1Parser() = default;

base::Status H1Parser::Feed(base::ByteView* bytes) {
  while (!bytes->empty() && !beast_->is_done()) {
    error_code error;
    const size_t taken = beast_->put(boost::asio::buffer(bytes->data(), bytes->size()), error);
    bytes->remove_prefix(taken);
    if (error == beast::error::need_more) return {};
    if (error == beast::error::header_limit) {
      return base::Status(base::Code::kResourceExhausted, error.message());
    }
    if (error) return base::Status(base::Code::kInvalidArgument, error.message());
  }
  return {};
}

bool H1Parser::head_done() const {
  return beast_->is_header_done();
}
bool H1Parser::IsDone() const {
  return beast_->is_done();
}
bool H1Parser::keep_alive() const {
  return beast_->keep_alive();
}
bool H1Parser::is_http10() const {
  return beast_->is_http10();
}

}  // namespace http
