// A .env file with anything in it, and the values that a log line or a URL may hold.
#include "base/assert.hpp"
#include "base/environment.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/utf8.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <string>

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

/// One file for the whole run, gone with the process.
const std::string& scratch_file() {
    static const std::string path = [] {
        char name[] = "/tmp/environment_fuzz.XXXXXX";
        const int descriptor = mkstemp(name);
        CHATEAR_ASSERT(descriptor >= 0);
        close(descriptor);
        static const std::string kept = name;
        std::atexit([] { unlink(kept.c_str()); });
        return kept;
    }();
    return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    std::ofstream(scratch_file(), std::ios::binary | std::ios::trunc) << input;
    chatear::Environment environment(Variables{{"SET", "before"}});
    if (environment.add_file(scratch_file())) {
        CHATEAR_ASSERT(*environment.get("SET") == "before");
        (void)environment.get("A");
    }
    const std::string line = chatear::log::format_line(
        chatear::log::Format::json, chatear::log::Level::info, "", "w", "m", {{"field", input}}
    );
    CHATEAR_ASSERT(chatear::valid_utf8(line) == line);
    CHATEAR_ASSERT(line.find('\n') == std::string::npos);
    (void)chatear::without_password(input);
    return 0;
}
