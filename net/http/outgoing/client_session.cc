#include "net/http/outgoing/client_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/http/header_rules.h"
#include "net/http/outgoing/request_rules.h"
#include "storage/base/check.h"

namespace holdfast::net {
namespace {

// Numbers of streams end at 2^31 - 1; a connection near that is replaced.
constexpr std::uint32_t kLastStream = 0x7fff0000;

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv name_value(std::string_view name, std::string_view value) {
  // nghttp2 copies both and changes neither.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

bool is_answer_head(const nghttp2_frame* frame) {
  // HEADERS that follow an interim answer, and trailers, have the second category.
  return frame->hd.type == NGHTTP2_HEADERS && (frame->headers.cat == NGHTTP2_HCAT_RESPONSE ||
                                               frame->headers.cat == NGHTTP2_HCAT_HEADERS);
}

}  // namespace

struct ClientSession::Callbacks {
  static Context& context_of(void* user_data) { return *static_cast<Context*>(user_data); }
  static ClientSessionEvents& events_of(void* user_data) { return *context_of(user_data).events; }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user_data) {
    if (is_answer_head(frame)) {
      events_of(user_data).on_header(frame->hd.stream_id, view(name, name_size),
                                     view(value, value_size));
    }
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    ClientSessionEvents& events = events_of(user_data);
    const std::int32_t stream = frame->hd.stream_id;
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
          events.on_settings();
        }
        break;
      case NGHTTP2_GOAWAY:
        events.on_goaway(frame->goaway.error_code,
                         view(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
        break;
      case NGHTTP2_RST_STREAM:
        events.on_reset(stream, frame->rst_stream.error_code);
        break;
      case NGHTTP2_HEADERS:
        if (is_answer_head(frame)) {
          events.on_head_end(stream);
        }
        [[fallthrough]];
      case NGHTTP2_DATA:
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
          events.on_answer_end(stream);
        }
        break;
      default:
        break;
    }
    return 0;
  }

  static int data_received(nghttp2_session*, std::uint8_t, std::int32_t stream,
                           const std::uint8_t* data, std::size_t size, void* user_data) {
    events_of(user_data).on_data(stream, view(data, size));
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t code,
                           void* user_data) {
    events_of(user_data).on_stream_close(stream, code);
    return 0;
  }

  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      events_of(user_data).on_not_sent(frame->hd.stream_id);
    }
    return 0;
  }

  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error,
                           void* user_data) {
    events_of(user_data).on_invalid(frame->hd.stream_id);
    events_of(user_data).on_complaint(nghttp2_strerror(error));
    return 0;
  }

  static int complaint(nghttp2_session*, int, const char* words, std::size_t size,
                       void* user_data) {
    events_of(user_data).on_complaint({words, size});
    return 0;
  }

  // The body goes from its queue straight to the output: this says how much, body_sent() takes it.
  static ssize_t body_wanted(nghttp2_session*, std::int32_t stream, std::uint8_t*, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
    bool last = false;
    const std::size_t ready = events_of(user_data).on_body_wanted(stream, size, last);
    if (ready == ClientSessionEvents::kNothingYet) {
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY | (last ? NGHTTP2_DATA_FLAG_EOF : 0);
    return static_cast<ssize_t>(ready);
  }

  static int body_sent(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                       std::size_t size, nghttp2_data_source*, void* user_data) {
    Context& context = context_of(user_data);
    if (context.output->size() >= context.output_max) {
      return NGHTTP2_ERR_WOULDBLOCK;
    }
    constexpr std::size_t kFrameHeadBytes = 9;
    const std::size_t before = context.output->size();
    context.output->append(view(head, kFrameHeadBytes));
    if (!context.events->take_body(frame->hd.stream_id, size, *context.output)) {
      context.output->resize(before);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return 0;
  }
};

ClientSession::ClientSession(ClientSessionEvents& events, const OutgoingOptions& options)
    : context_{&events} {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHECK(nghttp2_session_callbacks_new(&callbacks) == 0, "out of memory");
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data_received);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::stream_closed);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Callbacks::frame_not_sent);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, Callbacks::invalid_frame);
  nghttp2_session_callbacks_set_error_callback2(callbacks, Callbacks::complaint);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, Callbacks::body_sent);
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_option_new(&option) == 0, "out of memory");
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session* session = nullptr;
  CHECK(nghttp2_session_client_new2(&session, callbacks, &context_, option) == 0, "out of memory");
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);

  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.header_bytes_max)},
  }};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(options.connection_window_bytes));
}

