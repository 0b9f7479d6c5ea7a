#include "redis/command.hpp"

#include "base/assert.hpp"

#include <hiredis/hiredis.h>

#include <utility>

namespace chatear::redis {

Command::Command(std::string name) {
    words_.push_back(std::move(name));
}

Command& Command::add(std::string_view argument) {
    words_.emplace_back(argument);
    return *this;
}

Command& Command::add(std::int64_t argument) {
    words_.push_back(std::to_string(argument));
    return *this;
}

std::string Command::encoded() const {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words_) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* bytes = nullptr;
    const auto size =
        redisFormatCommandArgv(&bytes, static_cast<int>(texts.size()), texts.data(), sizes.data());
    CHATEAR_ASSERT(size > 0);
    std::string encoded(bytes, static_cast<std::size_t>(size));
    redisFreeCommand(bytes);
    return encoded;
}

}  // namespace chatear::redis
