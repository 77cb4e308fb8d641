#include "runtime/asio/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"

namespace runtime::asio {
namespace {

// A connection waits for input by a read into a small buffer of its own, which takes most requests
// whole. A wait without a buffer would cost one more system call for each input: asio knows then
// not that the socket is empty, and has the kernel look again.
constexpr size_t kFirstBytes = 1024;
// The rest of a larger input is read into this, shared by all streams of a thread: an idle
// connection does not hold it.
constexpr size_t kReadBufferBytes = 64 * 1024;
thread_local std::array<char, kReadBufferBytes> read_buffer;

// How many pieces one system call takes.
constexpr size_t kPiecesPerWrite = 64;

template <typename SocketAddress>
SocketAddress Read(const Socket::endpoint_type& endpoint) {
  SocketAddress address{};
  std::memcpy(&address, endpoint.data(), std::min(sizeof address, endpoint.size()));
  return address;
}

Address ToAddress(const Socket::endpoint_type& endpoint) {
  Address address;
  if (endpoint.protocol().family() == AF_INET) {
    const auto in = Read<sockaddr_in>(endpoint);
    address.host = boost::asio::ip::address_v4(ntohl(in.sin_addr.s_addr)).to_string();
    address.port = ntohs(in.sin_port);
  } else if (endpoint.protocol().family() == AF_INET6) {
    const auto in6 = Read<sockaddr_in6>(endpoint);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    const boost::asio::ip::address_v6 host(bytes);
    // A connection of IPv4 that a socket of both families has taken.
    address.host = host.is_v4_mapped()
                       ? make_address_v4(boost::asio::ip::v4_mapped, host).to_string()
                       : host.to_string();
    address.port = ntohs(in6.sin6_port);
  } else if (endpoint.protocol().family() == AF_UNIX) {
    address.unix_path = Read<sockaddr_un>(endpoint).sun_path;
  }
  return address;
}

// How a read into Connection's own buffer ended.
struct Input {
  boost::system::error_code error;
  size_t count;
};

// The socket and its waits. A wait keeps its connection alive, so a stream may be destroyed with
// waits outstanding; they then find it closed.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    local_ = ToAddress(socket_.local_endpoint(ignored));
    peer_ = ToAddress(socket_.remote_endpoint(ignored));
    if (local_.unix_path.empty()) {
      const int on = 1;
      ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
  }

  void Start(StreamHandler* handler) {
    CHECK(handler_ == nullptr);
    handler_ = handler;
    WaitForInput();
  }

  base::Result<size_t> Write(std::span<const base::ByteView> pieces) {
    size_t total = 0;
    while (!pieces.empty()) {
      std::array<boost::asio::const_buffer, kPiecesPerWrite> buffers;
      const size_t count = std::min(pieces.size(), kPiecesPerWrite);
      size_t offered = 0;
      for (size_t i = 0; i < count; ++i) {
        buffers[i] = boost::asio::buffer(pieces[i].data(), pieces[i].size());
        offered += pieces[i].size();
      }
      boost::system::error_code error;
      const size_t taken = WriteSome({buffers.data(), count}, &error);
      total += taken;
      if (error == boost::asio::error::would_block || (!error && taken < offered)) {
        WaitForRoom();
        return total;
      }
      if (error) return NetworkError(error, peer_.ToString());
      pieces = pieces.subspan(count);
    }
    return total;
  }

