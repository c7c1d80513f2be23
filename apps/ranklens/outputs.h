#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ranklens::app {

/// What a command writes behind a flag, and by which an earlier result of its kind is known.
enum class FileKind {
  json,        ///< an object that names the version
  network,     ///< what compress wrote, not what train did
  fetched,     ///< what fetch wrote
  decomposed,  ///< a train, a Tucker tensor or a sum of rank-one tensors
  array,       ///< any .npy file: it does not tell who wrote it
  page,
  svg,
  tikz,
  scenes,     ///< the page about the generated classes
  picture,    ///< a PNG beside that page, to which it belongs
  state_dict  ///< .pth and .pt as ranklens writes them; any .safetensors of PyTorch's
};

struct OutputFile {
  std::string flag;  ///< "--out"
  std::string path;  ///< "": not asked for
  FileKind kind = FileKind::json;
};

/// Error unless each of the files may be written: it is absent, empty, a device or a pipe, or holds
/// an earlier result of its kind; it is none of `inputs`, which the command reads (names that are
/// no files do not count), nor another of `outputs`; and its folder is there, or is `made`, which
/// the command makes before it writes. Every command that writes a file calls it before the work.
void require_replaceable(const std::vector<OutputFile>& outputs,
                         const std::vector<std::string>& inputs = {},
                         const std::filesystem::path& made = {});

/// Whether two names are of one folder, be it there or not.
bool same_place(const std::filesystem::path& a, const std::filesystem::path& b);
/// Whether two names are of one file, or will be.
bool same_file(const std::string& a, const std::string& b);

/// Whether a file holds a result of the kind; false where it cannot be read.
bool holds(const std::filesystem::path& path, FileKind kind);

}  // namespace ranklens::app
