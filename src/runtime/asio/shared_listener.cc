#include "runtime/asio/shared_listener.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "runtime/asio/context.h"
#include "runtime/asio/stream.h"
#include "runtime/posix/clock.h"
#include "runtime/random.h"

namespace runtime::asio {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Protocol = boost::asio::generic::stream_protocol;
using UnixProtocol = boost::asio::local::stream_protocol;

// After an accept that failed (no descriptors, no memory) the queue waits this long.
constexpr Duration kRetryDelay = std::chrono::milliseconds(50);
constexpr int kAcceptsPerTurn = 64;
constexpr int kListenTries = 4;
constexpr Duration kListenPauseMax = std::chrono::milliseconds(20);
// A unix path must fit sockaddr_un with its terminator.
constexpr size_t kUnixPathBytesMax = sizeof(sockaddr_un{}.sun_path) - 1;

// A descriptor on its way to its loop; closed if it does not get there.
class Accepted {
 public:
  explicit Accepted(int descriptor) : descriptor_(descriptor) {}
  Accepted(Accepted&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Accepted& operator=(Accepted&&) = delete;
  ~Accepted() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

void Reset(int descriptor) {
  const linger at_once{1, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// Compat: as Go's net package prints it.
base::Status GoError(const Address& address, const char* step, const error_code& error) {
  const bool unix_socket = !address.unix_path.empty();
  std::string text =
      error == boost::asio::error::address_in_use ? "address already in use" : error.message();
  return base::Status(base::Code::kUnavailable,
                      std::string("listen ") + (unix_socket ? "unix " : "tcp ") +
                          (unix_socket ? address.unix_path : address.ToString()) + ": " + step +
                          ": " + text);
}

bool IsAnyHost(const Address& address) {
  return address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
}

// Lets a socket of IPv6 that listens at all addresses listen at those of IPv4 too.
void TakeBothFamilies(int descriptor, error_code& error) {
  const int off = 0;
  if (::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) {
    error = error_code(errno, boost::system::system_category());
  }
}

// Whether this machine has IPv6, and its sockets take connections of IPv4.
bool HasBothFamilies(Loop::Context& context) {
  tcp::acceptor probe(context.io);
  error_code error;
  probe.open(tcp::v6(), error);
  if (!error) TakeBothFamilies(probe.native_handle(), error);
  if (!error) {
    const auto loopback = boost::asio::ip::address_v4::loopback();
    probe.bind({boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, loopback), 0}, error);
  }
  return !error;
}

base::Result<Protocol::endpoint> Resolve(Loop::Context& context, const Address& address) {
  if (!address.unix_path.empty()) {
    if (address.unix_path.size() > kUnixPathBytesMax) {
      return base::ErrnoStatus(ENAMETOOLONG, address.ToString());
    }
    return Protocol::endpoint(UnixProtocol::endpoint(address.unix_path));
  }
  // Compat: Go's 0.0.0.0 is all addresses of both families.
  if (IsAnyHost(address) && HasBothFamilies(context)) {
    return Protocol::endpoint(tcp::endpoint(tcp::v6(), address.port));
  }
  error_code error;
  tcp::resolver resolver(context.io);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error || found.empty()) return GoError(address, "lookup", error);
  return Protocol::endpoint(found.begin()->endpoint());
}

// A socket file that a dead process left behind would make bind fail; one that is listened at is
// left alone.
void RemoveDeadSocket(Loop::Context& context, const Address& address) {
  UnixProtocol::socket probe(context.io);
  error_code error;
  probe.connect(UnixProtocol::endpoint(address.unix_path), error);
  if (error == boost::asio::error::connection_refused) ::unlink(address.unix_path.c_str());
}

}  // namespace

class SharedListener::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(Loop::Context& context, const Options& options)
      : acceptor_(context.io), retry_(context.io), options_(options) {}

  // Of two processes that listen at one address in the same instant Linux may refuse both: each
  // sees that the other's socket has begun to listen. So whoever is refused only then tries again,
  // after a pause that is hardly ever as long as the other's.
  base::Status Open(const Address& address, const Protocol::endpoint& endpoint,
                    const Options& options) {
    Random random(posix::EntropySeed());
    for (int tries_left = kListenTries;;) {
      RETURN_IF_ERROR(Bind(address, endpoint, options));
      error_code error;
      acceptor_.listen(options.backlog, error);
      if (!error) acceptor_.non_blocking(true, error);
      if (!error) return {};
      if (error != boost::asio::error::address_in_use || --tries_left == 0) {
        return GoError(address, "listen", error);
      }
      acceptor_.close(error);
      std::this_thread::sleep_for(Duration(random.Below(kListenPauseMax.count())));
    }
  }

  uint16_t port() const {
    const auto endpoint = acceptor_.local_endpoint();
    sockaddr_storage address{};
    std::memcpy(&address, endpoint.data(), std::min(sizeof address, endpoint.size()));
    if (address.ss_family == AF_INET) {
      return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    }
    if (address.ss_family == AF_INET6) {
      return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    }
    return 0;
  }

  void Start(std::vector<Taker> takers, base::Callback<void()> on_refused) {
    takers_ = std::make_shared<const std::vector<Taker>>(std::move(takers));
    on_refused_ = std::move(on_refused);
    Wait();
  }

