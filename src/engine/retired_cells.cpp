#include "engine/retired_cells.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

namespace cellblock::engine {
namespace {

// For the answer to be written and for a client on the same machine to read it. What a script has left
// running lives so much longer.
constexpr std::chrono::milliseconds kLeisure{1};

}  // namespace

RetiredCells::RetiredCells(boost::asio::io_context& context) : context_(context), timer_(context) {}

void RetiredCells::add(std::unique_ptr<Cell> cell, Hurry hurry) {
  cells_.push_back(std::move(cell));
  if (posted_) return;
  if (hurry == Hurry::kJobsWait) {
    posted_ = true;
    boost::asio::post(context_, [this] { clear(); });
  } else if (cells_.size() == 1) {
    timer_.expires_after(kLeisure);
    timer_.async_wait([this](const boost::system::error_code& code) {
      if (!code) clear();
    });
  }
}

void RetiredCells::clear() {
  posted_ = false;
  timer_.cancel();
  cells_.clear();
}

}  // namespace cellblock::engine
