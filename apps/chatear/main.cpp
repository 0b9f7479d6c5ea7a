#include "admin/command_line.hpp"
#include "runtime/private_memory.hpp"

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    chatear::runtime::keep_memory_private();
    std::ios::sync_with_stdio(false);
    return chatear::admin::run_tool(
        std::vector<std::string>(argv + 1, argv + argc),
        chatear::Environment::of_process(),
        std::cout,
        std::cerr,
        ::isatty(STDERR_FILENO) == 1
    );
}
