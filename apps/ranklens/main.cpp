#include <iostream>

int main() {
  std::cout << "ranklens " << RANKLENS_VERSION << '\n';
  return 0;
}