bool ClientSession::receive(BytesView bytes) {
  return nghttp2_session_mem_recv(session_.get(),
                                  reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                  bytes.size()) >= 0;
}

bool ClientSession::take_output(Bytes& to, std::size_t bytes_max) {
  context_.output = &to;
  context_.output_max = bytes_max;
  while (to.size() < bytes_max) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size <= 0) {
      return size == 0;
    }
    to.append(view(data, static_cast<std::size_t>(size)));
  }
  return true;
}

bool ClientSession::finished() const {
  return nghttp2_session_want_read(session_.get()) == 0 &&
         nghttp2_session_want_write(session_.get()) == 0;
}

bool ClientSession::has_send_window(std::int32_t stream) const {
  return nghttp2_session_get_stream_remote_window_size(session_.get(), stream) > 0 &&
         nghttp2_session_get_remote_window_size(session_.get()) > 0;
}

std::size_t ClientSession::streams_max() const {
  if (nghttp2_session_get_next_stream_id(session_.get()) >= kLastStream) {
    return 0;
  }
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::int32_t ClientSession::submit_request(const OutgoingExchange::Request& request, bool secure,
                                           const std::string& authority, bool with_body) {
  std::string length;
  fields_.clear();
  values_.clear();
  values_.reserve(request.headers.size());
  fields_.push_back(name_value(":method", request.method));
  fields_.push_back(name_value(":scheme", secure ? "https" : "http"));
  fields_.push_back(name_value(":authority", authority));
  fields_.push_back(name_value(":path", request.path));
  for (const auto& [name, value] : request.headers) {
    if (goes_with_request(name)) {
      append_header_value(values_.emplace_back(), value);
      fields_.push_back(name_value(name, values_.back()));
      if (changes(name, values_.back())) fields_.back().flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    }
  }
  if (request.common) {
    for (const auto& [name, value] : request.common->ready()) {
      fields_.push_back(name_value(name, value));
    }
  }
  if (request.content_length) {
    length = std::to_string(*request.content_length);
    fields_.push_back(name_value("content-length", length));
  }
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::body_wanted;
  const std::int32_t stream =
      nghttp2_submit_request(session_.get(), nullptr, fields_.data(), fields_.size(),
                             with_body ? &provider : nullptr, nullptr);
  return std::max(stream, 0);
}

// Whether the last request with a header of that name had another value, or there are too many
// names to tell. To note down each value in the endpoint's table costs both sides time, and pushes
// out what is of use; the first one brings the name there.
bool ClientSession::changes(const std::string& name, const std::string& value) {
  constexpr std::size_t kNamesMax = 16;
  const auto last = std::find_if(last_values_.begin(), last_values_.end(),
                                 [&](const auto& known) { return known.first == name; });
  if (last != last_values_.end()) {
    if (last->second == value) return false;
    last->second = value;
    return true;
  }
  if (last_values_.size() == kNamesMax) return true;
  last_values_.emplace_back(name, value);
  return false;
}

void ClientSession::resume(std::int32_t stream) {
  nghttp2_session_resume_data(session_.get(), stream);
}

void ClientSession::consume(std::int32_t stream, std::size_t bytes) {
  nghttp2_session_consume(session_.get(), stream, bytes);
}

void ClientSession::consume_connection(std::size_t bytes) {
  nghttp2_session_consume_connection(session_.get(), bytes);
}

void ClientSession::submit_reset(std::int32_t stream, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, code);
}

void ClientSession::submit_ping() {
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void ClientSession::terminate() {
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
}

std::string_view http2_error_name(std::uint32_t code) { return nghttp2_http2_strerror(code); }

}  // namespace holdfast::net
