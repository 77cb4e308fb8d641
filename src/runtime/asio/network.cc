#include "runtime/asio/network.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <utility>

#include "runtime/asio/context.h"
#include "runtime/asio/stream.h"

namespace runtime::asio {
namespace {

using boost::asio::ip::tcp;
using UnixProtocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

// After a failed accept (no descriptors left, usually) the backlog waits this long.
constexpr Duration kAcceptRetryDelay = std::chrono::milliseconds(50);

// A unix path must fit sockaddr_un with its terminator.
constexpr size_t kUnixPathBytesMax = sizeof(sockaddr_un{}.sun_path) - 1;

template <typename Protocol>
class Acceptor : public std::enable_shared_from_this<Acceptor<Protocol>> {
 public:
  Acceptor(boost::asio::io_context& io, base::Callback<void(std::unique_ptr<Stream>)> on_accept)
      : acceptor_(io), retry_(io), on_accept_(std::move(on_accept)) {}

  error_code Open(const typename Protocol::endpoint& endpoint,
                  const runtime::Network::ListenOptions& options) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(options.backlog, error);
    return error;
  }

  void Accept() {
    acceptor_.async_accept([self = this->shared_from_this()](const error_code& error,
                                                             typename Protocol::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->RetryAfterDelay();
      self->on_accept_(NewStream(Socket(std::move(socket))));
      if (self->acceptor_.is_open()) self->Accept();
    });
  }

  void Close() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  }

  typename Protocol::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  void RetryAfterDelay() {
    retry_.expires_after(kAcceptRetryDelay);
    retry_.async_wait([self = this->shared_from_this()](const error_code& error) {
      if (!error && self->acceptor_.is_open()) self->Accept();
    });
  }

  typename Protocol::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  base::Callback<void(std::unique_ptr<Stream>)> on_accept_;
};

template <typename Protocol>
class AsioListener final : public Listener {
 public:
  AsioListener(std::shared_ptr<Acceptor<Protocol>> acceptor, Address address)
      : acceptor_(std::move(acceptor)), address_(std::move(address)) {
    acceptor_->Accept();
  }
  ~AsioListener() override {
    acceptor_->Close();
    if (!address_.unix_path.empty()) ::unlink(address_.unix_path.c_str());
  }
  Address address() const override { return address_; }

 private:
  const std::shared_ptr<Acceptor<Protocol>> acceptor_;
  const Address address_;
};

// Where a connection comes from, if that is given.
struct Origin {
  error_code error;
  tcp::endpoint endpoint;
  bool is_given = false;
};

Origin ParseOrigin(const std::string& address) {
  Origin origin;
  if (address.empty()) return origin;
  origin.is_given = true;
  origin.endpoint = {boost::asio::ip::make_address(address, origin.error), 0};
  return origin;
}

