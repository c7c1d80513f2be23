#include <string>
#include <vector>

#include <c10/util/Logging.h>

#include "ranklens/base/threads.h"

#include "cli.h"

int main(int argc, char** argv) {
  // What libtorch logs below errors is of its insides (memory counted from the middle of its life).
  FLAGS_caffe2_log_level = 2;
  ranklens::base::keep_freed_memory();
  const std::vector<std::string> words(argv, argv + argc);
  return ranklens::app::run(words.empty() ? "ranklens" : words.front(),
                            {words.begin() + (words.empty() ? 0 : 1), words.end()});
}
