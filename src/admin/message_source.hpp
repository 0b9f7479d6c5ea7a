#pragma once

#include "admin/line_reader.hpp"
#include "base/result.hpp"
#include "nats/message.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace chatear::admin {

/// What `chatear publish` publishes, one after the other, each with its number from 1.
class MessageSource {
public:
    virtual ~MessageSource() = default;

    /// The payload of the next one; nothing at the end. An Error names the line that is wrong.
    virtual Result<std::optional<std::string>> next() = 0;

    /// next() need not wait for anybody.
    virtual bool ready() { return true; }

    /// How many there are, where that is known.
    virtual std::optional<std::uint64_t> total() const = 0;
};

/// One message.
class SingleSource final : public MessageSource {
public:
    explicit SingleSource(std::string payload) : payload_(std::move(payload)) {}
    Result<std::optional<std::string>> next() override {
        return std::exchange(payload_, std::nullopt);
    }
    std::optional<std::uint64_t> total() const override { return 1; }

private:
    std::optional<std::string> payload_;
};

/// The lines of a file, each one JSON document; empty lines are passed over and not counted.
class FileSource final : public MessageSource {
public:
    /// "-" = standard input.
    static Result<std::unique_ptr<FileSource>> open(const std::string& path);

    explicit FileSource(LineReader lines) : lines_(std::move(lines)) {}
    Result<std::optional<std::string>> next() override;
    bool ready() override;
    std::optional<std::uint64_t> total() const override { return std::nullopt; }

private:
    void advance();

    LineReader lines_;
    std::uint64_t line_ = 0;  // The number of the line that was read last.
    std::optional<Result<std::optional<std::string>>> ahead_;  // Read, not given out yet.
};

/// `count` times one text in which each `{n}` becomes 1, 2, ...
class GeneratedSource final : public MessageSource {
public:
    GeneratedSource(std::string pattern, std::uint64_t count)
        : pattern_(std::move(pattern)), count_(count) {}
    Result<std::optional<std::string>> next() override;
    std::optional<std::uint64_t> total() const override { return count_; }

private:
    std::string pattern_;
    std::uint64_t count_;
    std::uint64_t given_ = 0;
};

/// `pattern` with each `{n}` replaced.
std::string fill_in(std::string_view pattern, std::uint64_t n);

/// "Name: value" as a header line; an Error where it is none.
Result<std::pair<std::string, std::string>> parse_header_line(std::string_view text);

}  // namespace chatear::admin
