#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::redis {

/// A command and its arguments, any bytes.
class Command {
public:
    explicit Command(std::string name);

    /// Adds an argument; returns itself.
    Command& add(std::string_view argument);
    Command& add(std::int64_t argument);

    /// What stands in messages: never an argument, which may be personal or secret.
    const std::string& name() const { return words_.front(); }
    const std::vector<std::string>& words() const { return words_; }

    std::string encoded() const;  ///< As it goes to the server (RESP array of bulk strings).

private:
    std::vector<std::string> words_;
};

}  // namespace chatear::redis
