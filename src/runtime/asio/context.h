#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>
#include <thread>
#include <vector>

#include "base/callback.h"
#include "runtime/asio/loop.h"

namespace runtime::asio {

struct Loop::Context {
  // One thread runs it; others only post.
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::deque<base::Callback<void()>> slices;
  std::vector<base::Callback<void()>> end_of_turn;
  std::thread::id thread;
};

}  // namespace runtime::asio
