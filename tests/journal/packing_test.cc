// What is packed here is what Cap'n Proto's own library packs, byte for byte.

#include "journal/codec/packing.h"

#include <capnp/serialize-packed.h>
#include <kj/io.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/random.h"

namespace holdfast::journal::codec {
namespace {

using Words = std::vector<std::uint64_t>;

kj::ArrayPtr<const capnp::word> view_of(const Words& words) {
  return kj::arrayPtr(reinterpret_cast<const capnp::word*>(words.data()), words.size());
}

std::string packed_by_us(const Words& words) {
  std::string packed(kPackedWordMax * words.size(), '?');
  packed.resize(static_cast<std::size_t>(pack(view_of(words), packed.data()) - packed.data()));
  return packed;
}

std::string packed_by_the_library(const Words& words) {
  kj::VectorOutputStream stream;
  kj::BufferedOutputStreamWrapper buffered(stream);
  capnp::_::PackedOutputStream(buffered).write(words.data(), words.size() * sizeof(capnp::word));
  buffered.flush();
  const auto bytes = stream.getArray();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

// Of one kind: no byte is zero, or one of so many is.
std::uint64_t word_with_zeros(Random& random, std::uint64_t one_in) {
  std::uint64_t word = 0;
  for (int byte = 0; byte < 8; ++byte) {
    const bool is_zero = one_in != 0 && random.next() % one_in == 0;
    word |= (is_zero ? 0 : 1 + random.next() % 255) << (8 * byte);
  }
  return word;
}

// Runs of a kind, such as messages have: zeros, text, numbers; some longer than a byte can count.
Words some_words(Random& random) {
  Words words;
  for (std::uint64_t runs = random.next() % 8; runs > 0; --runs) {
    const std::uint64_t one_in = random.next() % 9;  // 0: none; 1: all.
    const std::uint64_t length = random.next() % (random.next() % 16 == 0 ? 800 : 12);
    for (std::uint64_t i = 0; i < length; ++i) words.push_back(word_with_zeros(random, one_in));
  }
  return words;
}

BOOST_AUTO_TEST_SUITE(packing)

BOOST_AUTO_TEST_CASE(inv_10_words_are_packed_to_the_bytes_that_the_library_packs_them_to) {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    SeededRandom random(seed);
    const Words words = some_words(random);
    BOOST_TEST_REQUIRE((packed_by_us(words) == packed_by_the_library(words)), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(runs_end_where_a_byte_can_count_no_further) {
  for (const std::uint64_t word : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1}}) {
    for (const std::size_t length : {0, 1, 2, 255, 256, 257, 511, 512, 513, 1025}) {
      const Words words(length, word);
      BOOST_TEST_REQUIRE((packed_by_us(words) == packed_by_the_library(words)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal::codec
