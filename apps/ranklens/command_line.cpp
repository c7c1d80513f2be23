#include "command_line.h"

#include <filesystem>

#include "ranklens/base/process.h"

namespace ranklens::app {
namespace {

std::string& remembered() {
  static std::string line;
  return line;
}

}  // namespace

const std::string& command_line() { return remembered(); }

void set_command_line(const std::string& program, const std::vector<std::string>& args) {
  std::vector<std::string> words{std::filesystem::path(program).filename().string()};
  words.insert(words.end(), args.begin(), args.end());
  remembered() = base::shell_line(words);
}

}  // namespace ranklens::app
