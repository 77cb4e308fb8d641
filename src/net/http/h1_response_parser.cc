#include "net/http/h1_response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>
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

}  // namespace

class H1ResponseParser::Beast final : public beast::basic_parser<false> {
 public:
  Beast(const Options& options, Sink* sink) : sink_(sink) {
    header_limit(static_cast<uint32_t>(
        std::min<size_t>(options.max_head_bytes, std::numeric_limits<uint32_t>::max())));
    body_limit(std::numeric_limits<uint64_t>::max());  // the exchange's handler decides
    // Why not eager: what comes next is looked at before it is given (IsShortFirstChunk).
    skip(options.without_body);
  }

  // What the parser itself does not say of a failure; OK if it does.
  const base::Status& failure() const { return failure_; }
  bool awaits_first_chunk() const { return is_header_done() && chunked() && !has_chunk_; }
  const Headers& trailers() const { return trailers_; }

 private:
  void Fail(base::Code code, base::ByteView reason, error_code* error) {
    failure_ = base::Status(code, reason);
    *error = beast::error::bad_field;
  }

  void on_request_impl(beast::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int version, error_code& error) override {
    if (status < 100) return Fail(base::Code::kInvalidArgument, "bad status", &error);
    is_http10_ = version < 11;
    head_.Add(":status", std::to_string(status));
  }

  void on_field_impl(beast::field field, string_view name, string_view value,
                     error_code& error) override {
    if (head_done_) return trailers_.Add(LowerCase(View(name)), View(value));
    // Anything but exactly "chunked" leaves the end of the body to interpretation; and who speaks
    // HTTP/1.0 knows no chunks.
    if (field == beast::field::transfer_encoding &&
        (is_http10_ || LowerCase(View(value)) != "chunked")) {
      return Fail(base::Code::kUnimplemented, "unsupported transfer encoding", &error);
    }
    if (field == beast::field::content_length && !IsNumber(View(value))) {
      return Fail(base::Code::kInvalidArgument, "bad Content-Length", &error);
    }
    head_.Add(LowerCase(View(name)), View(value));
  }

  void on_header_impl(error_code&) override {
    head_done_ = true;
    head_.Trim();
    sink_->OnHead(head_);
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
  bool is_http10_ = false;
  bool head_done_ = false;
  bool has_chunk_ = false;
  ChunkMeter chunks_;
  base::Status failure_;
  Headers head_;
  Headers trailers_;
};

H1ResponseParser::H1ResponseParser(const Options& options, Sink* sink)
    : beast_(std::make_unique<Beast>(options, sink)) {}
H1ResponseParser::~H1ResponseParser() = default;

base::Status H1ResponseParser::Feed(base::ByteView* bytes) {
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

bool H1ResponseParser::IsDone() const {
  return beast_->is_done();
}
bool H1ResponseParser::EndsWithConnection() const {
  return beast_->is_header_done() && beast_->need_eof();
}
bool H1ResponseParser::keep_alive() const {
  return beast_->keep_alive();
}
const Headers& H1ResponseParser::trailers() const {
  return beast_->trailers();
}

}  // namespace http
