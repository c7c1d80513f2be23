#include <string>
#include <vector>

#include "ranklens/base/threads.h"

#include "cli.h"

int main(int argc, char** argv) {
  ranklens::base::keep_freed_memory();
  const std::vector<std::string> words(argv, argv + argc);
  return ranklens::app::run(words.empty() ? "ranklens" : words.front(),
                            {words.begin() + (words.empty() ? 0 : 1), words.end()});
}