// Resolves, then tries each endpoint in turn.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  using Done = base::Callback<void(base::Result<std::unique_ptr<Stream>>)>;

  Attempt(boost::asio::io_context& io, Address address, Origin origin, Done done)
      : resolver_(io),
        tcp_(io),
        unix_(io),
        address_(std::move(address)),
        origin_(std::move(origin)),
        done_(std::move(done)) {}

  void Start() {
    if (!address_.unix_path.empty()) return ConnectUnix();
    resolver_.async_resolve(
        address_.host, std::to_string(address_.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](const error_code& error, auto endpoints) {
          if (error) return self->Finish(error, nullptr);
          self->endpoints_ = std::move(endpoints);
          self->next_ = self->endpoints_.begin();
          self->ConnectTcp(make_error_code(boost::system::errc::address_family_not_supported));
        });
  }

  void Cancel() {
    done_ = nullptr;
    error_code ignored;
    resolver_.cancel();
    tcp_.close(ignored);
    unix_.close(ignored);
  }

 private:
  // Tries the next endpoint that can be reached from the origin; `last` says why there has been no
  // connection so far.
  void ConnectTcp(error_code last) {
    if (!done_) return;
    for (; next_ != endpoints_.end(); ++next_) {
      const tcp::endpoint to = next_->endpoint();
      if (origin_.is_given && to.protocol() != origin_.endpoint.protocol()) continue;
      last = Open(to.protocol());
      if (last) continue;
      ++next_;
      return tcp_.async_connect(to, [self = shared_from_this()](const error_code& error) {
        if (error) return self->ConnectTcp(error);
        self->Finish(error, NewStream(Socket(std::move(self->tcp_))));
      });
    }
    Finish(last, nullptr);
  }

  error_code Open(const tcp& protocol) {
    if (origin_.error) return origin_.error;
    error_code error;
    tcp_.close(error);
    tcp_.open(protocol, error);
    if (!error && origin_.is_given) tcp_.bind(origin_.endpoint, error);
    return error;
  }

  void ConnectUnix() {
    if (address_.unix_path.size() > kUnixPathBytesMax) {
      return boost::asio::post(unix_.get_executor(), [self = shared_from_this()] {
        self->Finish(make_error_code(boost::system::errc::filename_too_long), nullptr);
      });
    }
    unix_.async_connect(UnixProtocol::endpoint(address_.unix_path), [self = shared_from_this()](
                                                                        const error_code& error) {
      self->Finish(error, error ? nullptr : NewStream(Socket(std::move(self->unix_))));
    });
  }

  void Finish(const error_code& error, std::unique_ptr<Stream> stream) {
    if (!done_) return;
    Done done = std::move(done_);
    if (error) return done(NetworkError(error, address_.ToString()));
    done(std::move(stream));
  }

  tcp::resolver resolver_;
  tcp::socket tcp_;
  UnixProtocol::socket unix_;
  const Address address_;
  const Origin origin_;
  tcp::resolver::results_type endpoints_;
  tcp::resolver::results_type::iterator next_;
  Done done_;
};

class AsioConnecting final : public Connecting {
 public:
  explicit AsioConnecting(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
  ~AsioConnecting() override { attempt_->Cancel(); }

 private:
  const std::shared_ptr<Attempt> attempt_;
};

}  // namespace

Network::Network(Loop* loop, std::string local_address)
    : loop_(loop), local_address_(std::move(local_address)) {}

base::Result<std::unique_ptr<Listener>> Network::Listen(
    const Address& address, const ListenOptions& options,
    base::Callback<void(std::unique_ptr<Stream>)> on_accept) {
  boost::asio::io_context& io = loop_->context().io;
  if (!address.unix_path.empty()) {
    if (address.unix_path.size() > kUnixPathBytesMax) {
      return base::ErrnoStatus(ENAMETOOLONG, address.ToString());
    }
    // A socket file that a dead process left behind would make bind fail.
    ::unlink(address.unix_path.c_str());
    auto acceptor = std::make_shared<Acceptor<UnixProtocol>>(io, std::move(on_accept));
    const error_code error = acceptor->Open(UnixProtocol::endpoint(address.unix_path), options);
    if (error) return NetworkError(error, address.ToString());
    return std::unique_ptr<Listener>(
        std::make_unique<AsioListener<UnixProtocol>>(std::move(acceptor), address));
  }
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error || found.empty()) return NetworkError(error, address.ToString());
  auto acceptor = std::make_shared<Acceptor<tcp>>(io, std::move(on_accept));
  error = acceptor->Open(found.begin()->endpoint(), options);
  if (error) return NetworkError(error, address.ToString());
  Address bound = address;
  bound.port = acceptor->endpoint().port();
  return std::unique_ptr<Listener>(
      std::make_unique<AsioListener<tcp>>(std::move(acceptor), std::move(bound)));
}

std::unique_ptr<Connecting> Network::Connect(
    const Address& address, base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done) {
  auto attempt = std::make_shared<Attempt>(loop_->context().io, address,
                                           ParseOrigin(local_address_), std::move(done));
  attempt->Start();
  return std::make_unique<AsioConnecting>(std::move(attempt));
}

}  // namespace runtime::asio
