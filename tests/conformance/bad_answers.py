"""What an endpoint should never answer. ANSWERS: name -> function(connection, request) for an attempt;
EXPECTED tells what is different about some of them. MANIFESTS: the same for discovery."""

import json
import time

from frames import (CALL, COMMAND_ACK, COMPLETE_AWAKEABLE, END, GET_PROMISE, GOOD, INPUT, OUTPUT, RUN,
                    RUN_COMPLETION, SEND_SIGNAL, SET_STATE, SIGNAL, SLEEP, START, error, frame, number,
                    output, proposal, run, suspension, text, value)

ANSWERS = {}
MANIFESTS = {}
HTTP1_ONLY = set()
HTTP2_ONLY = set()

# The attempt does not fail: it is good in spite of what else was said.
HARMLESS = {"bytes_after_the_end"}
# Whether the attempt failed or went on is the server's to decide; it must end well.
EITHER = {"waits_for_what_never_comes", "same_proposal_twice", "one_byte_at_a_time"}
# A retry would only repeat it: the invocation pauses, and goes on when an operator resumes it.
PAUSED = {"waits_in_a_future_too_deep"}
# The least time between two attempts.
DELAYED = {"busy_503": 1.0, "too_many_429": 1.0, "says_when": 1.0}


def frames_as(name, *pieces):
    """An answer with the right head, whose body is these bytes."""
    ANSWERS[name] = lambda connection, request: connection.respond(request, b"".join(pieces))


def answer(run_it):
    ANSWERS[run_it.__name__] = run_it
    return run_it


def status_as(name, status, *headers, body=b"", content_type="text/plain"):
    ANSWERS[name] = lambda connection, request: connection.respond(
        request, body, status=status, content_type=content_type, headers=headers)


# -- The body: types, sizes, direction.
frames_as("nothing_at_all")
frames_as("end_without_output", frame(END))
frames_as("end_after_a_command_without_output", run(), proposal(), frame(END))
frames_as("output_without_end", output())
frames_as("bytes_after_the_end", GOOD, b"\x00\x01nonsense")
frames_as("custom_type", frame(0xFC01, b"abc"), GOOD)
frames_as("future_command", frame(0x0415, number(11, 1)), GOOD)
frames_as("unused_command", frame(0x040F), GOOD)
frames_as("future_control_frame", frame(0x0008), GOOD)
frames_as("header_cut_off", output()[:5])
frames_as("payload_cut_off", frame(OUTPUT, b"\x0a\x02", length=100))
frames_as("gigantic_length", frame(OUTPUT, b"abc", length=0x7FFFFFFF))
frames_as("largest_length", frame(OUTPUT, b"abc", length=0xFFFFFFFF))
frames_as("too_large", frame(OUTPUT, value(b"x" * (33 << 20))), frame(END))
frames_as("completion_from_the_endpoint", frame(RUN_COMPLETION, number(1, 1) + text(5, b"")), GOOD)
frames_as("signal_from_the_endpoint", frame(SIGNAL, number(2, 1) + text(4, b"")), GOOD)
frames_as("input_from_the_endpoint", frame(INPUT, value(b"1")), GOOD)
frames_as("start_from_the_endpoint", frame(START, number(3, 1)), GOOD)
frames_as("ack_from_the_endpoint", frame(COMMAND_ACK, number(1, 1)), GOOD)

# -- The body: contents.
frames_as("not_a_message", frame(SLEEP, b"\xff\xff\xff\xff"), GOOD)
frames_as("field_longer_than_the_message", frame(OUTPUT, b"\x72\x7f\x01"), frame(END))
frames_as("wrong_wire_type", frame(SLEEP, text(1, "soon") + text(11, "first")), GOOD)
frames_as("name_that_is_not_utf8", frame(RUN, number(11, 1) + text(12, b"\xff\xfe")), GOOD)
frames_as("output_with_nothing_in_it", frame(OUTPUT), frame(END))
frames_as("proposal_without_a_step", proposal(7), GOOD)
frames_as("proposal_without_a_value", run(), frame(5, number(1, 1)), GOOD)
frames_as("same_proposal_twice", run(), proposal(1, b"1"), proposal(1, b"2"), GOOD)
frames_as("same_completion_id_twice", run(1, "a"), run(1, "b"), GOOD)
frames_as("state_in_a_plain_service", frame(SET_STATE, text(1, "k") + text(3, text(1, "v"))), GOOD)
frames_as("promise_in_a_plain_service", frame(GET_PROMISE, text(1, "p") + number(11, 1)), GOOD)
frames_as("call_of_nobody", frame(CALL, text(1, "Nobody") + text(2, "nothing") + number(10, 1) +
                                  number(11, 2)), GOOD)
