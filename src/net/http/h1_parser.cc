#include "net/http/h1_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "net/http/h1_text.h"

namespace http {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

base::ByteView View(string_view text) {
  return {text.data(), text.size()};
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

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// What may stand in a path as it is: nothing that ends a field or is more than text in a page.
bool IsPlain(char letter) {
  const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
  return is_letter || (letter >= '0' && letter <= '9') ||
         base::ByteView("-._~/").find(letter) != base::ByteView::npos;
}

// Without percent-encoding, up to the query; as it is if anything else than plain letters was
// encoded, since no path that there is has any; nothing if it is malformed.
std::optional<std::string> Decoded(base::ByteView target) {
  const size_t end = std::min(target.find('?'), target.size());
  if (target.substr(0, end).find('%') == base::ByteView::npos) return std::string(target);
  std::string path;
  bool is_plain = true;
  for (size_t i = 0; i < end; ++i) {
    if (target[i] != '%') {
      path += target[i];
      continue;
    }
    const int high = i + 2 < end ? HexDigit(target[i + 1]) : -1;
    const int low = i + 2 < end ? HexDigit(target[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    path += static_cast<char>(high * 16 + low);
    is_plain = is_plain && IsPlain(path.back());
    i += 2;
  }
  return is_plain ? path.append(target.substr(end)) : std::string(target);
}

// RFC 3986's characters of a host and a port, as Go's server takes them; it may be empty.
bool IsHostHeader(base::ByteView value) {
  static constexpr base::ByteView kOthers = "!$%&'()*+,-.:;=[]_~";
  return std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != base::ByteView::npos;
  });
}

}  // namespace

class H1Parser::Beast final : public beast::basic_parser<true> {
 public:
  Beast(size_t max_head_bytes, Sink* sink) : sink_(sink) {
    header_limit(static_cast<uint32_t>(
        std::min<size_t>(max_head_bytes, std::numeric_limits<uint32_t>::max())));
    body_limit(std::numeric_limits<uint64_t>::max());  // the exchange's handler decides
    // Why not eager: what comes next is looked at before it is given (IsShortFirstChunk).
  }

  bool is_http10() const { return version_ < 11; }
  // What the parser itself does not say of a failure; OK if it does.
  const base::Status& failure() const { return failure_; }
  bool awaits_first_chunk() const { return is_header_done() && chunked() && !has_chunk_; }

 private:
  void Fail(base::Code code, base::ByteView reason, error_code* error) {
    failure_ = base::Status(code, reason);
    *error = beast::error::bad_field;
  }

  void on_request_impl(beast::verb, string_view method, string_view target, int version,
                       error_code& error) override {
    version_ = version;
    method_ = View(method);
    if (method_ == "CONNECT" && !View(target).starts_with('/')) {
      if (target == "*") return Fail(base::Code::kInvalidArgument, "bad target", &error);
      path_ = "//" + std::string(View(target));  // to a host, and no path that there is
      return;
    }
    base::ByteView authority;
    const base::ByteView path = PathOfTarget(View(target), &authority);
    authority_ = authority;
    std::optional<std::string> decoded = Decoded(path);
    const bool is_path = path.starts_with('/') || path == "*";
    if (!is_path || !decoded) return Fail(base::Code::kInvalidArgument, "bad target", &error);
    path_ = *std::move(decoded);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_field_impl(beast::field field, string_view name, string_view value,
                     error_code& error) override {
    // HTTP/1.0 has no chunks: some readers take them for the next request.
    if (field == beast::field::transfer_encoding && is_http10()) {
      return Fail(base::Code::kInvalidArgument, "Transfer-Encoding in HTTP/1.0", &error);
    }
    // Anything but exactly "chunked" leaves the end of the body to interpretation.
    if (field == beast::field::transfer_encoding && LowerCase(View(value)) != "chunked") {
      return Fail(base::Code::kUnimplemented, "Unsupported transfer encoding", &error);
    }
    if (field == beast::field::content_length && !IsNumber(View(value))) {
      return Fail(base::Code::kInvalidArgument, "bad Content-Length", &error);
    }
    if (field == beast::field::expect && LowerCase(View(value)) != "100-continue") {
      expects_other_ = expects_other_ || !value.empty();
    }
    if (field == beast::field::host) {
      if (has_host_) error = beast::error::bad_field;
      if (!IsHostHeader(View(value))) {
        return Fail(base::Code::kInvalidArgument, "malformed Host header", &error);
      }
      has_host_ = true;
      if (authority_.empty()) authority_ = View(value);
    }
    fields_.Add(LowerCase(View(name)), View(value));
  }

  void on_header_impl(error_code& error) override {
    if (!has_host_ && !is_http10()) {
      return Fail(base::Code::kInvalidArgument, "missing required Host header", &error);
    }
    if (expects_other_) return Fail(base::Code::kFailedPrecondition, "", &error);
    Headers head = {{":method", method_}, {":path", path_}, {":authority", authority_}};
    head.Add(fields_);
    sink_->OnHead(head);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view body, error_code&) override {
    if (!body.empty()) sink_->OnBody(View(body));
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, string_view extensions,
                            error_code& error) override {
    has_chunk_ = true;
    failure_ = chunks_.OnHeader(size, extensions.size());
    if (!failure_.ok()) error = beast::error::bad_chunk_extension;
  }
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
  bool expects_other_ = false;
  bool has_chunk_ = false;
  ChunkMeter chunks_;
  base::Status failure_;
  Headers fields_;
};

H1Parser::H1Parser(size_t max_head_bytes, Sink* sink)
    : beast_(std::make_unique<Beast>(max_head_bytes, sink)) {}
H1Parser::~H1Parser() = default;

base::Status H1Parser::Feed(base::ByteView* bytes) {
  while (!bytes->empty() && !beast_->is_done()) {
    if (beast_->awaits_first_chunk() && IsShortFirstChunk(*bytes)) return {};
    error_code error;
    const size_t taken = beast_->put(boost::asio::buffer(bytes->data(), bytes->size()), error);
    bytes->remove_prefix(taken);
    if (error == beast::error::need_more) return {};
    if (error == beast::error::header_limit) {
      return base::Status(base::Code::kResourceExhausted, error.message());
    }
    if (!beast_->failure().ok()) return beast_->failure();
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
