#include "net/http/http2_session.h"

#include <array>
#include <string>
#include <vector>

#include "net/http/header_rules.h"
#include "storage/base/check.h"

namespace holdfast::net {
namespace {

// Of a stream, before the client has to wait for us; and of all streams together.
constexpr std::uint32_t kStreamWindowBytes = 1 << 20;
constexpr std::int32_t kConnectionWindowBytes = 4 << 20;

Http2Events& events_of(void* user_data) { return *static_cast<Http2Events*>(user_data); }

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

bool is_request_head(const nghttp2_frame* frame) {
  return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  if (is_request_head(frame)) {
    events_of(user_data).on_stream_begin(frame->hd.stream_id);
  }
  return 0;
}

int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
           std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
           void* user_data) {
  if (is_request_head(frame)) {
    events_of(user_data).on_header(frame->hd.stream_id, view(name, name_size),
                                   view(value, value_size));
  }
  return 0;
}

int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  Http2Events& events = events_of(user_data);
  const std::int32_t stream = frame->hd.stream_id;
  if (is_request_head(frame)) {
    events.on_head_end(stream);
  }
  if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      events.on_request_end(stream);
    }
  } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
    events.on_reset_by_client(stream);
  }
  return 0;
}

int data_received(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                  std::size_t size, void* user_data) {
  events_of(user_data).on_data(stream, view(data, size));
  return 0;
}

int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user_data) {
  events_of(user_data).on_stream_close(stream);
  return 0;
}

int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (ends && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
    events_of(user_data).on_answer_end(frame->hd.stream_id);
  }
  return 0;
}

ssize_t read_answer(nghttp2_session*, std::int32_t stream, std::uint8_t* to, std::size_t size,
                    std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
  bool last = false;
  const std::size_t copied =
      events_of(user_data).on_answer_wanted(stream, reinterpret_cast<char*>(to), size, last);
  if (last) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (copied == 0) {
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(copied);
}

nghttp2_nv name_value(std::string_view name, std::string_view value) {
  // nghttp2 copies both and changes neither.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Http2Session::Http2Session(Http2Events& events, const HttpServerOptions& options) {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHECK(nghttp2_session_callbacks_new(&callbacks) == 0, "out of memory");
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_received);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_option_new(&option) == 0, "out of memory");
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_session* session = nullptr;
  CHECK(nghttp2_session_server_new2(&session, callbacks, &events, option) == 0, "out of memory");
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);

  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(options.header_bytes_max + options.target_bytes_max)},
  }};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes);
}

bool Http2Session::receive(BytesView bytes) {
  return nghttp2_session_mem_recv(session_.get(),
                                  reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                  bytes.size()) >= 0;
}

bool Http2Session::take_output(Bytes& to, std::size_t bytes_max) {
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

bool Http2Session::finished() const {
  return nghttp2_session_want_read(session_.get()) == 0 &&
         nghttp2_session_want_write(session_.get()) == 0;
}

void Http2Session::submit_continue(std::int32_t stream) {
  const nghttp2_nv status = name_value(":status", "100");
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream, nullptr, &status, 1, nullptr);
}

void Http2Session::submit_answer(std::int32_t stream, const HttpResponse& response,
                                 bool with_body) {
  submit_head(stream, response, with_body, Size::kKnown);
}

void Http2Session::submit_streamed_answer(std::int32_t stream, const HttpResponse& head) {
  submit_head(stream, head, true, Size::kUnknown);
}

void Http2Session::resume_answer(std::int32_t stream) {
  nghttp2_session_resume_data(session_.get(), stream);  // An error: it waits for nothing.
}

void Http2Session::submit_head(std::int32_t stream, const HttpResponse& response, bool with_body,
                               Size known) {
  const std::string status = std::to_string(response.status);
  const std::string size = std::to_string(response.body.size());
  std::vector<std::string> values;  // Cleaned values; never moved once pointed into.
  values.reserve(response.headers.size());
  std::vector<nghttp2_nv> fields;
  fields.reserve(response.headers.size() + 2);
  fields.push_back(name_value(":status", status));
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && !belongs_to_connection(name)) {
      append_header_value(values.emplace_back(), value);
      fields.push_back(name_value(name, values.back()));
    }
  }
  if (known == Size::kKnown && !has_no_body(response.status)) {
    fields.push_back(name_value("content-length", size));
  }
  nghttp2_data_provider provider{};
  provider.read_callback = read_answer;
  nghttp2_submit_response(session_.get(), stream, fields.data(), fields.size(),
                          with_body ? &provider : nullptr);
}

void Http2Session::submit_reset(std::int32_t stream, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, code);
}

void Http2Session::submit_goaway() {
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Session::terminate(std::uint32_t code) {
  nghttp2_session_terminate_session(session_.get(), code);
}

}  // namespace holdfast::net