frames_as("call_of_no_handler", frame(CALL, text(1, "Fake") + text(2, "nothing") + number(10, 1) +
                                      number(11, 2)), GOOD)
frames_as("call_with_a_key_of_a_service", frame(CALL, text(1, "Fake") + text(2, "good") + text(5, "key") +
                                                number(10, 1) + number(11, 2)), GOOD)
frames_as("signal_to_no_invocation", frame(SEND_SIGNAL, text(1, "inv_nobody") + number(2, 1) +
                                           text(4, b"")), GOOD)
frames_as("awakeable_that_is_none", frame(COMPLETE_AWAKEABLE, text(1, "sign_1nonsense") +
                                          text(2, text(1, "1"))), GOOD)
frames_as("says_so", error(500, "the endpoint says so"))
frames_as("error_without_a_code", error(0, "no code"))
frames_as("says_when", error(500, "in a second", number(8, 1000)))


@answer
def waits_for_nothing(connection, request):
    connection.respond(request, suspension(request.version, []))


@answer
def waits_for_what_never_comes(connection, request):
    connection.respond(request, suspension(request.version, [99]))


@answer
def waits_in_a_future_too_deep(connection, request):
    if request.version < 7:
        connection.respond(request, frame(1))
        return
    future = text(1, b"\x01")
    for _ in range(2000):
        future = text(4, future) + number(5, 1)
    connection.respond(request, frame(1, text(4, future)))


# -- The head.
status_as("html_with_200", "200 OK", body=b"<html><body>Welcome!</body></html>", content_type="text/html")
status_as("html_with_502", "502 Bad Gateway", body=b"<html>oops</html>", content_type="text/html")
status_as("not_found_404", "404 Not Found")
status_as("too_large_413", "413 Payload Too Large")
status_as("wrong_version_415", "415 Unsupported Media Type")
status_as("broken_500", "500 Internal Server Error")
status_as("busy_503", "503 Service Unavailable", "retry-after: 1")
status_as("too_many_429", "429 Too Many Requests", "retry-after: 1")
status_as("odd_retry_after", "503 Service Unavailable", "retry-after: soon, perhaps")
status_as("gone_elsewhere", "302 Found", "location: http://127.0.0.1:1/")
status_as("another_version", "200 OK", body=GOOD, content_type="application/vnd.restate.invocation.v4")


def raw_as(name, head, body=b""):
    """Bytes as they are, then the end of the connection. For HTTP/1.1 only."""
    def run_it(connection, _):
        connection.data(head + body)
        connection.peer.close()
        raise ConnectionAbortedError
    ANSWERS[name] = run_it
    HTTP1_ONLY.add(name)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.restate.invocation.v7\r\n"
