#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace chatear::admin {

/// The lines of a file, or of whoever writes to a pipe or types. Reading waits; ready() says
/// beforehand whether it would, so that a loop may go on meanwhile.
class LineReader {
public:
    static constexpr std::size_t max_line_bytes = std::size_t{64} << 20;

    /// "-" = standard input.
    static Result<LineReader> open(const std::string& path);

    explicit LineReader(int descriptor) : descriptor_(descriptor) {}
    ~LineReader();
    LineReader(LineReader&& other) noexcept;
    LineReader& operator=(LineReader&&) = delete;

    /// next() gives a line, the end or an error without waiting.
    bool ready();

    /// The next line, without its '\n'; nothing at the end. The last line needs no '\n'.
    Result<std::optional<std::string>> next();

private:
    bool has_line();
    void read_more();

    int descriptor_;  // -1 = moved from.
    std::string buffer_;
    std::size_t begin_ = 0;     // Of what was not given out yet.
    std::size_t searched_ = 0;  // No '\n' between begin_ and here.
    bool ended_ = false;
    std::string error_;  // Why it ended, where that is no end.
};

}  // namespace chatear::admin
