#include "ranklens/base/base64.h"

#include <gtest/gtest.h>

#include "testing/base64.h"

namespace ranklens::base {
namespace {

// RFC 4648, section 10.
TEST(Base64, TestVectors) {
  const std::string plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  const std::string coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(encode_base64(plain[i]), coded[i]);
    EXPECT_EQ(testing::decode_base64(coded[i]), plain[i]);
  }
  EXPECT_EQ(encode_base64("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, EveryByteRoundTrips) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(testing::decode_base64(encode_base64(bytes)), bytes);
}

}  // namespace
}  // namespace ranklens::base
