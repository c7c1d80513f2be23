#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ranklens::base {

/// All bytes of a file, unpacked if it is gzip-compressed (RFC 1952; several members are joined, as
/// gzip does), as they are if not. Error for more than `most` unpacked bytes, for a stream that is
/// cut off or damaged, and for other bytes after it.
std::string read_gz(const std::filesystem::path& path, std::size_t most);

/// Unpacks a raw deflate stream (RFC 1951) of exactly `size` bytes; `what` names it in messages.
std::string inflate_raw(std::string_view packed, std::size_t size, std::string_view what);

}  // namespace ranklens::base