  void PauseReading() { paused_ = true; }
  void ResumeReading() {
    paused_ = false;
    if (!held_input_) return WaitForInput();
    boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->TakeHeld(); });
  }
  bool HasPeerLeft() {
    pollfd asked{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&asked, 1, /*timeout=*/0) > 0;
  }
  void ShutdownWrite() {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  void Close(bool abort) {
    handler_ = nullptr;
    boost::system::error_code ignored;
    if (abort) socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  const Address& local() const { return local_; }
  const Address& peer() const { return peer_; }

 private:
  // Why those that there are, and not the whole array: the system looks at each, the empty ones
  // too.
  size_t WriteSome(std::span<const boost::asio::const_buffer> buffers,
                   boost::system::error_code* error) {
    return buffers.size() == 1 ? socket_.write_some(buffers.front(), *error)
                               : socket_.write_some(buffers, *error);
  }

  void WaitForInput() {
    if (handler_ == nullptr || paused_ || waiting_for_input_ || held_input_ || input_ended_) return;
    waiting_for_input_ = true;
    socket_.async_read_some(
        boost::asio::buffer(first_),
        [self = shared_from_this()](const boost::system::error_code& error, size_t count) {
          self->waiting_for_input_ = false;
          self->OnInput({error, count});
        });
  }

  // What a read that was under way has brought waits until reading goes on.
  void OnInput(const Input& input) {
    if (paused_) {
      held_input_ = input;
    } else {
      Take(input);
    }
  }
  void TakeHeld() {
    if (held_input_) OnInput(*std::exchange(held_input_, std::nullopt));
  }

  void Take(Input input) {
    if (handler_ == nullptr) return;
    if (input.count == first_.size()) return TakeLarge();
    if (input.count > 0) handler_->OnData(base::ByteView(first_.data(), input.count));
    GoOn(input.error);
  }
  // The buffer is full: there may be more.
  void TakeLarge() {
    std::memcpy(read_buffer.data(), first_.data(), first_.size());
    boost::system::error_code error;
    const size_t more = socket_.read_some(boost::asio::buffer(read_buffer) + first_.size(), error);
    handler_->OnData(base::ByteView(read_buffer.data(), first_.size() + more));
    GoOn(error == boost::asio::error::would_block ? boost::system::error_code() : error);
  }
  // Others get their turn before the rest of a large input is read.
  void GoOn(const boost::system::error_code& error) {
    if (handler_ == nullptr) return;
    if (!error) return WaitForInput();
    if (error != boost::asio::error::eof) return Fail(error);
    input_ended_ = true;
    handler_->OnEndOfInput();
  }

  void WaitForRoom() {
    if (waiting_for_room_) return;
    waiting_for_room_ = true;
    socket_.async_wait(Socket::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         self->waiting_for_room_ = false;
                         if (self->handler_ == nullptr) return;
                         if (error) return self->Fail(error);
                         self->handler_->OnWritable();
                       });
  }

  void Fail(const boost::system::error_code& error) {
    StreamHandler* const handler = std::exchange(handler_, nullptr);
    boost::system::error_code ignored;
    socket_.close(ignored);
    handler->OnError(NetworkError(error, peer_.ToString()));
  }

  Socket socket_;
  Address local_;
  Address peer_;
  std::array<char, kFirstBytes> first_;
  std::optional<Input> held_input_;
  StreamHandler* handler_ = nullptr;
  bool paused_ = false;
  bool waiting_for_input_ = false;
  bool waiting_for_room_ = false;
  bool input_ended_ = false;
};

class AsioStream final : public Stream {
 public:
  explicit AsioStream(Socket socket)
      : connection_(std::make_shared<Connection>(std::move(socket))) {}
  ~AsioStream() override { connection_->Close(false); }

  void Start(StreamHandler* handler) override { connection_->Start(handler); }
  base::Result<size_t> Write(std::span<const base::ByteView> pieces) override {
    return connection_->Write(pieces);
  }
  void PauseReading() override { connection_->PauseReading(); }
  void ResumeReading() override { connection_->ResumeReading(); }
  bool HasPeerLeft() override { return connection_->HasPeerLeft(); }
  void ShutdownWrite() override { connection_->ShutdownWrite(); }
  void Close(bool abort) override { connection_->Close(abort); }
  Address local_address() const override { return connection_->local(); }
  Address peer_address() const override { return connection_->peer(); }

 private:
  const std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Stream> NewStream(Socket socket) {
  return std::make_unique<AsioStream>(std::move(socket));
}

base::Status NetworkError(const boost::system::error_code& error, std::string_view subject) {
  return base::Status(base::Code::kUnavailable, std::string(subject) + ": " + error.message());
}

}  // namespace runtime::asio
