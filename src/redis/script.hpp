#pragma once

#include <string>

namespace chatear::redis {

/// A Lua script, known to the server by its SHA-1. Make it once, keep it.
class Script {
public:
    explicit Script(std::string text);

    const std::string& text() const { return text_; }
    const std::string& sha1() const { return sha1_; }  ///< 40 hex digits, lower case.

private:
    std::string text_;
    std::string sha1_;
};

}  // namespace chatear::redis
