#include "admin/line_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace chatear::admin {

Result<LineReader> LineReader::open(const std::string& path) {
    const int descriptor =
        path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return Error{"cannot read ", path, ": ", std::strerror(errno)};
    }
    return LineReader(descriptor);
}

LineReader::~LineReader() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

LineReader::LineReader(LineReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      searched_(other.searched_),
      ended_(other.ended_),
      error_(std::move(other.error_)) {}

bool LineReader::has_line() {
    const std::size_t end = buffer_.find('\n', searched_);
    searched_ = end == std::string::npos ? buffer_.size() : end;
    return end != std::string::npos;
}

void LineReader::read_more() {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    std::array<char, 64 * 1024> bytes{};
    const ssize_t size = ::read(descriptor_, bytes.data(), bytes.size());
    if (size > 0) {
        buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    } else if (size == 0) {
        ended_ = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        error_ = std::strerror(errno);
        ended_ = true;
    }
    if (buffer_.size() > max_line_bytes && !has_line()) {
        error_ = "a line is over " + std::to_string(max_line_bytes) + " bytes";
        ended_ = true;
    }
}

bool LineReader::ready() {
    while (!has_line() && !ended_) {
        pollfd waiting{descriptor_, POLLIN, 0};
        if (poll(&waiting, 1, 0) <= 0) {
            return false;
        }
        read_more();
    }
    return true;
}

Result<std::optional<std::string>> LineReader::next() {
    while (!has_line() && !ended_) {
        pollfd waiting{descriptor_, POLLIN, 0};
        (void)poll(&waiting, 1, -1);
        read_more();
    }
    if (!error_.empty()) {
        return Error{error_};
    }
    if (begin_ == buffer_.size()) {
        return std::optional<std::string>();
    }
    std::string line = buffer_.substr(begin_, searched_ - begin_);
    begin_ = searched_ = std::min(searched_ + 1, buffer_.size());
    return std::optional<std::string>(std::move(line));
}

}  // namespace chatear::admin
