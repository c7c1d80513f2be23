#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ranklens::base {

/// A file that appears under its name complete or not at all: pieces go to a temporary name in the
/// same folder; commit() flushes them to the disk and renames. Without commit() the temporary is
/// removed. A device or a pipe (`/dev/stdout`) is written to directly. A folder that does not exist
/// or may not be written to is an Error, a full disk a SystemError; either removes the temporary.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  /// Bytes written so far.
  std::uint64_t size() const { return size_; }
  void commit();
  /// commit(), unless the name is taken: then false, and what was written is dropped.
  bool commit_new();

 private:
  /// Puts the temporary in its place by `move`, which returns 0 or an error number.
  int place(int (*move)(const char* from, const char* to));
  [[noreturn]] void give_up(int error);
  void discard() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: writing to path_ itself, which is no regular file
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Writes the whole file at once, through AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// The same, unless the name is taken: then false, and the file stays as it is. Of several
/// processes that try, one writes it.
bool write_new_file(const std::filesystem::path& path, std::string_view bytes);

/// Puts the bytes at the end of the file, which is made where it is missing, and flushes them to
/// the disk. A process that is killed meanwhile may leave a part of them.
void append_to_file(const std::filesystem::path& path, std::string_view bytes);

/// Removes from a folder the temporary files of AtomicFiles that were killed: those that nobody has
/// open any more, as far as this machine can tell, and nobody has written to for an hour.
void sweep_temporaries(const std::filesystem::path& folder);

/// An open file to read from at any place. Every such read is checked against the file's length (0
/// for a device or a pipe).
class InputFile {
 public:
  explicit InputFile(std::filesystem::path path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// Reads `count` bytes from `offset` to `to`; Error if the file is shorter.
  void read(std::uint64_t offset, void* to, std::uint64_t count) const;
  /// The same, as a string.
  std::string read(std::uint64_t offset, std::uint64_t count) const;
  /// Reads on from where the last read_next ended, at most `most` bytes; 0 at the end. For devices
  /// and pipes.
  std::size_t read_next(void* to, std::size_t most) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// All bytes of a file, a device or a pipe.
std::string read_file(const std::filesystem::path& path);

}  // namespace ranklens::base