raw_as("not_http", b"SSH-2.0-OpenSSH_9.2\r\n")
raw_as("no_content_type", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc")
raw_as("length_below_zero", HEAD + b"content-length: -1\r\n\r\n", GOOD)
raw_as("two_lengths", HEAD + b"content-length: 3\r\ncontent-length: 4\r\n\r\n", GOOD)
raw_as("length_too_long", HEAD + b"content-length: 1000\r\n\r\n", GOOD[:10])
raw_as("chunks_of_nonsense", HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n", GOOD)
raw_as("head_of_a_megabyte", HEAD + b"x-long: " + b"a" * (1 << 20) + b"\r\n\r\n", GOOD)
raw_as("closes_at_once", b"")
raw_as("closes_in_the_head", b"HTTP/1.1 200 OK\r\ncontent-")


def reset_after(name, *pieces):
    def run_it(connection, request):
        for piece in pieces:
            if piece == "head":
                connection.head(request)
            else:
                connection.data(piece)
        connection.reset()
    ANSWERS[name] = run_it


reset_after("resets_before_the_head")
reset_after("resets_after_the_head", "head")
reset_after("resets_in_a_frame", "head", output()[:10])
reset_after("resets_after_a_step", "head", run(), proposal())
reset_after("resets_after_the_output", "head", output())


# -- The time.
@answer
def never_answers(connection, request):
    connection.wait_for_the_end()


@answer
def never_goes_on(connection, request):
    connection.head(request)
    connection.data(run())
    connection.wait_for_the_end()


@answer
def one_byte_at_a_time(connection, request):
    connection.head(request, len(GOOD))
    for byte in GOOD:
        connection.data(bytes([byte]))
        time.sleep(0.05)


@answer
def one_byte_of_the_head_at_a_time(connection, request):
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {request.content_type}\r\ncontent-length: {len(GOOD)}\r\n\r\n"
    for byte in head.encode() + GOOD:
        connection.data(bytes([byte]))
        time.sleep(0.02)


HTTP1_ONLY.add("one_byte_of_the_head_at_a_time")
EITHER.add("one_byte_of_the_head_at_a_time")


# -- HTTP/2: both directions are open.
def http2(run_it):
    HTTP2_ONLY.add(run_it.__name__)
    return answer(run_it)


@http2
def closes_the_connection(connection, request):
    connection.head(request)
    connection.data(run())
    connection.close()


@http2
def goes_away(connection, request):
    connection.head(request)
    connection.data(run())
    connection.go_away()
    connection.close()


@http2
def ends_the_stream_before_the_output(connection, request):
    connection.head(request)
    connection.data(run() + proposal())
    connection.end()


@http2
def trailers_instead_of_an_end(connection, request):
    connection.head(request)
    connection.data(output())
    connection.trailers([("x-status", "fine")])


@http2
def resets_while_it_waits(connection, request):
    """A step is proposed; when the server has recorded it, the endpoint is gone."""
    connection.head(request)
    connection.data(run() + proposal())
    connection.wait_for_frames(1)
    connection.reset()


@http2
def nonsense_after_a_recorded_step(connection, request):
    connection.head(request)
    connection.data(run() + proposal())
    connection.wait_for_frames(1)
    connection.data(frame(0xFC01, b"abc"))
    connection.wait_for_the_end()


# -- Manifests.
def manifest_as(name, body, content_type="application/vnd.restate.endpointmanifest.v3+json",
                status="200 OK"):
    def run_it(connection, request):
        data = body() if callable(body) else body
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        connection.respond(request, data, status=status, content_type=content_type)
    MANIFESTS[name] = run_it


def services(*given, **more):
    return {"protocolMode": "REQUEST_RESPONSE", "minProtocolVersion": 5, "maxProtocolVersion": 7,
            "services": list(given), **more}


def service(name="FromAManifest", ty="SERVICE", handlers=({"name": "h"},), **more):
    return {"name": name, "ty": ty, "handlers": list(handlers), **more}


manifest_as("empty", b"")
manifest_as("not_json", b"{\"services\": [")
manifest_as("html", b"<html>Welcome!</html>", content_type="text/html")
manifest_as("json_of_another_type", services(service()), content_type="application/json")
manifest_as("null", b"null")
manifest_as("a_list", b"[]")
manifest_as("no_services", {"protocolMode": "BIDI_STREAM", "minProtocolVersion": 5,
                            "maxProtocolVersion": 7})
manifest_as("no_mode", {"minProtocolVersion": 5, "maxProtocolVersion": 7, "services": [service()]})
manifest_as("unknown_mode", services(service(), protocolMode="SOMETIMES"))
manifest_as("too_old", services(service(), minProtocolVersion=1, maxProtocolVersion=4))
manifest_as("too_new", services(service(), minProtocolVersion=100, maxProtocolVersion=200))
manifest_as("versions_the_wrong_way_round", services(service(), minProtocolVersion=7,
                                                     maxProtocolVersion=5))
manifest_as("version_that_is_text", services(service(), maxProtocolVersion="seven"))
manifest_as("service_without_a_name", services({"ty": "SERVICE", "handlers": []}))
manifest_as("service_with_an_odd_name", services(service("no/../such name")))
manifest_as("service_with_a_reserved_name", services(service("restate")))
manifest_as("service_of_no_kind", services(service(ty="MICROSERVICE")))
manifest_as("service_twice", services(service(), service()))
manifest_as("handler_with_an_odd_name", services(service(handlers=[{"name": "a b"}])))
manifest_as("handler_of_no_kind", services(service(handlers=[{"name": "h", "ty": "SOMETIMES"}])))
manifest_as("handler_twice", services(service(handlers=[{"name": "h"}, {"name": "h"}])))
manifest_as("workflow_with_two_runs", services(service(ty="WORKFLOW", handlers=[
    {"name": "run", "ty": "WORKFLOW"}, {"name": "ran", "ty": "WORKFLOW"}])))
manifest_as("timeout_below_zero", services(service(inactivityTimeout=-1)))
manifest_as("timeout_that_is_text", services(service(inactivityTimeout="1m")))
manifest_as("deep_as_a_well", b"[" * 1_000_000)
manifest_as("ten_megabytes", lambda: services(service(documentation="x" * (10 << 20))))
manifest_as("not_found", b"", status="404 Not Found")
manifest_as("broken", b"", status="500 Internal Server Error")
MANIFESTS["closes"] = lambda connection, _: connection.reset()
MANIFESTS["never"] = lambda connection, _: connection.wait_for_the_end()
# These may be taken or refused, but must be answered.
MANIFESTS_EITHER = {"ten_megabytes", "service_twice", "handler_twice", "workflow_with_two_runs",
                    "json_of_another_type"}
