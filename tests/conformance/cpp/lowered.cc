#include "lowered.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

namespace conformance {
namespace {

using boost::asio::ip::tcp;

constexpr std::string_view kBefore = R"("maxProtocolVersion":)";
constexpr std::size_t kBytesAtOnce = 64 << 10;

tcp::endpoint here(std::uint16_t port) { return {boost::asio::ip::address_v4::loopback(), port}; }

// Replaces the digit after kBefore, wherever the reads cut what it is given.
class Replacement {
 public:
  explicit Replacement(char digit) : digit_(digit) {}

  void operator()(char* bytes, std::size_t size) {
    for (char* byte = bytes; byte != bytes + size; ++byte) {
      if (matched_ == kBefore.size()) {
        *byte = digit_;
        matched_ = 0;
      } else if (*byte == kBefore[matched_]) {
        ++matched_;
      } else {
        matched_ = *byte == kBefore[0] ? 1 : 0;
      }
    }
  }

 private:
  const char digit_;
  std::size_t matched_ = 0;
};

// Until one of the two ends; then both do.
template <class Change>
void hand_on(tcp::socket& from, tcp::socket& to, Change change) {
  boost::system::error_code error;
  auto bytes = std::make_unique<std::array<char, kBytesAtOnce>>();
  while (!error) {
    const std::size_t size = from.read_some(boost::asio::buffer(*bytes), error);
    change(bytes->data(), size);
    if (!error) boost::asio::write(to, boost::asio::buffer(bytes->data(), size), error);
  }
  boost::system::error_code ignored;
  from.shutdown(tcp::socket::shutdown_both, ignored);
  to.shutdown(tcp::socket::shutdown_both, ignored);
}

}  // namespace

void serve_lowered(std::uint16_t port, std::uint16_t behind, char highest) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, here(port));
  while (true) {
    auto client = std::make_shared<tcp::socket>(acceptor.accept());
    auto endpoint = std::make_shared<tcp::socket>(io);
    endpoint->connect(here(behind));
    client->set_option(tcp::no_delay(true));
    endpoint->set_option(tcp::no_delay(true));
    std::thread([client, endpoint] {
      hand_on(*client, *endpoint, [](char*, std::size_t) {});
    }).detach();
    std::thread([client, endpoint, highest] {
      hand_on(*endpoint, *client, Replacement(highest));
    }).detach();
  }
}

}  // namespace conformance
