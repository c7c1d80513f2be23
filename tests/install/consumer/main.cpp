#include <iostream>
#include <ranklens/base/version.h>

int main() {
  std::cout << "consumer: ranklens " << ranklens::base::version() << ", libtorch "
            << ranklens::base::libtorch_version() << '\n';
}
