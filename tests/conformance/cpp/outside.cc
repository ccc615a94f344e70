#include "outside.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

namespace conformance {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
namespace urls = boost::urls;

json::value asked(http::verb method, std::string_view kind, const std::string& name,
                  std::string body) {
  const std::string address = setting("CONFORMANCE_DRIVER");
  const urls::url_view driver = urls::parse_uri(address).value();
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address(driver.host()), driver.port_number()});

  const std::string target = std::string(kind) + urls::encode(name, urls::unreserved_chars);
  http::request<http::string_body> request(method, target, 11, std::move(body));
  request.set(http::field::host, driver.host());
  request.set(http::field::connection, "close");
  request.prepare_payload();
  http::write(socket, request);

  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  if (response.result() != http::status::ok) {
    throw std::runtime_error(target + ": " + std::to_string(response.result_int()));
  }
  return json::parse(response.body());
}

}  // namespace

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

std::string named(std::string_view name) {
  const std::string tag = setting("CONFORMANCE_TAG");
  return tag.empty() ? std::string(name) : std::string(name) + "_" + tag;
}

int effect(const std::string& token, const json::value& value) {
  const json::value answer = asked(http::verb::post, "/effect/", token, json::serialize(value));
  return answer.at("count").to_number<int>();
}

void passed(const std::string& gate) { asked(http::verb::get, "/gate/", gate, {}); }

holdfast::ServiceOptions impatient() {
  holdfast::RetryPolicy policy;
  policy.initial_interval = std::chrono::milliseconds(50);
  policy.max_interval = std::chrono::milliseconds(500);
  policy.factor = 1.5;
  holdfast::ServiceOptions options;
  options.retry_policy = policy;
  return options;
}

}  // namespace conformance
