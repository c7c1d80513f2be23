#include "ranklens/base/sha256.h"

#include <gtest/gtest.h>

#include "ranklens/base/files.h"

#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

// NIST FIPS 180-2, appendix B, and the empty message of the NIST examples.
TEST(Sha256, TestVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesDoNotMatter) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (const std::size_t piece : {1U, 3U, 63U, 64U, 65U, 130U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      hash.update(std::string_view(text).substr(at, piece));
      hash.hex();
    }
    EXPECT_EQ(hash.hex(), sha256(text));
  }
}

TEST(Sha256, OfAFile) {
  const testing::TemporaryFolder folder;
  const std::string bytes((std::size_t{1} << 20U) + 17, 'q');
  write_file(folder / "x", bytes);
  EXPECT_EQ(sha256_of_file(folder / "x"), sha256(bytes));
}

}  // namespace
}  // namespace ranklens::base