  void WhenAsked(base::Callback<void()> first) {
    acceptor_.async_wait(
        boost::asio::socket_base::wait_read,
        [self = shared_from_this(), first = std::move(first)](const error_code& error) mutable {
          if (!error && self->acceptor_.is_open()) first();
        });
  }

  void Close() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  }

 private:
  base::Status Bind(const Address& address, const Protocol::endpoint& endpoint,
                    const Options& options) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (error) return GoError(address, "socket", error);
    // Connections of an earlier process, in TIME_WAIT, keep nobody from the port.
    acceptor_.set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error && options.reuse_port && address.unix_path.empty()) {
      const int on = 1;
      if (::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        error = error_code(errno, boost::system::system_category());
      }
    }
    if (!error && IsAnyHost(address) && endpoint.protocol().family() == AF_INET6) {
      TakeBothFamilies(acceptor_.native_handle(), error);
    }
    if (error) return GoError(address, "setsockopt", error);
    acceptor_.bind(endpoint, error);
    if (error) return GoError(address, "bind", error);
    return {};
  }

  void Wait() {
    acceptor_.async_wait(boost::asio::socket_base::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           if (!error && self->acceptor_.is_open()) self->AcceptAll();
                         });
  }

  void AcceptAll() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      Accepted accepted(
          ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.get() >= 0) {
        HandOver(std::move(accepted));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return WaitAfterDelay();
      }
      // Others are errors of the one connection.
    }
    Wait();
  }

  void WaitAfterDelay() {
    retry_.expires_after(kRetryDelay);
    retry_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->acceptor_.is_open()) self->Wait();
    });
  }

  void HandOver(Accepted accepted) {
    if (IsReserved(accepted.get())) {
      Reset(accepted.get());
      return on_refused_();
    }
    const size_t taker = next_taker_++ % takers_->size();
    Loop* const loop = (*takers_)[taker].loop;
    loop->Post([takers = takers_, taker, accepted = std::move(accepted)]() mutable {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      ::getsockname(accepted.get(), reinterpret_cast<sockaddr*>(&address), &size);
      Socket socket((*takers)[taker].loop->context().io);
      error_code error;
      socket.assign(Protocol(address.ss_family, 0), accepted.get(), error);
      if (error) return;
      accepted.Release();
      (*takers)[taker].take(NewStream(std::move(socket)));
    });
  }

  // Why: the kernel gives out the lowest descriptor that is free, so as long as connections with
  // the highest ones are refused, these are left for others, whatever has been opened in which
  // order. Nothing needs to be counted.
  bool IsReserved(int descriptor) const {
    if (options_.reserved_descriptors == 0) return false;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    const rlim_t all = limit.rlim_cur;
    const rlim_t reserved = std::min<rlim_t>(options_.reserved_descriptors, all / 2) +
                            std::min<rlim_t>(options_.descriptors_of_others, all / 8);
    return static_cast<rlim_t>(descriptor) + reserved >= all;
  }

  boost::asio::basic_socket_acceptor<Protocol> acceptor_;
  boost::asio::steady_timer retry_;
  const Options options_;
  std::shared_ptr<const std::vector<Taker>> takers_;
  base::Callback<void()> on_refused_;
  size_t next_taker_ = 0;
};

base::Result<std::unique_ptr<SharedListener>> SharedListener::Open(Loop* accepting,
                                                                   const Address& address,
                                                                   const Options& options) {
  Loop::Context& context = accepting->context();
  ASSIGN_OR_RETURN(const Protocol::endpoint endpoint, Resolve(context, address));
  if (!address.unix_path.empty()) RemoveDeadSocket(context, address);
  auto acceptor = std::make_shared<Acceptor>(context, options);
  RETURN_IF_ERROR(acceptor->Open(address, endpoint, options));
  Address bound = address;
  if (address.unix_path.empty()) bound.port = acceptor->port();
  return std::unique_ptr<SharedListener>(
      new SharedListener(accepting, std::move(acceptor), std::move(bound)));
}

SharedListener::SharedListener(Loop* accepting, std::shared_ptr<Acceptor> acceptor, Address address)
    : accepting_(accepting), acceptor_(std::move(acceptor)), address_(std::move(address)) {}

SharedListener::~SharedListener() {
  Stop();
}

void SharedListener::WhenAsked(base::Callback<void()> first) {
  accepting_->Post([acceptor = acceptor_, first = std::move(first)]() mutable {
    acceptor->WhenAsked(std::move(first));
  });
}

void SharedListener::Start(std::vector<Taker> takers, base::Callback<void()> on_refused) {
  accepting_->Post([acceptor = acceptor_, takers = std::move(takers),
                    on_refused = std::move(on_refused)]() mutable {
    acceptor->Start(std::move(takers), std::move(on_refused));
  });
}

void SharedListener::Stop() {
  if (acceptor_ == nullptr) return;
  std::promise<void> closed;
  accepting_->Post([&closed, acceptor = std::move(acceptor_)] {
    acceptor->Close();
    closed.set_value();
  });
  closed.get_future().wait();
  if (!address_.unix_path.empty()) ::unlink(address_.unix_path.c_str());
}

}  // namespace runtime::asio
