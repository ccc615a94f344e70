"""The frames of the service protocol, as bytes: enough to write any, also those that nobody should."""

import struct

START, SUSPENSION, ERROR, END, COMMAND_ACK, PROPOSE_RUN = 0, 1, 2, 3, 4, 5
INPUT, OUTPUT, GET_LAZY_STATE, SET_STATE = 0x0400, 0x0401, 0x0402, 0x0403
GET_PROMISE, SLEEP, CALL, SEND_SIGNAL, RUN = 0x0409, 0x040C, 0x040D, 0x0410, 0x0411
COMPLETE_AWAKEABLE = 0x0414
RUN_COMPLETION, SIGNAL = 0x8011, 0xFBFF


def frame(kind, payload=b"", flags=0, length=None):
    """The length is that of the payload unless said otherwise."""
    return struct.pack(">HHI", kind, flags, len(payload) if length is None else length) + payload


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    """A field of bytes: a string, bytes, or a message that is already encoded."""
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def value(content):
    """The field 14 that most commands have."""
    return text(14, text(1, content))


def output(content=b'"good"'):
    return frame(OUTPUT, value(content))


def run(completion=1, name="step"):
    return frame(RUN, number(11, completion) + text(12, name))


def proposal(completion=1, content=b"1"):
    return frame(PROPOSE_RUN, number(1, completion) + text(14, content))


def error(code, message, *more):
    return frame(ERROR, number(1, code) + text(2, message) + b"".join(more))


def suspension(version, completions):
    """Waits for the given completions, in the form of the version."""
    waiting = text(1, b"".join(varint(one) for one in completions)) if completions else b""
    return frame(SUSPENSION, text(4, waiting + number(5, 1)) if version >= 7 else waiting)


def known_entries(data):
    """Field 3 of the Start frame that the data begins with."""
    end = 8 + struct.unpack_from(">HHI", data)[2]
    at = 8
    while at < end:
        tag, at = read_varint(data, at)
        if tag & 7 == 2:
            size, at = read_varint(data, at)
            at += size
        else:
            amount, at = read_varint(data, at)
            if tag >> 3 == 3:
                return amount
    return 0


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


GOOD = output() + frame(END)
