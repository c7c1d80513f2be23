#include <string>
#include <vector>

#include "ranklens/base/threads.h"

#include "cli.h"

int main(int argc, char** argv) {
  ranklens::base::keep_freed_memory();
  return ranklens::app::run(std::vector<std::string>(argv + 1, argv + argc));
}
