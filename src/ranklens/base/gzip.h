#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ranklens::base {

/// All bytes of a file, unpacked if it is gzip-compressed (RFC 1952; several members are joined, as
/// gzip does), as they are if not. Error for more than `most` unpacked bytes, for a stream that is
/// cut off or damaged, and for other bytes after it.
std::string read_gz(const std::filesystem::path& path, std::size_t most);

/// The same, but nothing where there are more than `most` bytes; no more than one byte beyond is
/// unpacked to find out.
std::optional<std::string> read_gz_within(const std::filesystem::path& path, std::size_t most);

/// The first `count` bytes of what read_gz would give, or fewer where there are no more; no more of
/// the file is read than that takes. Error for a stream that is damaged before them.
std::string read_gz_start(const std::filesystem::path& path, std::size_t count);

/// Unpacks a raw deflate stream (RFC 1951) of exactly `size` bytes; `what` names it in messages.
std::string inflate_raw(std::string_view packed, std::size_t size, std::string_view what);

}  // namespace ranklens::base
