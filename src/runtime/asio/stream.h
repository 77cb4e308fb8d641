#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

#include <memory>

#include "runtime/network.h"

namespace runtime::asio {

// A TCP or unix socket.
using Socket = boost::asio::generic::stream_protocol::socket;

// Wraps a connected socket: non-blocking, and without Nagle's delay if it is TCP.
std::unique_ptr<Stream> NewStream(Socket socket);

// The failure as a Status that names `subject`.
base::Status NetworkError(const boost::system::error_code& error, std::string_view subject);

}  // namespace runtime::asio
