#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ranklens::base {

/// SHA-256 (NIST FIPS 180-4, section 6.2) of bytes given in any pieces.
class Sha256 {
 public:
  void update(std::string_view bytes);
  /// 64 lower-case hexadecimal digits of everything so far; more may follow.
  std::string hex() const;

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> pending_{};
  std::uint64_t total_ = 0;
};

/// SHA-256 of bytes, as hexadecimal digits.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file, read in pieces.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace ranklens::base
